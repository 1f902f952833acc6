// Files that are not what they should be.
#include "unit/state/state_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sqlite3.h>

namespace penstock::host {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const ViewId kUsers{"users", 1};

void change_database(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
}

void write_file(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A state with enough rows for several pages of each kind.
void fill(const std::filesystem::path& directory) {
  auto state = open_or_throw(directory);
  for (int64_t n = 0; n < 20; ++n) {
    ASSERT_TRUE(state->finish_run(completed(kUsers, n), rejects_of(kUsers, n, 50), position_at(n)).ok());
  }
}

const auto kAdvice = AllOf(HasSubstr("the file is damaged ("), HasSubstr("stop the host, move "), HasSubstr("state.db-wal"),
                           HasSubstr("positions are then taken from the markers in the stores"));

TEST(DamagedState, IsRefusedWithAdviceWhenItIsNotADatabase) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  write_file(folder.file(), std::string(8'192, 'x'));

  const auto opened = open_state(folder.directory(), {});
  const auto read = open_state_read_only(folder.directory());

  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_EQ(opened.failure().retry, PENSTOCK_RETRY_NEVER);
  EXPECT_THAT(opened.failure().message, AllOf(StartsWith("state \"" + folder.file().string() + "\": the file is damaged"), kAdvice));
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.failure().message, kAdvice);
}

TEST(DamagedState, IsRefusedWithAdviceWhenTheFileWasCutShort) {
  const StateFolder folder;
  fill(folder.directory());
  std::filesystem::resize_file(folder.file(), std::filesystem::file_size(folder.file()) / 2);

  const auto opened = open_state(folder.directory(), {});

  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_DATA_LOSS);
  EXPECT_THAT(opened.failure().message, kAdvice);
}

TEST(DamagedState, IsFoundOnOpeningThoughThePageIsNotNeededYet) {
  const StateFolder folder;
  fill(folder.directory());
  std::string content = read_file(folder.file());
  const size_t page = 4'096;
  ASSERT_GT(content.size(), 6 * page);
  for (size_t i = content.size() - page; i < content.size(); ++i) content[i] = '\x5a';
  write_file(folder.file(), content);

  const auto opened = open_state(folder.directory(), {});

  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.failure().message, kAdvice);
}

TEST(DamagedState, CanBeMovedAwayAsTheAdviceSays) {
  const StateFolder folder;
  fill(folder.directory());
  write_file(folder.file(), "garbage " + std::string(200, '.'));
  ASSERT_FALSE(open_state(folder.directory(), {}).ok());

  std::filesystem::rename(folder.file(), folder.root() / "state.db.damaged");

  auto state = open_or_throw(folder.directory());
  EXPECT_EQ(*state->position(kUsers), std::nullopt);
}

TEST(DamagedState, NeverCrashesOrAnswersWronglyWhateverBytesAreFlipped) {
  const StateFolder folder;
  fill(folder.directory());
  const std::string sound = read_file(folder.file());
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    std::string content = sound;
    for (int i = 0; i < 20; ++i) content[random() % content.size()] = static_cast<char>(random());
    write_file(folder.file(), content);
    for (const char* rest : {"state.db-wal", "state.db-shm"}) std::filesystem::remove(folder.directory() / rest);

    auto state = open_state(folder.directory(), {});

    if (!state) {
      EXPECT_THAT(state.failure().message, StartsWith("state \""));
      continue;
    }
    // Not noticed: then everything can be read, or says why not.
    const auto history = (*state)->history(std::nullopt, 1'000);
    const auto rejects = (*state)->rejects(std::nullopt, 10'000);
    const auto position = (*state)->position(kUsers);
    const auto finished = (*state)->finish_run(completed(kUsers, 500), rejects_of(kUsers, 500, 5), position_at(500));
    EXPECT_TRUE(!history.ok() || history->size() <= 20u);
    EXPECT_TRUE(!rejects.ok() || rejects->size() <= 1'000u);
    EXPECT_THAT(position.ok() ? "state \"" : position.failure().message, StartsWith("state \""));
    EXPECT_THAT(finished.ok() ? "state \"" : finished.failure().message, StartsWith("state \""));
  }
}

TEST(StateSchema, OfANewerProgramIsRefused) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  change_database(folder.file(), "PRAGMA user_version = 4");

  const auto opened = open_state(folder.directory(), {});
  const auto read = open_state_read_only(folder.directory());

  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(opened.failure().message, HasSubstr("it was written by a newer penstock (schema 4, this program knows 3): "
                                                  "run that version or a later one"));
  EXPECT_THAT(read.failure().message, HasSubstr("it was written by a newer penstock (schema 4, this program knows 3)"));
}

TEST(StateSchema, OfAnotherProgramIsRefusedAndLeftAsItIs) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  std::filesystem::remove(folder.file());
  change_database(folder.file(), "CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('x')");

  EXPECT_THAT(open_state(folder.directory(), {}).failure().message,
              HasSubstr("this is another program's database: point state_dir elsewhere"));
  EXPECT_THAT(open_state_read_only(folder.directory()).failure().message, HasSubstr("this is another program's database"));
  change_database(folder.file(), "INSERT INTO song VALUES ('y')");
}

TEST(StateSchema, IsMadeInAFileThatACrashLeftEmpty) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  write_file(folder.file(), "");

  const auto read = open_state_read_only(folder.directory());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.failure().status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_THAT(read.failure().message, HasSubstr("nothing was recorded yet"));

  auto state = open_or_throw(folder.directory());
  EXPECT_TRUE(state->finish_run(completed(kUsers, 1), {}, position_at(1)).ok());
}

}  // namespace
}  // namespace penstock::host
