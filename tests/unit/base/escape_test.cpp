#include "base/escape.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(out, bytes);
  return out;
}

TEST(Utf8Length, TellsSequencesFromOtherBytes) {
  EXPECT_EQ(utf8_length("a"), 1u);
  EXPECT_EQ(utf8_length("é!"), 2u);
  EXPECT_EQ(utf8_length("€"), 3u);
  EXPECT_EQ(utf8_length("😀"), 4u);
  for (const std::string_view bad : {"", "\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("})
    EXPECT_EQ(utf8_length(bad), 0u) << printable(bad);
}

TEST(Printable, KeepsTextAndEscapesWhatMovesTheCursor) {
  EXPECT_EQ(printable("grün 😀 \"quoted\" back\\slash"), "grün 😀 \"quoted\" back\\slash");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable(std::string_view("\0\x1b[2J\x7f", 6)), "\\x00\\x1b[2J\\x7f");
}

TEST(Printable, EscapesLineSeparatorsDirectionMarksAndC1) {
  EXPECT_EQ(printable("\u0085\u2028\u202e\u2066"), "\\u{0085}\\u{2028}\\u{202e}\\u{2066}");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) { EXPECT_EQ(printable("ok\xff\xc3("), "ok\\xff\\xc3("); }

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(json("plain é 😀"), "\"plain é 😀\"");
  EXPECT_EQ(json("\"\\\n\r\t\x01\x1f"), "\"\\\"\\\\\\n\\r\\t\\u0001\\u001f\"");
  EXPECT_EQ(json(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
}

TEST(JsonString, ReplacesBytesThatAreNotUtf8) { EXPECT_EQ(json("a\xff\xe2\x82z"), "\"a\ufffd\ufffd\ufffdz\""); }

TEST(Base64, PadsAsRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64(std::string_view("\xff\xfe\x00", 3)), "//4A");
}

}  // namespace
}  // namespace penstock::host
