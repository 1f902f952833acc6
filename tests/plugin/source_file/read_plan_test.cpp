#include "source_file/read_plan.hpp"

#include "source_file/fingerprint.hpp"

#include <gtest/gtest.h>

namespace penstock::files {
namespace {

// Files in memory. A file counts to its last line end.
class FakeFiles : public FileProbe {
 public:
  void put(const std::string& name, uint64_t inode, int64_t stamp, const std::string& content) {
    contents_[inode] = content;
    std::erase_if(table_.files, [&](const FileState& f) { return f.path == name; });
    table_.path = "/t";
    table_.is_folder = true;
    table_.folder = {1, 99};
    table_.files.push_back({name, {1, inode}, stamp, stamp, stamp, static_cast<int64_t>(content.size())});
  }
  void remove(const std::string& name) {
    std::erase_if(table_.files, [&](const FileState& f) { return f.path == name; });
  }

  FileEntry count(const FileState& file) override {
    const std::string& content = contents_[file.id.inode];
    const auto end = static_cast<int64_t>(content.rfind('\n') + 1);
    return {file.id, file.stamp, end, 0, fingerprint(file, end)};
  }
  uint64_t fingerprint(const FileState& file, int64_t end) override {
    ++fingerprints_taken_;
    return hash_bytes(contents_[file.id.inode].substr(0, static_cast<size_t>(end)), 0);
  }

  // What horizon would make of the present.
  Detail now() {
    Detail out;
    for (const FileState& file : table_.files) {
      out.files.push_back(count(file));
      out.ordinal = std::max(out.ordinal, file.stamp);
    }
    return out;
  }
  std::vector<FileRange> plan(const ReadBounds& bounds) { return plan_reading(bounds, table_, *this); }
  // "name from-to(new from)", …
  std::string planned(const ReadBounds& bounds) {
    std::string out;
    for (const FileRange& range : plan(bounds))
      out += range.file.path + " " + std::to_string(range.from) + "-" + std::to_string(range.to) + "(" +
             std::to_string(range.new_from) + ") ";
    return out;
  }
  int fingerprints_taken_ = 0;

 private:
  TableFiles table_;
  std::map<uint64_t, std::string> contents_;
};

ReadBounds between(Detail since, Detail until) { return {false, since, false, until, Appended::verify}; }

// Every test begins with a file of one line.
class ReadPlan : public ::testing::Test {
 protected:
  ReadPlan() { files.put("a", 1, 10, "12345\n"); }

  FakeFiles files;
};

TEST_F(ReadPlan, ReadsEverythingTheFirstTime) {
  files.put("b", 2, 20, "123\n12");
  EXPECT_EQ(files.planned({true, {}, false, files.now(), Appended::verify}), "a 0-6(0) b 0-4(0) ");
}

TEST_F(ReadPlan, ReadsNothingAndLooksAtNothingWhenNothingChanged) {
  const Detail now = files.now();
  files.fingerprints_taken_ = 0;
  EXPECT_EQ(files.planned(between(now, now)), "");
  EXPECT_EQ(files.fingerprints_taken_, 0);
}

TEST_F(ReadPlan, ReadsOnlyTheEndOfAnAppendedFile) {
  files.put("b", 2, 10, "x\n");
  const Detail before = files.now();
  files.put("a", 1, 20, "12345\n678\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 6-10(6) ");
}

TEST_F(ReadPlan, ReadsAnUnfinishedLastLineAgain) {
  files.put("a", 1, 10, "12345\n67");
  Detail before = files.now();
  before.files[0] = {{1, 1}, 10, 8, 2, hash_bytes("12345\n67", 0)};
  files.put("a", 1, 20, "12345\n678\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 6-10(6) ");
}

TEST_F(ReadPlan, ReadsTheRestOfAFileThatSettledWithoutChanging) {
  files.put("a", 1, 10, "12345\n67");
  const Detail before = files.now();
  Detail now = before;
  now.files[0] = {{1, 1}, 10, 8, 2, hash_bytes("12345\n67", 0)};
  EXPECT_EQ(files.planned(between(before, now)), "a 6-8(6) ");
}

TEST_F(ReadPlan, ReadsARewrittenFileWhole) {
  const Detail before = files.now();
  files.put("a", 1, 20, "12x45\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 0-6(0) ");
  files.put("a", 1, 20, "12x45\n6789\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 0-11(0) ");
  files.put("a", 1, 20, "1\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 0-2(0) ");
}

TEST_F(ReadPlan, ReadsAReplacedFileWholeThoughItLooksTheSame) {
  const Detail before = files.now();
  files.put("a", 2, 10, "12345\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "a 0-6(0) ");
}

TEST_F(ReadPlan, ReadsNothingOfAFileThatWasOnlyTouchedOrRenamed) {
  const Detail before = files.now();
  files.remove("a");
  files.put("b", 1, 20, "12345\n");
  EXPECT_EQ(files.planned(between(before, files.now())), "");
}

TEST_F(ReadPlan, ReadsEveryChangedFileWholeWhenToldTo) {
  files.put("b", 2, 10, "x\n");
  const Detail before = files.now();
  files.put("a", 1, 20, "12345\n678\n");
  ReadBounds bounds = between(before, files.now());
  bounds.appended = Appended::reread;
  EXPECT_EQ(files.planned(bounds), "a 0-10(0) ");
}

TEST_F(ReadPlan, DoesNotTakeAStampThatWasTooRecentForProof) {
  Detail before = files.now();
  before.files[0].stamp = kUnsureStamp;
  files.put("a", 1, 10, "12x45\n");
  Detail now = files.now();
  now.files[0].stamp = kUnsureStamp;
  EXPECT_EQ(files.planned(between(before, now)), "a 0-6(0) ");
}

TEST_F(ReadPlan, StopsWhereTheHorizonDid) {
  const Detail until = files.now();
  files.put("a", 1, 20, "12345\n678\n");
  files.put("b", 2, 20, "x\n");
  EXPECT_EQ(files.planned({true, {}, false, until, Appended::verify}), "a 0-6(0) ");
}

TEST_F(ReadPlan, RefusesFilesThatAreNotWhatTheHorizonCounted) {
  const ReadBounds bounds{true, {}, false, files.now(), Appended::verify};
  const auto message = [&] {
    try {
      files.plan(bounds);
      return std::string("no error");
    } catch (const Error& error) {
      EXPECT_EQ(error.retry(), PENSTOCK_RETRY_SAFE);
      return error.message();
    }
  };
  files.put("a", 1, 20, "12x45\n");
  EXPECT_EQ(message(), "a was rewritten after it was counted");
  files.put("a", 1, 20, "1\n");
  EXPECT_EQ(message(), "a was truncated after it was counted");
  files.remove("a");
  EXPECT_EQ(message(), "a file of /t (inode 1) vanished after it was counted");
}

TEST_F(ReadPlan, LooksBackOverWhatWasReadBefore) {
  files.put("b", 2, 10, "x\n");
  const Detail before = files.now();
  files.put("a", 1, 20, "12345\n678\n");
  ReadBounds bounds = between(before, files.now());
  bounds.look_back = true;
  EXPECT_EQ(files.planned(bounds), "b 0-2(2) a 0-10(6) ");
}

TEST_F(ReadPlan, ComparesAllRowsWhenSinceIsOnlyATime) {
  EXPECT_EQ(files.planned({false, {}, false, files.now(), Appended::verify}), "a 0-6(6) ");
  EXPECT_EQ(files.planned({false, {}, false, {}, Appended::verify}), "a 0-6(6) ");
}

TEST_F(ReadPlan, PassesOverWhatAFoldedPositionCoversAndReadsTheRestWhole) {
  files.remove("a");
  files.put("old", 1, 10, "12345\n");
  files.put("changed", 2, 30, "12345\n");
  Detail since{25, true, {1, 99}, 20, {}};
  Detail until{35, true, {1, 99}, 32, {}};
  EXPECT_EQ(files.planned(between(since, until)), "changed 0-6(0) ");
  since.folder = {1, 98};
  EXPECT_EQ(files.planned(between(since, until)), "old 0-6(0) changed 0-6(0) ");
}

}  // namespace
}  // namespace penstock::files
