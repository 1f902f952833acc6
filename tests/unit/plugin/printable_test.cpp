#include "plugin/printable.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using namespace std::string_view_literals;

TEST(Printable, KeepsWellFormedText) { EXPECT_EQ(printable("größer → ok 😀", 100), "größer → ok 😀"); }

TEST(Printable, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\0b\x1b[31m\n\t\x7f\xc2\x9b"sv, 100), "a\\x00b\\x1b[31m\\n\\t\\x7f\\xc2\\x9b");
}

TEST(Printable, EscapesBytesThatAreNotUtf8) { EXPECT_EQ(printable("a\xff\xc3 \xed\xa0\x80 \xe2\x82", 100), "a\\xff\\xc3 \\xed\\xa0\\x80 \\xe2\\x82"); }

TEST(Printable, KeepsLinesWhenAsked) { EXPECT_EQ(printable("SELECT\n\tx\r", 100, Lines::keep), "SELECT\n\tx\\x0d"); }

TEST(Printable, CutsBetweenCharacters) { EXPECT_EQ(printable("aäää", 4), "aä…"); }

TEST(Printable, ReadsNothingBehindANullPointer) { EXPECT_EQ(printable(penstock_str{nullptr, 1000}, 100), ""); }

}  // namespace
}  // namespace penstock::host
