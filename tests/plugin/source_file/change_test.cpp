// What happens to files between runs, and that no row is lost by it.
#include "file_fixture.hpp"

#include <random>
#include <set>
#include <sys/stat.h>

namespace penstock::test {
namespace {

std::string row(int id, const std::string& at = "2026-01-01T00:00:00Z") { return std::to_string(id) + "," + at + "\n"; }
const std::string kHeader = "ID,AT\n";
const std::vector<std::string> kId = {"ID"};

class FileChange : public FileTest {
 protected:
  Rows next() { return run(since_, kId); }
  std::optional<TakenPosition> since_;
};

TEST_F(FileChange, NothingNewIsNoRows) {
  write("T.csv", kHeader + row(1));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  EXPECT_EQ(next(), Rows{});
}

TEST_F(FileChange, AnAppendedFileIsReadFromWhereTheLastRunStopped) {
  write("T.csv", kHeader + row(1) + row(2));
  EXPECT_EQ(next(), (Rows{{"1"}, {"2"}}));
  append("T.csv", row(3));
  const ScanResult result = scan({.since = since_, .until = horizon(), .columns = kId});
  EXPECT_EQ(result.rows, (Rows{{"3"}}));
  EXPECT_EQ(result.statement, "read 1 of 1 file under " + path("T.csv") + ": T.csv from byte 52 to byte 75");
}

TEST_F(FileChange, AnAppendedFileIsReadFromThereByANewProcessToo) {
  write("T.ndjson", "{\"ID\":1,\"AT\":\"2026-01-01T00:00:00Z\"}\n");
  EXPECT_EQ(next(), (Rows{{"1"}}));
  close();
  append("T.ndjson", "{\"ID\":2,\"AT\":\"2026-01-01T00:00:00Z\"}\n");
  EXPECT_EQ(next(), (Rows{{"2"}}));
}

TEST_F(FileChange, RowsThatAppearLateAreDeliveredHoweverOldTheirTimestamps) {
  write("T/b.csv", kHeader + row(1, "2026-06-01T00:00:00Z"));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T/b.csv", row(2, "1999-01-01T00:00:00Z"));
  write("T/a.csv.tmp", kHeader + row(3, "1970-01-01T00:00:00Z"));
  make_old("T/a.csv.tmp");
  rename("T/a.csv.tmp", "T/a.csv");
  EXPECT_EQ(next(), (Rows{{"3"}, {"2"}}));
  EXPECT_EQ(next(), Rows{});
}

TEST_F(FileChange, RowsFromTheFutureDoNotHoldLaterOnesBack) {
  write("T.csv", kHeader + row(1, "2099-01-01T00:00:00Z"));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T.csv", row(2));
  EXPECT_EQ(next(), (Rows{{"2"}}));
}

TEST_F(FileChange, ATruncatedFileIsReadWhole) {
  write("T.csv", kHeader + row(1) + row(2));
  EXPECT_EQ(next(), (Rows{{"1"}, {"2"}}));
  std::filesystem::resize_file(path("T.csv"), (kHeader + row(1)).size());
  EXPECT_EQ(next(), (Rows{{"1"}}));
}

TEST_F(FileChange, AReplacedFileIsReadWhole) {
  write("T.csv", kHeader + row(1));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  write("new", kHeader + row(1) + row(2));
  rename("new", "T.csv");
  EXPECT_EQ(next(), (Rows{{"1"}, {"2"}}));
}

TEST_F(FileChange, AFileRewrittenInPlaceIsReadWholeEvenIfOnlyOneByteInTheMiddleDiffers) {
  std::string content = kHeader;
  for (int i = 1000; i < 2000; ++i) content += row(i);
  write("T.csv", content);
  EXPECT_EQ(next().size(), 1000u);
  const size_t middle = content.find("\n1500,") + 1;
  content[middle] = '9';
  write("T.csv", content + row(3000));
  const Rows rows = next();
  EXPECT_EQ(rows.size(), 1001u);
  EXPECT_EQ(rows[500], std::vector<std::string>{"9500"});
}

TEST_F(FileChange, TrustLooksOnlyAtTheEndsAndSaysSo) {
  options_["appended"] = "trust";
  std::string content = kHeader;
  for (int i = 1000; i < 2000; ++i) content += row(i);
  write("T.csv", content);
  EXPECT_EQ(try_horizon()->guarantee, PENSTOCK_CLASS_B);
  EXPECT_EQ(next().size(), 1000u);
  append("T.csv", row(3000));
  EXPECT_EQ(next(), (Rows{{"3000"}}));
  content[content.find("\n1001,") + 1] = '9';
  write("T.csv", content + row(3000));
  EXPECT_EQ(next().size(), 1001u);
}

TEST_F(FileChange, RereadReadsEveryChangedFileWhole) {
  options_["appended"] = "reread";
  write("T.csv", kHeader + row(1));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T.csv", row(2));
  EXPECT_EQ(next(), (Rows{{"1"}, {"2"}}));
}

TEST_F(FileChange, AnUnfinishedLastLineWaits) {
  options_["settle"] = "1h";
  write("T.csv", kHeader + row(1) + "2,2026-01");
  EXPECT_EQ(try_horizon()->holder, path("T.csv") + ": the last line has no end yet");
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T.csv", "-01T00:00:00Z\n");
  EXPECT_EQ(try_horizon()->holder, "");
  EXPECT_EQ(next(), (Rows{{"2"}}));
}

TEST_F(FileChange, AnUnfinishedQuotedFieldWaitsThoughItHasLineEnds) {
  options_["settle"] = "1h";
  write("T.csv", kHeader + row(1) + "\"a\n\"\"b\n");
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T.csv", "c\",2026-01-01T00:00:00Z\n");
  EXPECT_EQ(next(), (Rows{{"a\n\"b\nc"}}));
}

TEST_F(FileChange, AnUnfinishedLineOfNdjsonWaits) {
  options_["settle"] = "1h";
  const std::string line = "{\"ID\":1,\"AT\":\"2026-01-01T00:00:00Z\"}";
  write("T.ndjson", line + "\n" + std::string(600'000, ' '));
  EXPECT_EQ(next(), (Rows{{"1"}}));
  append("T.ndjson", line);
  EXPECT_EQ(next(), Rows{});
  append("T.ndjson", "\n");
  EXPECT_EQ(next(), (Rows{{"1"}}));
}

TEST_F(FileChange, ALastLineWithoutEndCountsOnceTheFileIsOld) {
  options_["settle"] = "1h";
  write("T.csv", kHeader + "1,2026-01-01T00:00:00Z");
  make_old("T.csv");
  EXPECT_EQ(next(), (Rows{{"1"}}));
}

TEST_F(FileChange, ALastLineThatCountedTooEarlyIsReadAgain) {
  write("T.csv", kHeader + row(1) + "2,2026-01-01T00:00:00Z");
  EXPECT_EQ(next(), (Rows{{"1"}, {"2"}}));
  append("T.csv", "\n" + row(3));
  EXPECT_EQ(next(), (Rows{{"2"}, {"3"}}));
}

TEST_F(FileChange, TheHorizonMovesWhenALineSettlesThoughNothingElseHappens) {
  options_["settle"] = "300ms";
  write("T.csv", kHeader + row(1) + "2,2026-01-01T00:00:00Z");
  EXPECT_EQ(next(), (Rows{{"1"}}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  TakenPosition now;
  do {
    now = horizon();
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  } while (now.detail == since_->detail || scan({.since = since_, .until = now, .columns = kId}).rows.empty());
  EXPECT_GT(now.ordinal, since_->ordinal);
  EXPECT_EQ(next(), (Rows{{"2"}}));
}

TEST_F(FileChange, TheHorizonComesToRestWhenNothingChanges) {
  write("T/a.csv", kHeader + row(1));
  write("T/b.csv", kHeader + row(2));
  const TakenPosition rest = quiet_horizon();
  EXPECT_EQ(horizon(), rest);
  close();
  EXPECT_EQ(horizon(), rest);
  EXPECT_EQ(rest.text.substr(rest.text.size() - 10), "Z, 2 files");
  struct stat s {};
  ASSERT_EQ(stat(path("T/b.csv").c_str(), &s), 0);
  EXPECT_GE(rest.ordinal, int64_t{s.st_ctim.tv_sec} * 1'000'000'000 + s.st_ctim.tv_nsec);
  EXPECT_EQ(try_horizon()->guarantee, PENSTOCK_CLASS_A);
}

TEST_F(FileChange, EveryChangeMovesTheHorizonForward) {
  write("T/a.csv", kHeader + row(1));
  write("T/b.csv", kHeader + row(1));
  TakenPosition last = horizon();
  int id = 2;
  const std::vector<std::function<void()>> changes = {
      [&] { append("T/a.csv", row(id)); },
      [&] { write("T/a.csv", kHeader + row(id)); },
      [&] { rename("T/b.csv", "T/c.csv"); },
      [&] { rename("T/c.csv", "T/b.csv"); },
      [&] { std::filesystem::remove(path("T/b.csv")); },
      [&] { write("T/b.csv", kHeader + row(id)); },
  };
  std::mt19937 random(1);
  for (; id < 800; ++id) {
    changes[static_cast<size_t>(id) % changes.size()]();
    // At any distance from the change, and with any number of horizons in between.
    for (unsigned i = random() % 3; i > 0; --i) {
      const TakenPosition now = horizon();
      ASSERT_GE(now.ordinal, last.ordinal);
      ASSERT_TRUE(now.detail == last.detail || now.ordinal > last.ordinal);
      last = now;
    }
  }
}

TEST_F(FileChange, ADeletedFileDoesNotMoveTheHorizonBack) {
  write("T/a.csv", kHeader + row(1));
  quiet_horizon();
  write("T/b.csv", kHeader + row(2));
  const TakenPosition before = quiet_horizon();
  std::filesystem::remove(path("T/b.csv"));
  EXPECT_GT(quiet_horizon().ordinal, before.ordinal);
}

TEST_F(FileChange, ASymbolicLinkThatIsSwitchedToOlderFilesMovesTheHorizon) {
  write("v1/T.csv", kHeader + row(1));
  options_["path"] = path("v1");
  quiet_horizon();
  close();
  write("v2/T.csv", kHeader + row(2));
  options_["path"] = path("current");
  std::filesystem::create_symlink("v2", path("current"));
  since_ = std::nullopt;
  EXPECT_EQ(next(), (Rows{{"2"}}));
  const TakenPosition before = quiet_horizon();
  std::filesystem::create_symlink("v1", path("next"));
  rename("next", "current");
  EXPECT_GT(quiet_horizon().ordinal, before.ordinal);
  EXPECT_EQ(next(), (Rows{{"1"}}));
}

TEST_F(FileChange, AThousandFilesAreFollowedThroughAPositionThatCannotListThem) {
  for (int i = 0; i < 1000; ++i) write("T/" + std::to_string(1000 + i) + ".csv", kHeader + row(i));
  quiet_horizon();
  EXPECT_EQ(next().size(), 1000u);
  EXPECT_LE(since_->detail.size(), 4096u);
  EXPECT_EQ(next(), Rows{});
  close();
  EXPECT_EQ(next(), Rows{});
  // One that is listed, one that is not, and a new one with an old time.
  append("T/1999.csv", row(5000));
  append("T/1003.csv", row(5001));
  write("T/new.tmp", kHeader + row(5002));
  make_old("T/new.tmp");
  rename("T/new.tmp", "T/1500a.csv");
  EXPECT_EQ(next(), (Rows{{"3"}, {"5001"}, {"5002"}, {"5000"}}));
}

TEST_F(FileChange, AFolderReplacedByOneWithOlderFilesIsReadWholeThoughThePositionIsFolded) {
  for (int i = 0; i < 300; ++i) write("old/" + std::to_string(1000 + i) + ".csv", kHeader + row(i));
  for (int i = 0; i < 300; ++i) write("T/" + std::to_string(1000 + i) + ".csv", kHeader + row(1000 + i));
  quiet_horizon();
  EXPECT_EQ(next().size(), 300u);
  rename("T", "gone");
  rename("old", "T");
  EXPECT_EQ(next().size(), 300u);
}

TEST_F(FileChange, APositionThatCannotBeReadMeansEverything) {
  write("T.csv", kHeader + row(1));
  next();
  since_->detail[10] = static_cast<char>(since_->detail[10] ^ 1);
  EXPECT_EQ(next(), (Rows{{"1"}}));
  EXPECT_EQ(logs_, (std::vector<std::string>{"the last position cannot be read: reading all files whole"}));
  TakenPosition until = horizon();
  until.detail = "nonsense";
  EXPECT_EQ(scan({.until = until, .columns = kId}).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
}

TEST_F(FileChange, RowsAfterTheHorizonWaitForTheNext) {
  write("T/a.csv", kHeader + row(1));
  const TakenPosition first = horizon();
  append("T/a.csv", row(2));
  write("T/b.csv", kHeader + row(3));
  EXPECT_EQ(scan({.until = first, .columns = kId}).rows, (Rows{{"1"}}));
  EXPECT_EQ(scan({.since = first, .until = horizon(), .columns = kId}).rows, (Rows{{"2"}, {"3"}}));
}

// Random changes and runs: in the end every row was delivered.
TEST_F(FileChange, NoRowIsLostWhateverHappensBetweenRuns) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::filesystem::remove_all(path("T"));
    write("T/0.csv", kHeader);
    since_ = std::nullopt;
    close();
    std::set<std::string> expected, delivered;
    int id = 0;
    const auto new_row = [&] {
      expected.insert(std::to_string(++id));
      return row(id, random() % 2 == 0 ? "1990-01-01T00:00:00Z" : "2030-01-01T00:00:00Z");
    };
    for (int step = 0; step < 60; ++step) {
      const std::string name = "T/" + std::to_string(random() % 4) + ".csv";
      std::ifstream in(path(name), std::ios::binary);
      std::string content((std::istreambuf_iterator<char>(in)), {});
      if (content.empty()) content = kHeader;
      switch (random() % 6) {
        case 0: write(name, content); append(name, new_row()); break;
        case 1: write(name, content + new_row()); break;
        case 2: write("T/x.tmp", content + new_row()); rename("T/x.tmp", name); break;
        case 3: append(name, content == kHeader && !std::filesystem::exists(path(name)) ? kHeader + new_row() : new_row()); break;
        case 4: close(); break;
        default:
          for (const auto& delivered_row : next()) delivered.insert(delivered_row[0]);
      }
    }
    for (const auto& delivered_row : next()) delivered.insert(delivered_row[0]);
    ASSERT_EQ(delivered, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock::test
