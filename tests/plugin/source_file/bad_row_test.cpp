// Rows that cannot be read: the run fails and names the place, or skips them and counts them; they never become NULL.
#include "file_fixture.hpp"

namespace penstock::test {
namespace {

struct BadRowCase {
  const char* name;
  const char* file;
  std::string row;
  std::string message;  // after the path
};

const std::string kGoodCsv = "1,2026-01-01T00:00:00Z,5,x\n";
const std::string kGoodJson = "{\"ID\":\"1\",\"AT\":\"2026-01-01T00:00:00Z\",\"N\":5,\"X\":\"x\"}\n";

class BadRow : public FileTest, public ::testing::WithParamInterface<BadRowCase> {
 protected:
  void SetUp() override {
    options_["max_row_bytes"] = "300000";
    options_["max_field_bytes"] = "1000";
    table_options_["types"] = "N=int32";
  }
  void write_bad(const BadRowCase& bad) {
    const bool csv = std::string_view(bad.file).ends_with("csv");
    const std::string good = csv ? kGoodCsv : kGoodJson;
    write(bad.file, (csv ? "ID,AT,N,X\n" : good) + good + bad.row + good);
  }
};

TEST_P(BadRow, FailsTheRunAndNamesThePlace) {
  write_bad(GetParam());
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID", "AT", "N", "X"}}).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(last_error_.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(last_error_.message, path(GetParam().file) + " line 3: " + GetParam().message);
  EXPECT_EQ(last_error_.details["file"], path(GetParam().file));
  EXPECT_EQ(last_error_.details["line"], "3");
}

TEST_P(BadRow, IsSkippedAndCountedWhenToldTo) {
  table_options_["on_bad_row"] = "skip";
  write_bad(GetParam());
  const ScanResult result = scan({.until = horizon(), .columns = {"ID", "AT", "N", "X"}});
  EXPECT_EQ(result.status, PENSTOCK_STATUS_OK) << last_error_.message;
  const size_t good_rows = std::string_view(GetParam().file).ends_with("csv") ? 2 : 3;
  EXPECT_EQ(result.rows, Rows(good_rows, {"1", "1767225600000000000", "5", "x"}));
  EXPECT_EQ(logs_, (std::vector<std::string>{"skipped 1 row that cannot be read; it is " + path(GetParam().file) + " line 3: " +
                                             GetParam().message}));
}

const std::string kCannot = "the row cannot be read: ";

INSTANTIATE_TEST_SUITE_P(
    Csv, BadRow,
    ::testing::Values(
        BadRowCase{"too_few_fields", "T.csv", "2,2026-01-01T00:00:00Z,5\n", kCannot + "it has fewer fields than the header"},
        BadRowCase{"too_many_fields", "T.csv", "2,2026-01-01T00:00:00Z,5,x,\n", kCannot + "it has more fields than the header"},
        BadRowCase{"stray_quote", "T.csv", "2,2026-01-01T00:00:00Z,5,x\"y\n",
                   kCannot + "there is a quote inside a field that does not begin with one"},
        BadRowCase{"text_after_quote", "T.csv", "2,2026-01-01T00:00:00Z,5,\"x\"y\n",
                   kCannot + "there is text after the closing quote of a field"},
        BadRowCase{"too_long", "T.csv", "2,2026-01-01T00:00:00Z,5," + std::string(400'000, 'y') + "\n",
                   kCannot + "it is larger than max_row_bytes"},
        BadRowCase{"too_long_field", "T.csv", "2,2026-01-01T00:00:00Z,5," + std::string(1001, 'y') + "\n",
                   "column \"X\": a value larger than max_field_bytes cannot be read as text"},
        BadRowCase{"wrong_type", "T.csv", "2,2026-01-01T00:00:00Z,five,x\n",
                   "column \"N\": text of another form cannot be read as int32"},
        BadRowCase{"overflow", "T.csv", "2,2026-01-01T00:00:00Z,2147483648,x\n",
                   "column \"N\": a number that does not fit cannot be read as int32"},
        BadRowCase{"quoted_empty", "T.csv", "2,2026-01-01T00:00:00Z,\"\",x\n", "column \"N\": empty text cannot be read as int32"},
        BadRowCase{"invalid_utf8", "T.csv", "2,2026-01-01T00:00:00Z,5,\xC3(\n",
                   "column \"X\": text that is not UTF-8 cannot be read as text"}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Ndjson, BadRow,
    ::testing::Values(
        BadRowCase{"not_json", "T.ndjson", "x\n", kCannot + "it is not a JSON object"},
        BadRowCase{"not_an_object", "T.ndjson", "[1]\n", kCannot + "it is not a JSON object"},
        BadRowCase{"cut_off", "T.ndjson", "{\"ID\":\"2\",\"AT\":\"2026-\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"two_objects", "T.ndjson", "{\"ID\":\"2\"}{\"ID\":\"3\"}\n", kCannot + "there is text after the JSON object"},
        BadRowCase{"member_twice", "T.ndjson", "{\"ID\":\"2\",\"ID\":\"3\"}\n", kCannot + "it has a member twice"},
        BadRowCase{"bad_number", "T.ndjson", "{\"ID\":01}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"bad_literal", "T.ndjson", "{\"ID\":nul}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"bad_escape", "T.ndjson", "{\"ID\":\"\\x\"}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"half_a_surrogate_pair", "T.ndjson", "{\"ID\":\"\\ud800\"}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"bad_member_not_asked_for", "T.ndjson", "{\"Z\":tru}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"invalid_utf8", "T.ndjson", "{\"ID\":\"\xFF\"}\n", kCannot + "it is not well-formed JSON"},
        BadRowCase{"too_long", "T.ndjson", "{\"ID\":\"" + std::string(400'000, 'y') + "\"}\n",
                   kCannot + "it is larger than max_row_bytes"},
        BadRowCase{"wrong_type", "T.ndjson", "{\"AT\":\"2026-01-01T00:00:00Z\",\"N\":5.5}\n",
                   "column \"N\": a number that does not fit cannot be read as int32"},
        BadRowCase{"nested_for_a_number", "T.ndjson", "{\"AT\":\"2026-01-01T00:00:00Z\",\"N\":{}}\n",
                   "column \"N\": text of another form cannot be read as int32"}),
    [](const auto& tested) { return tested.param.name; });

class BadRows : public FileTest {};

TEST_F(BadRows, AnUndeclaredColumnTakesAnythingSoThatTheHostJudgesIt) {
  write("T.csv", "ID,AT,N\n1,2026-01-01T00:00:00Z,5\n2,2026-01-01T00:00:00Z,five\n");
  EXPECT_EQ(read_all({"N"}), (Rows{{"5"}, {"five"}}));
}

TEST_F(BadRows, ACellThatIsNoTimestampInARecognisedColumnIsOne) {
  std::string content = "ID,AT\n";
  for (int i = 0; i < 2000; ++i) content += "1,2026-01-01T00:00:00Z\n";
  write("T.csv", content + "2,soon\n");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"AT"}}).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(last_error_.message,
            path("T.csv") + " line 2002: column \"AT\": text of another form cannot be read as a timestamp with an offset");
}

TEST_F(BadRows, OnlyColumnsAskedForAreJudged) {
  write("T.csv", "ID,AT,N\n1,2026-01-01T00:00:00Z,five\n");
  table_options_["types"] = "N=int32";
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}}));
}

TEST_F(BadRows, ARowThatIsSkippedLeavesNothingBehind) {
  write("T.csv", "A,AT,B\n1,2026-01-01T00:00:00Z,x\n2,2026-01-01T00:00:00Z,\n3,2026-01-01T00:00:00Z,7\n,2026-01-01T00:00:00Z,8\n");
  table_options_["types"] = "B=int32,A=int64";
  table_options_["on_bad_row"] = "skip";
  EXPECT_EQ(read_all({"A", "B"}), (Rows{{"2", "NULL"}, {"3", "7"}, {"NULL", "8"}}));
}

TEST_F(BadRows, AQuoteThatNeverEndsFailsEvenWhenBadRowsAreSkipped) {
  table_options_["on_bad_row"] = "skip";
  options_["max_row_bytes"] = "300000";
  options_["max_field_bytes"] = "300000";
  write("T.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n\"2,2026-01-01T00:00:00Z\n3,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}}).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(last_error_.message, path("T.csv") + " line 3: the row cannot be read: a quoted field does not end");
  std::string content = "ID,AT\n\"2,2026-01-01T00:00:00Z\n";
  for (int i = 0; i < 20'000; ++i) content += "3,2026-01-01T00:00:00Z\n";
  write("T.csv", content);
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}}).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(last_error_.message,
            path("T.csv") + " line 2: the row cannot be read: a quoted field in it does not end within max_row_bytes");
}

TEST_F(BadRows, LinesAreCountedFromTheBeginningOfAnAppendedFile) {
  write("T.csv", "ID,AT\n\"1\n\n\",2026-01-01T00:00:00Z\n");
  std::optional<TakenPosition> since;
  EXPECT_EQ(run(since, {"ID"}), (Rows{{"1\n\n"}}));
  append("T.csv", "2\n");
  scan({.since = since, .until = horizon(), .columns = {"ID"}});
  EXPECT_EQ(last_error_.message, path("T.csv") + " line 5: the row cannot be read: it has fewer fields than the header");
}

TEST_F(BadRows, SkippedRowsAreReportedOnceAScanWithTheirNumberAndTheFirstPlace) {
  table_options_["on_bad_row"] = "skip";
  write("T/a.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n2\n3\n");
  write("T/b.csv", "ID,AT\n4\n5,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}, {"5"}}));
  EXPECT_EQ(logs_, (std::vector<std::string>{"skipped 3 rows that cannot be read; the first is " + path("T/a.csv") +
                                             " line 3: the row cannot be read: it has fewer fields than the header"}));
}

}  // namespace
}  // namespace penstock::test
