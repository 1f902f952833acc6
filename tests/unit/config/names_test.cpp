#include "config/names.hpp"

#include "config/load.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

TEST(DidYouMean, FindsASlipOfTheFinger) {
  EXPECT_EQ(did_you_mean("intervall", {"plugin_dir", "interval"}), "interval");
  EXPECT_EQ(did_you_mean("itnerval", {"interval"}), "interval");
  EXPECT_EQ(did_you_mean("tll", {"ttl"}), "ttl");
  EXPECT_EQ(did_you_mean("stroe", {"store"}), "store");
  EXPECT_EQ(did_you_mean("timestampfield", {"timestamp_field"}), "timestamp_field");
}

TEST(DidYouMean, DoesNotCareAboutCase) { EXPECT_EQ(did_you_mean("USER_ID", {"domain_userid", "user_id"}), "user_id"); }

TEST(DidYouMean, TakesTheNearest) { EXPECT_EQ(did_you_mean("int31", {"int64", "int32", "float"}), "int32"); }

TEST(DidYouMean, SaysNothingRatherThanAnythingFarFetched) {
  EXPECT_EQ(did_you_mean("colour", {"interval", "ttl", "lag"}), "");
  EXPECT_EQ(did_you_mean("x", {"y"}), "");
  EXPECT_EQ(did_you_mean("", {"a"}), "");
  EXPECT_EQ(did_you_mean("abc", {}), "");
  EXPECT_EQ(did_you_mean(std::string(5000, 'a'), {"aaaa"}), "");
}

TEST(Names, AreWordCharactersUpTo128) {
  EXPECT_TRUE(is_name("a"));
  EXPECT_TRUE(is_name("9_Lives"));
  EXPECT_TRUE(is_name(std::string(128, 'x')));
  EXPECT_FALSE(is_name(std::string(129, 'x')));
  for (const auto* text : {"", "a b", "a-b", "a.b", "ä", "a\n"}) EXPECT_FALSE(is_name(text)) << text;
}

TEST(Names, OfFieldsDoNotBeginWithADigit) {
  EXPECT_TRUE(is_field_name("TOTAL_REVENUE"));
  EXPECT_TRUE(is_field_name("_x"));
  EXPECT_FALSE(is_field_name("1st"));
}

TEST(Names, OfColumnsAreAnyTextWithoutControlCharacters) {
  EXPECT_TRUE(is_column_name("Größe in m²"));
  EXPECT_FALSE(is_column_name("a\tb"));
  EXPECT_FALSE(is_column_name(""));
  EXPECT_FALSE(is_column_name(std::string(129, 'x')));
}

TEST(Names, OfOwnersLookLikeMail) {
  EXPECT_TRUE(looks_like_email("user@company.com"));
  for (const auto* text : {"user", "@company.com", "user@", "a@b@c", "a b@c"})
    EXPECT_FALSE(looks_like_email(text)) << text;
}

TEST(Names, AreShownWithoutControlCharactersAndCut) {
  EXPECT_EQ(in_quotes("a\nb\x1b[31m"), "\"a\\nb\\x1b[31m\"");
  EXPECT_EQ(in_quotes(std::string(101, 'x')), "\"" + std::string(100, 'x') + "\"...");
  EXPECT_EQ(in_quotes(std::string(99, 'x') + "ä"), "\"" + std::string(99, 'x') + "\"...");
}

TEST(FieldTypes, AreSixteen) {
  size_t count = 0;
  for (const std::string scalar : {"bytes", "string", "int32", "int64", "double", "float", "bool", "unix_timestamp"}) {
    for (const std::string& name : {scalar, scalar + "_list"}) {
      const auto type = field_type(name);
      ASSERT_TRUE(type.has_value()) << name;
      EXPECT_EQ(type->name(), name);
      ++count;
    }
  }
  EXPECT_EQ(count, 16U);
  for (const auto* name : {"", "_list", "int", "int32_list_list", "Int32"})
    EXPECT_EQ(field_type(name), std::nullopt) << name;
}

TEST(Problem, ShowsPlaceObjectAndMessage) {
  EXPECT_EQ((Problem{{"a.toml", 3, 5}, "store \"x\"", "is wrong"}.text()), "a.toml:3:5: store \"x\": is wrong");
  EXPECT_EQ((Problem{{"a.toml", 0, 0}, "", "cannot be read"}.text()), "a.toml: cannot be read");
  EXPECT_EQ((Problem{{}, "[host]", "is wrong"}.text()), "[host]: is wrong");
}

}  // namespace
}  // namespace penstock::host
