#include "source_file/csv.hpp"

#include <gtest/gtest.h>
#include <random>

namespace penstock::files {
namespace {

using Records = std::vector<std::vector<std::string>>;

std::string text_of(const CsvField& field) {
  std::string out;
  if (!field.escaped) return std::string(field.text());
  append_unescaped(field.text(), out);
  return out;
}

// Everything in the text; a record with a problem is {"!", the problem}.
Records parse_all(const std::string& text, char delimiter = ',') {
  CsvParser parser(delimiter);
  Records records;
  for (size_t at = 0; at < text.size();) {
    const size_t size = parser.parse(text.data() + at, text.data() + text.size(), true);
    if (size == 0) throw std::runtime_error("no progress");
    at += size;
    std::vector<std::string> record;
    for (const CsvField& field : parser.fields()) record.push_back(text_of(field));
    if (parser.problem() != nullptr) record = {"!", parser.problem()};
    records.push_back(record);
  }
  return records;
}

struct CsvCase {
  const char* name;
  std::string text;
  Records expected;
};

class CsvCorner : public ::testing::TestWithParam<CsvCase> {};

TEST_P(CsvCorner, IsReadAsRfc4180Says) { EXPECT_EQ(parse_all(GetParam().text), GetParam().expected); }

const std::string kInside = "there is a quote inside a field that does not begin with one";
const std::string kAfter = "there is text after the closing quote of a field";

INSTANTIATE_TEST_SUITE_P(
    Rfc4180, CsvCorner,
    ::testing::Values(
        CsvCase{"lines_end_with_crlf", "aaa,bbb\r\nzzz,yyy\r\n", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        CsvCase{"lines_end_with_lf", "aaa,bbb\nzzz,yyy\n", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        CsvCase{"last_line_without_end", "aaa,bbb\nzzz,yyy", {{"aaa", "bbb"}, {"zzz", "yyy"}}},
        CsvCase{"last_line_with_half_an_end", "aaa,bbb\r", {{"aaa", "bbb"}}},
        CsvCase{"last_field_empty_at_the_end", "a,", {{"a", ""}}},
        CsvCase{"spaces_belong_to_fields", " a , b \n", {{" a ", " b "}}},
        CsvCase{"quoted_fields", "\"aaa\",\"bbb\"\r\n", {{"aaa", "bbb"}}},
        CsvCase{"quoted_line_ends", "\"a\r\nb\",\"c\nd\"\n", {{"a\r\nb", "c\nd"}}},
        CsvCase{"quoted_delimiter", "\"a,b\",c\n", {{"a,b", "c"}}},
        CsvCase{"doubled_quotes", "\"a\"\"b\",\"\"\"\",\"\"\"c\"\"\"\n", {{"a\"b", "\"", "\"c\""}}},
        CsvCase{"quoted_empty", "\"\",\"\"\n", {{"", ""}}},
        CsvCase{"quoted_last_field_without_line_end", "a,\"b\"", {{"a", "b"}}},
        CsvCase{"quoted_last_field_with_half_a_line_end", "a,\"b\"\r", {{"a", "b"}}},
        CsvCase{"empty_fields", ",,\n", {{"", "", ""}}},
        CsvCase{"empty_line", "\n", {{""}}},
        CsvCase{"carriage_return_inside_an_unquoted_field", "a\rb,c\n", {{"a\rb", "c"}}},
        CsvCase{"nul_bytes", std::string("a\0b,c\n", 6), {{std::string("a\0b", 3), "c"}}},
        CsvCase{"utf8", "ä,\"→\"\n", {{"ä", "→"}}},
        CsvCase{"quote_inside_an_unquoted_field", "a\"b,c\nd,e\n", {{"!", kInside}, {"d", "e"}}},
        CsvCase{"text_after_a_closing_quote", "\"a\"b,c\nd,e\n", {{"!", kAfter}, {"d", "e"}}},
        CsvCase{"blank_after_a_closing_quote", "\"a\" ,c\nd,e\n", {{"!", kAfter}, {"d", "e"}}},
        CsvCase{"carriage_return_after_a_closing_quote", "\"a\"\rb\nd,e\n", {{"!", kAfter}, {"d", "e"}}},
        CsvCase{"quote_that_does_not_end", "a,\"b\nc,d\n", {{"!", "a quoted field does not end"}}},
        CsvCase{"fields_longer_than_a_vector_register", "0123456789abcdef0123456789,\"0123456789abcdef0123456789\",z\n",
                {{"0123456789abcdef0123456789", "0123456789abcdef0123456789", "z"}}}),
    [](const auto& tested) { return tested.param.name; });

TEST(CsvParser, SplitsAtTheDelimiterItWasGiven) {
  EXPECT_EQ(parse_all("a,b\tc\n", '\t'), (Records{{"a,b", "c"}}));
  EXPECT_EQ(parse_all("a;\"b;c\"\n", ';'), (Records{{"a", "b;c"}}));
}

TEST(CsvParser, WaitsForTheRestOfARecordAtEveryCut) {
  const std::string record = "a,\"b\"\"\r\n\",c\r\n";
  CsvParser parser(',');
  for (size_t cut = 0; cut < record.size(); ++cut)
    EXPECT_EQ(cut == 0 ? 0 : parser.parse(record.data(), record.data() + cut, false), 0u) << cut;
  EXPECT_EQ(parser.parse(record.data(), record.data() + record.size(), false), record.size());
  EXPECT_EQ(parser.problem(), nullptr);
}

TEST(CsvParser, TellsWhetherTheTextEndsInsideQuotes) {
  CsvParser parser(',');
  const std::string inside = "a,\"b", outside = "a,b";
  EXPECT_EQ(parser.parse(inside.data(), inside.data() + inside.size(), false), 0u);
  EXPECT_TRUE(parser.in_quotes());
  EXPECT_EQ(parser.parse(outside.data(), outside.data() + outside.size(), false), 0u);
  EXPECT_FALSE(parser.in_quotes());
}

// A reader that is slow and obvious.
Records oracle(const std::string& text) {
  Records records;
  size_t i = 0;
  while (i < text.size()) {
    std::vector<std::string> record;
    std::string problem;
    for (bool more = true; more;) {
      std::string field;
      bool quoted = false;
      if (i < text.size() && text[i] == '"') {
        quoted = true;
        ++i;
        for (;;) {
          if (i == text.size()) {
            records.push_back({"!", "a quoted field does not end"});
            return records;
          }
          if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            field += '"';
            i += 2;
          } else if (text[i] == '"') {
            ++i;
            break;
          } else {
            field += text[i++];
          }
        }
      }
      std::string rest;
      while (i < text.size() && text[i] != ',' && text[i] != '\n') rest += text[i++];
      const bool ends = i == text.size() || text[i] == '\n';
      if (ends && !rest.empty() && rest.back() == '\r') rest.pop_back();
      if (quoted && !rest.empty() && problem.empty()) problem = kAfter;
      if (!quoted && rest.find('"') != std::string::npos && problem.empty()) problem = kInside;
      record.push_back(quoted ? field : rest);
      more = !ends;
      if (i < text.size()) ++i;
    }
    records.push_back(problem.empty() ? record : std::vector<std::string>{"!", problem});
  }
  return records;
}

std::string random_text(std::mt19937& random, size_t most) {
  static constexpr char kAlphabet[] = {',', '"', '\n', '\r', 'a', 'b', '"', ',', 'c', 'd', 'e', 'f'};
  std::string text(random() % most, ' ');
  for (char& c : text) c = kAlphabet[random() % sizeof kAlphabet];
  return text;
}

TEST(CsvParser, AgreesWithASlowReaderOnRandomText) {
  for (uint32_t seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(random, 60);
    ASSERT_EQ(parse_all(text), oracle(text)) << "seed " << seed;
  }
}

TEST(CsvSkipper, AgreesWithTheParserAboutRecordEndsHoweverTheTextIsCut) {
  for (uint32_t seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    const std::string text = random_text(random, 60);
    std::vector<size_t> expected, ends;
    CsvParser parser(',');
    for (size_t at = 0; at < text.size();) {
      const size_t size = parser.parse(text.data() + at, text.data() + text.size(), false);
      if (size == 0) break;
      expected.push_back(at += size);
    }
    CsvSkipper skipper(',');
    for (size_t at = 0; at < text.size();) {
      const size_t piece = std::min(text.size(), at + 1 + random() % 7);
      while (at < piece) {
        at = static_cast<size_t>(skipper.skip(text.data() + at, text.data() + piece) - text.data());
        if (skipper.at_record_end()) ends.push_back(at);
      }
    }
    ASSERT_EQ(ends, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock::files
