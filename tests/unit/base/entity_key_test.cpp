#include "base/entity_key.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using Parts = std::vector<std::string>;

std::string encode(const Parts& parts) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  return encode_key(views);
}

TEST(EntityKey, OfOnePartIsThePart) {
  EXPECT_EQ(encode({"3f2c-77"}), "3f2c-77");
  EXPECT_EQ(encode({"3:abc"}), "3:abc");
  EXPECT_EQ(decode_key("3:abc", 1).value(), Parts{"3:abc"});
}

TEST(EntityKey, OfSeveralPartsPrefixesEachWithItsBytes) {
  EXPECT_EQ(encode({"shop", "42"}), "4:shop2:42");
  EXPECT_EQ(encode({"", "é"}), "0:2:é");
}

TEST(EntityKey, NeverCollides) {
  EXPECT_NE(encode({"a", "bc"}), encode({"ab", "c"}));
  EXPECT_NE(encode({"1:a", ""}), encode({"", "1:a"}));
}

TEST(EntityKey, ReadsBackWhatItWrote) {
  const std::vector<Parts> keys = {{"a", "b"}, {"", ""}, {"1:2", ":", "0:"}, {std::string("\0x\n", 3), std::string(300, 'k')}};
  for (const Parts& parts : keys) {
    const Result<Parts> read = decode_key(encode(parts), parts.size());
    ASSERT_TRUE(read) << encode(parts);
    EXPECT_EQ(*read, parts);
  }
}

TEST(EntityKey, RefusesWhatItWouldNotHaveWritten) {
  for (const std::string_view key : {"", "1:a", "1:a1:b1:c", "01:a1:b", "2:a1:b", "1a1:b", "-1:a1:b", ":a1:b", "1:a99999999999999999999:b",
                                     "1:a18446744073709551615:b", "1:a1:bx"}) {
    const Result<Parts> read = decode_key(key, 2);
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(read.failure().message, "the key is not made of 2 length-prefixed parts");
  }
}

}  // namespace
}  // namespace penstock::host
