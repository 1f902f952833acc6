#include "source_file/position.hpp"

#include <gtest/gtest.h>

namespace penstock::files {
namespace {

constexpr int64_t kNow = 2'000'000'000'000'000'000;

// Files 1 … n; file i changed i/10 seconds after kNow - 1 h, and is i bytes long.
std::vector<CountedFile> many_files(size_t n) {
  std::vector<CountedFile> files;
  for (size_t i = 1; i <= n; ++i) {
    const int64_t stamp = kNow - 3'600'000'000'000 + static_cast<int64_t>(i) * 100'000'000;
    files.push_back({{{1, i}, stamp, static_cast<int64_t>(i), 0, i * 7}, stamp, true});
  }
  return files;
}

TEST(Detail, HoldsEveryFileOfASmallTable) {
  std::vector<CountedFile> files = many_files(3);
  files[1].entry.tail = 2;
  files[1].entry.stamp = kUnsureStamp;
  const std::optional<Detail> detail = decode_detail(encode_detail(42, {1, 9}, files, kNow));
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(*detail, (Detail{42, false, {}, INT64_MIN, {files[2].entry, files[1].entry, files[0].entry}}));
  EXPECT_EQ(*detail->find({1, 2}), files[1].entry);
  EXPECT_EQ(detail->find({2, 2}), nullptr);
  EXPECT_FALSE(detail->covers({1, 9}, INT64_MIN));
}

TEST(Detail, HoldsATableWithoutFiles) {
  EXPECT_EQ(decode_detail(encode_detail(42, {}, {}, kNow)), (Detail{42, false, {}, INT64_MIN, {}}));
}

TEST(Detail, NeverExceedsItsLimitAndListsTheFilesThatChangedLast) {
  const std::vector<CountedFile> files = many_files(10'000);
  const std::string bytes = encode_detail(42, {1, 9}, files, kNow);
  EXPECT_LE(bytes.size(), kMaxDetailBytes);
  EXPECT_GT(bytes.size(), kMaxDetailBytes - 100);
  const Detail detail = *decode_detail(bytes);
  ASSERT_GT(detail.files.size(), 100u);
  for (size_t i = 0; i < detail.files.size(); ++i) EXPECT_EQ(detail.files[i], files[files.size() - 1 - i].entry);
  // The rest are covered, up to the newest of them and not beyond.
  const CountedFile& newest_of_rest = files[files.size() - 1 - detail.files.size()];
  EXPECT_TRUE(detail.covers({1, 9}, newest_of_rest.stamp));
  EXPECT_FALSE(detail.covers({1, 9}, newest_of_rest.stamp + 1));
  EXPECT_FALSE(detail.covers({1, 8}, newest_of_rest.stamp));
}

TEST(Detail, DoesNotCoverWhatMayStillChangeUnnoticed) {
  std::vector<CountedFile> files = many_files(1000);
  for (CountedFile& file : files) file.stamp = kNow;
  const Detail detail = *decode_detail(encode_detail(42, {1, 9}, files, kNow - 20));
  EXPECT_TRUE(detail.covers({1, 9}, kNow - 20));
  EXPECT_FALSE(detail.covers({1, 9}, kNow - 19));
}

TEST(Detail, ListsUnfinishedFilesFirstAndCoversNoneOfThem) {
  std::vector<CountedFile> files = many_files(1000);
  files[4].complete = false;
  const Detail one = *decode_detail(encode_detail(42, {1, 9}, files, kNow));
  EXPECT_EQ(one.files[0], files[4].entry);
  EXPECT_TRUE(one.covers({1, 9}, files[5].stamp));

  for (CountedFile& file : files) file.complete = &file - files.data() >= 500;
  const Detail many = *decode_detail(encode_detail(42, {1, 9}, files, kNow));
  for (const CountedFile& file : files)
    EXPECT_TRUE(file.complete || many.find(file.entry.id) != nullptr || !many.covers({1, 9}, file.stamp));
}

TEST(Detail, IsNotReadWhenAnyByteOfItIsWrong) {
  const std::string good = encode_detail(42, {1, 9}, many_files(300), kNow);
  ASSERT_TRUE(decode_detail(good).has_value());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(decode_detail(bad).has_value()) << i;
    EXPECT_FALSE(decode_detail(good.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(decode_detail(good + "x").has_value());
}

}  // namespace
}  // namespace penstock::files
