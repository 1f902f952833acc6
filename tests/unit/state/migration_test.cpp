// States of former versions are brought up to date and keep what they hold.
#include "unit/state/state_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

namespace penstock::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ViewId kUsers{"users", 1};

// As schema 1 was released, with a row in each table.
constexpr const char* kSchema1 = R"sql(
  PRAGMA journal_mode = WAL;
  CREATE TABLE position (
    view TEXT NOT NULL, version INTEGER NOT NULL, ordinal INTEGER NOT NULL, detail BLOB NOT NULL, text TEXT NOT NULL, store TEXT NOT NULL,
    store_id TEXT NOT NULL, fence INTEGER NOT NULL, committed_at_ns INTEGER NOT NULL, PRIMARY KEY (view, version)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO position VALUES ('users', 1, 7, x'00ff01', '2024-01-02T00:00:00Z', 'profiles', 'redis-7f', 47, 57);
  CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL UNIQUE, view TEXT NOT NULL, version INTEGER NOT NULL, reason TEXT NOT NULL,
    started_at_ns INTEGER NOT NULL, finished_at_ns INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'completed', 'failed', 'cancelled', 'interrupted')),
    position_from TEXT NOT NULL, position_to TEXT NOT NULL, rows_read INTEGER NOT NULL, rows_written INTEGER NOT NULL,
    rows_unchanged INTEGER NOT NULL, rows_stale INTEGER NOT NULL, rows_rejected INTEGER NOT NULL, attempts INTEGER NOT NULL,
    error TEXT NOT NULL, guarantee TEXT NOT NULL, guarantee_why TEXT NOT NULL, holder TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_of_view ON run (view, version, number);
  CREATE INDEX run_running ON run (outcome) WHERE outcome = 'running';
  INSERT INTO run VALUES (1, 'run-7', 'users', 1, 'interval', 1007, 2007, 'completed', '2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z', 71, 72, 73,
    74, 75, 2, '', 'A', 'timestamp set by the database', 'pid 4711, application "import"');
  CREATE TABLE reject (
    number INTEGER PRIMARY KEY AUTOINCREMENT, view TEXT NOT NULL, version INTEGER NOT NULL, run_id TEXT NOT NULL, key TEXT NOT NULL,
    field TEXT NOT NULL, value_class TEXT NOT NULL, reason TEXT NOT NULL, at_ns INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX reject_of_view ON reject (view, version, number);
  INSERT INTO reject VALUES (5, 'users', 1, 'run-7', 'user-0', 'TOTAL_REVENUE', 'int64 above int32', 'does not fit', 3000);
  CREATE TABLE definition (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL,
    applied_at_ns INTEGER NOT NULL, UNIQUE (kind, name, version)
  ) STRICT;
  INSERT INTO definition VALUES (1, 'view', 'users', 1, '{}', 12);
  CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counter (name, value) VALUES ('definitions', 4);
  PRAGMA application_id = 1349407604;
  PRAGMA user_version = 1;
)sql";

void make_database(const StateFolder& folder, const char* sql) {
  std::filesystem::create_directories(folder.directory());
  ASSERT_EQ(chmod(folder.directory().c_str(), 0700), 0);
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file().c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
  ASSERT_EQ(chmod(folder.file().c_str(), 0600), 0);
}

TEST(StateOfSchema1, KeepsEverythingAndTakesRefusedRows) {
  const StateFolder folder;
  make_database(folder, kSchema1);
  for (int opened = 0; opened < 2; ++opened) {
    auto state = open_or_throw(folder.directory());
    EXPECT_EQ(*state->position(kUsers), position_at(7));
    EXPECT_THAT(*state->history(kUsers, 10), ElementsAre(completed(kUsers, 7)));
    EXPECT_THAT(*state->rejects(kUsers, 10), ElementsAre(rejects_of(kUsers, 7, 1)[0]));
    EXPECT_THAT(*state->definitions(), ElementsAre(StoredDefinition{"view", "users", 1, "{}", 12}));
    EXPECT_EQ(*state->definitions_version(), 4);
    EXPECT_TRUE(state->due_rejects(kUsers, "profiles", INT64_MAX, 0, 10)->empty()) << "their content is not known";
  }

  auto state = open_or_throw(folder.directory());
  RejectRecord refused = rejects_of(kUsers, 8, 1)[0];
  refused.retryable = true;
  refused.store = "profiles";
  refused.row = "row";
  ASSERT_TRUE(state->finish_run(completed(kUsers, 8), {refused}, std::nullopt).ok());
  const auto due = *state->due_rejects(kUsers, "profiles", INT64_MAX, 0, 10);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].record, refused);
  EXPECT_EQ(due[0].number, 6) << "numbers go on";
}

TEST(StateOfSchema1, IsReadOnlyOnceTheHostHasBroughtItUpToDate) {
  const StateFolder folder;
  make_database(folder, kSchema1);
  auto read = open_state_read_only(folder.directory());
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.failure().message, HasSubstr("written by an older penstock: start the host once to bring it up to date"));
  open_or_throw(folder.directory());
  EXPECT_TRUE(open_state_read_only(folder.directory()).ok());
}

}  // namespace
}  // namespace penstock::host
