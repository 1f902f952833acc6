#include "batch/batch.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace penstock::host {
namespace {

TEST(IsUtf8, AcceptsWhatUnicodeHas) {
  for (const char* text : {"", "a", "plain ascii of more than eight bytes", "ä", "€", "😀", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                           "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                           "1234567ä", "12345678ä", "123456789€ and more", "ééééééééé"})
    EXPECT_TRUE(is_utf8(text)) << text;
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

TEST(IsUtf8, RefusesEverythingElse) {
  for (const char* text : {
           "\x80", "\xbf", "\xc2", "\xc2g", "\xc2\xc2", "\xe2\x82", "\xe2\x82g", "\xf0\x9f\x98", "\xf0\x9f\x98g",  // cut short
           "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf",         // overlong
           "\xed\xa0\x80", "\xed\xbf\xbf",                                                                         // surrogates
           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff",                         // too large
           "12345678\x80", "1234567\xc3", "ä\xff"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

// By code points, slowly: what the fast one is compared with.
bool is_utf8_by_definition(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return static_cast<uint32_t>(static_cast<unsigned char>(text[at])); };
    const uint32_t lead = byte(i);
    const size_t size = lead < 0x80 ? 1 : (lead >> 5) == 6 ? 2 : (lead >> 4) == 14 ? 3 : (lead >> 3) == 30 ? 4 : 0;
    if (size == 0 || i + size > text.size()) return false;
    uint32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      if ((byte(i + k) >> 6) != 2) return false;
      point = (point << 6) | (byte(i + k) & 0x3f);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += size;
  }
  return true;
}

TEST(IsUtf8, AgreesWithTheDefinitionOnEveryShortPrefix) {
  // All pairs of bytes, and what follows each critical lead.
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b)
      for (const char* rest : {"", "\x80", "\xbf\xbf", "\x80\x80g"}) {
        const std::string text = std::string{static_cast<char>(a), static_cast<char>(b)} + rest;
        ASSERT_EQ(is_utf8(text), is_utf8_by_definition(text)) << a << ' ' << b << ' ' << rest;
      }
}

TEST(IsUtf8, AgreesWithTheDefinitionOnRandomText) {
  std::mt19937 random(7);
  const char* const pieces[] = {"a", "12345678", "ä", "€", "😀", "\x80", "\xc3", "\xe2\x82", "\xf0\x9f", "\xed\xa0\x80", "\xff"};
  int valid = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string text;
    // Mostly good pieces, so that both outcomes are common.
    for (auto n = random() % 12; n > 0; --n) text += pieces[random() % 16 == 0 ? random() % std::size(pieces) : random() % 5];
    valid += is_utf8_by_definition(text) ? 1 : 0;
    ASSERT_EQ(is_utf8(text), is_utf8_by_definition(text)) << "round " << round;
  }
  EXPECT_GT(valid, 10000);
  EXPECT_LT(valid, 45000);
}

}  // namespace
}  // namespace penstock::host
