#include "file_fixture.hpp"

namespace penstock::test {
namespace {

using FileDescribe = FileTest;

Field text(const std::string& name) { return {name, Type::utf8}; }
Field instants(const std::string& name) { return instant(name, Type::timestamp_ns); }
Field naive(const std::string& name) { return {name, Type::timestamp_ns}; }

TEST_F(FileDescribe, TakesColumnsFromTheHeaderAndRecognisesTimestamps) {
  write("T.csv",
        "ID,AT,LOCAL,MIXED,DAY,EMPTY,\"a \"\"b\"\"\nc\"\r\n"
        "1,2026-01-01T00:00:00Z,2026-01-01 00:00:00,2026-01-01T00:00:00Z,2026-01-01,,x\r\n"
        "2,2026-01-01T02:00:00.5+02:00,2026-01-01T00:00:00.123456789,2026-01-01T00:00:00,2026-01-02,,y\r\n"
        "3,,,,,,\r\n");
  EXPECT_EQ(describe(), (Schema{text("ID"), instants("AT"), naive("LOCAL"), text("MIXED"), text("DAY"), text("EMPTY"),
                                text("a \"b\"\nc")}));
}

TEST_F(FileDescribe, SkipsAByteOrderMark) {
  write("T.csv", "\xEF\xBB\xBFID,AT\n");
  EXPECT_EQ(describe(), (Schema{text("ID"), text("AT")}));
}

TEST_F(FileDescribe, TakesDeclaredTypesAsTheyAre) {
  write("T.csv", "AT,N,D,L,B\n");
  table_options_["types"] = "AT=timestamp,N=int32,D=date,L=double_list,B=bytes_hex";
  EXPECT_EQ(describe(), (Schema{instants("AT"), {"N", Type::int32}, {"D", Type::date32}, list_of("L", Type::float64), {"B", Type::binary}}));
}

TEST_F(FileDescribe, TreatsATimestampThatNanosecondsCannotHoldAsText) {
  write("T.csv", "AT\n2026-01-01T00:00:00Z\n9999-12-31T00:00:00Z\n");
  EXPECT_EQ(describe(), (Schema{text("AT")}));
}

TEST_F(FileDescribe, RefusesATypeOfAColumnThatIsNotThereAndAnUnknownType) {
  write("T.csv", "ID,AT\n");
  table_options_["types"] = "AMOUNT=int32";
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.message, "option \"types\" names column \"AMOUNT\", which the header of " + path("T.csv") + " does not have");
  table_options_["types"] = "ID=integer";
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_TRUE(last_error_.message.starts_with("option \"types\": column \"ID\": \"integer\" is not a type; the types are "));
}

TEST_F(FileDescribe, RefusesAHeaderThatCannotBeUsed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ID,AT,ID\n", "names column \"ID\" twice"},
      {"ID,,AT\n", "has no name for column 2"},
      {"ID,\xFF\n", "has a name that is not UTF-8 text for column 2"},
      {std::string("ID,A\0T\n", 7), "has a name that is not UTF-8 text for column 2"},
      {"ID,A\"T\n", "cannot be read: there is a quote inside a field that does not begin with one"},
      {"ID,\"AT\n1,2\n", "cannot be read: a quoted field does not end"},
      {"\n", "has no name for column 1"},
  };
  for (const auto& [content, what] : cases) {
    write("T.csv", content);
    EXPECT_EQ(describe(), std::nullopt) << content;
    EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(last_error_.message, path("T.csv") + " line 1: the header " + what);
  }
  options_["max_row_bytes"] = "64";
  options_["max_field_bytes"] = "64";
  close();
  write("T.csv", std::string(100, 'x') + ",AT\n");
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.message, path("T.csv") + " line 1: the header is larger than max_row_bytes");
}

TEST_F(FileDescribe, RefusesFilesOfOneFolderThatDisagree) {
  write("T/a.csv", "ID,AT\n");
  write("T/b.csv", "AT,ID\n");
  EXPECT_EQ(describe(), (Schema{text("ID"), text("AT")}));
  write("T/c.csv", "ID,AT,MORE\n");
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.message, "the headers of " + path("T/a.csv") + " and " + path("T/c.csv") + " do not name the same columns");
}

TEST_F(FileDescribe, IsWorthAnotherTryWhileThereIsNoHeaderYet) {
  options_["settle"] = "1h";
  for (const char* content : {"", "ID,A"}) {
    write("T.csv", content);
    EXPECT_EQ(describe(), std::nullopt);
    EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_UNAVAILABLE);
    EXPECT_EQ(last_error_.retry, PENSTOCK_RETRY_SAFE);
    EXPECT_EQ(last_error_.message, path("T.csv") + " has no complete header line yet");
  }
}

TEST_F(FileDescribe, TakesAllMembersOfNdjsonInTheOrderOfTheirAppearance) {
  write("T/a.ndjson", "{\"ID\":\"1\",\"AT\":\"2026-01-01T00:00:00Z\"}\n{\"N\":5,\"AT\":null}\n\nnot json\n");
  write("T/b.jsonl", "{\"L\":[1],\"AT\":\"2026-01-01T00:00:00Z\"}\n");
  table_options_["types"] = "LATER=bool,L=int64_list";
  EXPECT_EQ(describe(), (Schema{text("ID"), instants("AT"), text("N"), list_of("L", Type::int64), {"LATER", Type::boolean}}));
}

TEST_F(FileDescribe, IsWhatAScanStreams) {
  write("T.csv", "ID,AT,N\n1,2026-01-01T00:00:00Z,3\n");
  table_options_["types"] = "N=int32";
  const auto schema = describe();
  ASSERT_TRUE(schema.has_value());
  EXPECT_EQ(scan({.until = horizon(), .columns = {"ID", "AT", "N"}}).schema, *schema);
}

}  // namespace
}  // namespace penstock::test
