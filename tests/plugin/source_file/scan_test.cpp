#include "file_fixture.hpp"

#include <random>

namespace penstock::test {
namespace {

using FileScan = FileTest;

TEST_F(FileScan, DeliversTheColumnsAskedForInThatOrder) {
  write("T.csv", "ID,AT,N,X\n1,2026-01-01T00:00:00Z,5,x\n2,2026-01-01T00:00:01Z,6,y\n");
  const ScanResult result = scan({.until = horizon(), .columns = {"X", "ID", "X"}});
  EXPECT_EQ(result.rows, (Rows{{"x", "1", "x"}, {"y", "2", "y"}}));
  EXPECT_EQ(result.schema, (Schema{{"X", Type::utf8}, {"ID", Type::utf8}, {"X", Type::utf8}}));
  EXPECT_EQ(result.honoured, PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL |
                                 PENSTOCK_HONOURED_NULL_CURSOR);
  EXPECT_EQ(result.rows_estimate, 2);
  EXPECT_EQ(result.statement, "read 1 of 1 file under " + path("T.csv") + ": T.csv to byte 64");
}

TEST_F(FileScan, RefusesAColumnThatIsNotThere) {
  write("T.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"NO"}}).status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(last_error_.message, "column \"NO\" is not in the files");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}, .cursor = "NO"}).status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(last_error_.message, "cursor column \"NO\" is not in the files");
}

TEST_F(FileScan, ReadsTypedColumns) {
  write("T.csv",
        "AT,A,B,C,D,E,F,G,H\n"
        "1,7,-8,0.5,true,2026-01-02,aGk=,\"[1,null]\",\"[\"\"a,b\"\",\"\"c\"\"]\"\n"
        "2,,,,,,,,\n");
  table_options_["types"] = "AT=epoch_s,A=int64,B=int32,C=double,D=bool,E=date,F=bytes,G=int32_list,H=string_list";
  EXPECT_EQ(read_all({"AT", "A", "B", "C", "D", "E", "F", "G", "H"}),
            (Rows{{"1000000000", "7", "-8", "0.5", "true", "20455", "hi", "[1,NULL]", "[a,b,c]"},
                  {"2000000000", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"}}));
}

TEST_F(FileScan, TellsNullFromEmptyText) {
  write("T.csv", "AT,A,B\n2026-01-01T00:00:00Z,,\"\"\n2026-01-01T00:00:00Z,\\N,\"\\N\"\n");
  EXPECT_EQ(read_all({"A", "B"}), (Rows{{"NULL", ""}, {"\\N", "\\N"}}));
  close();
  options_["null_text"] = "\\N";
  EXPECT_EQ(read_all({"A", "B"}), (Rows{{"", ""}, {"NULL", "\\N"}}));
}

TEST_F(FileScan, PassesOverBlankLinesExceptInATableOfOneColumn) {
  write("T.csv", "AT,A\n\n2026-01-01T00:00:00Z,1\r\n\r\n2026-01-01T00:00:00Z,2\n\n");
  EXPECT_EQ(read_all({"A"}), (Rows{{"1"}, {"2"}}));
  close();
  write("T.csv", "AT\n\n2026-01-01T00:00:00Z\n");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"AT"}, .include_null_cursor = true}).rows, (Rows{{"NULL"}, {"1767225600000000000"}}));
}

TEST_F(FileScan, DeliversRowsWithoutACursorOnlyWhenAsked) {
  write("T.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n2,\n");
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}}).rows, (Rows{{"1"}}));
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}, .include_null_cursor = true}).rows, (Rows{{"1"}, {"2"}}));
}

TEST_F(FileScan, MapsColumnsByTheNamesInEachFile) {
  write("T/a.csv", "ID,AT,X\n1,2026-01-01T00:00:00Z,x\n");
  write("T/b.csv", "X,ID,AT\ny,2,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(read_all({"ID", "X"}), (Rows{{"1", "x"}, {"2", "y"}}));
}

TEST_F(FileScan, ReadsNdjsonWithoutLosingADigit) {
  write("T.ndjson",
        "{\"AT\":\"2026-01-01T00:00:00Z\",\"A\":12345678901234567890.123456789,\"B\":\"ä\\u00e4\\n\\ud83d\\ude00\",\"C\":true}\n"
        "{\"C\":false,\"B\":null,\"AT\":\"2026-01-01T00:00:01Z\",\"A\":[1, {\"x\":\"]\"}]}\r\n"
        "  \n"
        "{\"AT\":\"2026-01-01T00:00:02Z\",\"A\":{\"k\" : 1e400},\"more\":{\"deep\":[[]]}}\n"
        "{\"AT\":\"2026-01-01T00:00:03Z\",\"A\":-0.0 , \"B\":\"\"}");
  EXPECT_EQ(read_all({"A", "B", "C"}), (Rows{{"12345678901234567890.123456789", "ää\n\xF0\x9F\x98\x80", "true"},
                                             {"[1, {\"x\":\"]\"}]", "NULL", "false"},
                                             {"{\"k\" : 1e400}", "NULL", "NULL"},
                                             {"-0.0", "", "NULL"}}));
}

TEST_F(FileScan, ReadsTypedNdjson) {
  write("T.ndjson",
        "{\"AT\":1767225600123,\"I\":5,\"D\":\"2.5\",\"L\":[\"a\",\"\\u00e4\"],\"B\":1,\"K\":[1.5,2]}\n"
        "{\"AT\":\"1767225600124\",\"I\":null,\"L\":null}\n");
  table_options_["types"] = "AT=epoch_ms,I=int32,D=double,L=string_list,B=bool,K=float_list";
  EXPECT_EQ(read_all({"AT", "I", "D", "L", "B", "K"}),
            (Rows{{"1767225600123000000", "5", "2.5", "[a,ä]", "true", "[1.5,2]"},
                  {"1767225600124000000", "NULL", "NULL", "NULL", "NULL", "NULL"}}));
}

TEST_F(FileScan, SkipsAByteOrderMarkInBothFormats) {
  write("T/a.csv", "\xEF\xBB\xBF\"ID\",AT\n1,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}}));
  close();
  std::filesystem::remove_all(path("T"));
  write("T.jsonl", "\xEF\xBB\xBF{\"ID\":1,\"AT\":\"2026-01-01T00:00:00Z\"}\n");
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}}));
}

TEST_F(FileScan, KeepsToTheBatchLimits) {
  std::string content = "ID,AT\n";
  for (int i = 0; i < 25; ++i) content += std::to_string(100 + i) + ",2026-01-01T00:00:00Z\n";
  write("T.csv", content);
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}, .batch_rows = 10}).batches, (std::vector<int64_t>{10, 10, 5}));
  // 3 bytes of text and 8 of overhead a row.
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}, .batch_bytes = 80}).batches, (std::vector<int64_t>{8, 8, 8, 1}));
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}, .batch_bytes = 1}).batches, std::vector<int64_t>(25, 1));
}

TEST_F(FileScan, ReadsRowsLargerThanItsFirstBuffer) {
  const std::string huge(3'000'000, 'x');
  write("T/a.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n\"" + huge + "\n\",2026-01-01T00:00:00Z\n3,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}, {huge + "\n"}, {"3"}}));
  close();
  std::filesystem::remove_all(path("T"));
  write("T.ndjson", "{\"AT\":\"2026-01-01T00:00:00Z\",\"ID\":\"" + huge + "\"}\n{\"AT\":\"2026-01-01T00:00:00Z\",\"ID\":2}\n");
  EXPECT_EQ(read_all({"ID"}), (Rows{{huge}, {"2"}}));
}

TEST_F(FileScan, EndsSoonAfterItIsCancelled) {
  std::string content = "ID,AT\n";
  for (int i = 0; i < 100'000; ++i) content += "1,2026-01-01T00:00:00Z\n";
  write("T.csv", content);
  FakeCall call;
  ScanRequest request{.until = horizon(), .columns = {"ID"}};
  request.after_batch = [&](int batches) {
    if (batches == 3) call.cancel();
  };
  const ScanResult result = scan(request, call);
  EXPECT_EQ(result.status, PENSTOCK_STATUS_CANCELLED);
  EXPECT_EQ(result.batches.size(), 3u);
}

TEST_F(FileScan, ChecksForCancellationWhileItDeliversNothing) {
  std::string content = "ID,AT\n";
  for (int i = 0; i < 100'000; ++i) content += "1,2026-01-01T00:00:00Z\n";
  write("T.csv", content);
  FakeCall call;
  call.set_deadline_ms_from_now(-1);
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID"}}, call).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
}

TEST_F(FileScan, FailsSafelyWhenAFileIsTruncatedWhileItIsRead) {
  std::string content = "ID,AT\n";
  for (int i = 0; i < 100'000; ++i) content += "1,2026-01-01T00:00:00Z\n";
  write("T/a.csv", content);
  ScanRequest request{.until = horizon(), .columns = {"ID"}};
  request.after_batch = [&](int batches) {
    if (batches == 1) write("T/a.csv", "ID,AT\n");
  };
  EXPECT_EQ(scan(request).status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(last_error_.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_EQ(last_error_.message, path("T/a.csv") + " was truncated while it was read");
}

TEST_F(FileScan, FailsSafelyWhenAFileIsRewrittenOrGoneBeforeItsTurn) {
  write("T/a.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n");
  write("T/b.csv", "ID,AT\n2,2026-01-01T00:00:00Z\n");
  const auto scan_and = [&](std::function<void()> meddle) {
    ScanRequest request{.until = horizon(), .columns = {"ID"}, .batch_rows = 1};
    request.after_batch = [&](int batches) {
      if (batches == 1) meddle();
    };
    EXPECT_EQ(scan(request).status, PENSTOCK_STATUS_UNAVAILABLE);
    EXPECT_EQ(last_error_.retry, PENSTOCK_RETRY_SAFE);
    return last_error_.message;
  };
  EXPECT_EQ(scan_and([&] { std::filesystem::remove(path("T/b.csv")); }), path("T/b.csv") + " vanished after it was counted");
  write("T/b.csv", "ID,AT\n2,2026-01-01T00:00:00Z\n");
  EXPECT_EQ(scan_and([&] {
              write("new", "ID,AT\n3,2026-01-01T00:00:00Z\n");
              rename("new", "T/b.csv");
            }),
            path("T/b.csv") + " was replaced after it was counted");
  EXPECT_EQ(scan_and([&] { write("T/b.csv", "ID,AT\n4,2026-01-01T00:00:00Z\n"); }),
            path("T/b.csv") + " was rewritten while it was read");
}

TEST_F(FileScan, IsNotDisturbedByAppendsWhileItReads) {
  write("T.csv", "ID,AT\n1,2026-01-01T00:00:00Z\n2,2026-01-01T00:00:00Z\n");
  ScanRequest request{.until = horizon(), .columns = {"ID"}, .batch_rows = 1};
  request.after_batch = [&](int) { append("T.csv", "3,2026-01-01T00:00:00Z\n"); };
  const ScanResult result = scan(request);
  EXPECT_EQ(result.status, PENSTOCK_STATUS_OK) << last_error_.message;
  EXPECT_EQ(result.rows, (Rows{{"1"}, {"2"}}));
}

// What a CSV writer may do to a value.
std::string encode(const std::string& value, std::mt19937& random) {
  const bool needs = value.empty() || value.find_first_of(",\"\r\n") != std::string::npos;
  if (!needs && random() % 3 != 0) return value;
  std::string out = "\"";
  for (const char c : value) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

TEST_F(FileScan, ReadsBackWhatARandomWriterWrote) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const char* const line_end = seed % 2 == 0 ? "\n" : "\r\n";
    std::string content = std::string("A,AT,B,C") + line_end;
    Rows expected;
    for (unsigned rows = random() % 200; rows > 0; --rows) {
      std::vector<std::string> row;
      for (int i = 0; i < 3; ++i) {
        static const std::vector<std::string> kPieces = {"a", ",", "\"", "\n", "\r\n", " ", "ä", "\xF0\x9F\x98\x80", "0123456789abcdef"};
        std::string value;
        for (unsigned pieces = random() % 6; pieces > 0; --pieces) value += kPieces[random() % kPieces.size()];
        row.push_back(value);
      }
      content += encode(row[0], random) + ",2026-01-01T00:00:00Z," + encode(row[1], random) + "," + encode(row[2], random) + line_end;
      expected.push_back(row);
    }
    if (seed % 3 == 0) content.resize(content.size() - std::string(line_end).size());
    write("T.csv", content);
    ASSERT_EQ(read_all({"A", "B", "C"}), expected) << "seed " << seed;
  }
}

TEST_F(FileScan, SurvivesRandomBytes) {
  table_options_["on_bad_row"] = "skip";
  for (uint32_t seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    std::string content = seed % 2 == 0 ? "ID,AT\n" : "{\"ID\":1,\"AT\":\"2026-01-01T00:00:00Z\"}\n";
    static constexpr std::string_view kAlphabet = "{}[]\",:\\ntu0159eE+-. \n\r\t\xC3\xA4\xFF\x00";
    for (unsigned size = random() % 400; size > 0; --size) content += kAlphabet[random() % kAlphabet.size()];
    const std::string name = seed % 2 == 0 ? "T.csv" : "T.ndjson";
    write(name, content);
    const penstock_status status = scan({.until = horizon(), .columns = {"ID", "AT"}, .include_null_cursor = true}).status;
    EXPECT_TRUE(status == PENSTOCK_STATUS_OK || status == PENSTOCK_STATUS_INVALID_ARGUMENT) << "seed " << seed;
    std::filesystem::remove(path(name));
    close();
  }
}

}  // namespace
}  // namespace penstock::test
