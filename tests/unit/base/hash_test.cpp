#include "base/hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace penstock::host {
namespace {

// The values are stored next to the data: another result would make every profile look changed.
TEST(Hash, GivesTheSameNumbersForEver) {
  EXPECT_EQ(hash_bytes(0, ""), 0xc9d874ca57d9e055u);
  EXPECT_EQ(hash_bytes(0, "a"), 0xf7527fc02ff66852u);
  EXPECT_EQ(hash_bytes(0, "12345678"), 0x5cbe67103a86329au);
  EXPECT_EQ(hash_bytes(1, "the quick brown fox"), 0x9217c0c8a3ea9ff3u);
  EXPECT_EQ(mix(1, 2), 0xbd6066e6b2aeea0cu);
}

TEST(Hash, TellsWhereOneTextEndsAndTheNextBegins) {
  EXPECT_NE(hash_bytes(hash_bytes(0, "a"), "bc"), hash_bytes(hash_bytes(0, "ab"), "c"));
  EXPECT_NE(hash_bytes(hash_bytes(0, ""), "abc"), hash_bytes(hash_bytes(0, "abc"), ""));
}

TEST(Hash, TellsAppendedZeroBytesApart) {
  std::set<uint64_t> seen;
  for (size_t n = 0; n <= 40; ++n) seen.insert(hash_bytes(0, std::string(n, '\0')));
  EXPECT_EQ(seen.size(), 41u);
}

TEST(Hash, DependsOnTheSeedAndOnEveryByte) {
  const std::string text = "abcdefghijklmnopqrstuvw";
  std::set<uint64_t> seen{hash_bytes(0, text), hash_bytes(1, text)};
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    seen.insert(hash_bytes(0, other));
  }
  EXPECT_EQ(seen.size(), text.size() + 2);
}

TEST(Hash, ReadsNothingBehindTheText) {
  const std::string one = "abcdefghiXXXXXXX", other = "abcdefghiYYYYYYY";
  EXPECT_EQ(hash_bytes(0, std::string_view(one).substr(0, 9)), hash_bytes(0, std::string_view(other).substr(0, 9)));
}

// Tables take the low bits.
TEST(Hash, SpreadsConsecutiveKeysOverTheLowBits) {
  std::set<uint64_t> low;
  for (int i = 0; i < 4096; ++i) low.insert(hash_bytes(0, "user-" + std::to_string(i)) & 4095);
  EXPECT_GT(low.size(), 2400u);  // 2589 are to be expected of random numbers
}

TEST(Hash, ChangesHalfOfItsBitsWhenOneBitOfTheInputChanges) {
  int changed = 0;
  for (int bit = 0; bit < 64; ++bit) {
    std::string text(8, 'x');
    text[static_cast<size_t>(bit / 8)] = static_cast<char>(text[static_cast<size_t>(bit / 8)] ^ (1 << (bit % 8)));
    changed += std::popcount(hash_bytes(0, text) ^ hash_bytes(0, std::string(8, 'x')));
  }
  EXPECT_NEAR(changed / 64.0, 32.0, 3.0);
}

}  // namespace
}  // namespace penstock::host
