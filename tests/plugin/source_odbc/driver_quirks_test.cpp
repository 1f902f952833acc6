// Drivers that cannot do what others can, or say that they can.
#include "fake_warehouse.hpp"

namespace penstock::test {
namespace {

using Texts = std::vector<std::string>;

// Three rows, of which the second has a name that does not fit a cell, with a character beyond the BMP at a place where a cell of 128
// units, and parts of 2048 of them, end within it.
std::string long_names(const std::string& more = {}) {
  return scan_rule(R"("rows": [[1, "short"], [2, {"repeat": "x\ud83d\ude00", "times": 3000}], [3, null]])" + more);
}

Rows expected_names() {
  std::string name;
  for (int i = 0; i < 3000; ++i) name += "x\xf0\x9f\x98\x80";
  return {{"1", "short"}, {"2", name}, {"3", "NULL"}};
}

FakeScript quirky(const std::string& driver, const std::string& rule) {
  FakeScript script;
  return script.driver(driver).table(kTable).statement(kPing).statement(rule);
}

// What the scan bound and set, without the catalog's.
Texts of_scan(const FakeOdbc& fake) {
  Texts out;
  for (const char* beginning : {"statement ROW_ARRAY_SIZE", "bind", "setpos"})
    for (std::string& line : fake.logged(beginning)) out.push_back(line);
  return out;
}

TEST(OdbcDriver, ValueLongerThanItsCellIsReadAgainInTheArray) {
  const FakeOdbc fake(quirky("{}", long_names()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()), expected_names());
  EXPECT_EQ(of_scan(fake), (Texts{"statement ROW_ARRAY_SIZE=1000", "bind 1 SBIGINT 8", "bind 2 WCHAR 256", "setpos row 2"}));
}

TEST(OdbcDriver, ValueWhoseLengthTheDriverDoesNotTellIsReadWhole) {
  const FakeOdbc fake(quirky(R"({"no_total": true})", long_names()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()), expected_names());
}

TEST(OdbcDriver, LongValuesAreReadRowByRowWhereArraysCannotBeReadAgain) {
  const FakeOdbc fake(quirky(R"({"getdata": []})", long_names()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()), expected_names());
  EXPECT_EQ(of_scan(fake), (Texts{"bind 1 SBIGINT 8"}));
}

struct Refusal {
  const char* name;
  const char* driver;
  const char* reason;
};
void PrintTo(const Refusal& one, std::ostream* out) { *out << one.name; }

class OdbcRefusal : public ::testing::TestWithParam<Refusal> {};

// It said that it could.
TEST_P(OdbcRefusal, IsToBeTriedAgainAndThenTheRowsAreReadOneByOne) {
  const FakeOdbc fake(quirky(GetParam().driver, long_names()));
  FakeWarehouse warehouse(fake);
  const RecordedError error = failure_of([&] { warehouse.scan(scan_of_t()); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_EQ(error.message,
            "reading table \"DB\".\"S\".\"T\": column \"NAME\": a value is longer than its cell, and the driver does not read it again (" +
                std::string(GetParam().reason) + "); from now on the rows of this table are read one by one");
  EXPECT_EQ(warehouse.scan(scan_of_t()), expected_names());
  // The host makes a source anew that failed.
  FakeWarehouse next(fake);
  EXPECT_EQ(next.scan(scan_of_t()), expected_names());
}

INSTANTIATE_TEST_SUITE_P(
    Array, OdbcRefusal,
    ::testing::Values(Refusal{"OfGetData", R"({"getdata_in_arrays": "HY109"})", "SQLGetData is refused with a row array"},
                    Refusal{"OfSetPos", R"({"setpos": "HYC00"})", "SQLSetPos failed"},
                    Refusal{"ForThereIsNoSetPos", R"({"setpos": "IM001"})", "SQLSetPos failed"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(OdbcDriver, SmallerArrayThanAskedForIsTaken) {
  const FakeOdbc fake(quirky(R"({"max_array": 4})", ten_rows()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()).size(), 10u);
}

TEST(OdbcDriver, ArraysThatAreRefusedAreDoneWithout) {
  const FakeOdbc fake(quirky(R"({"max_array": 1, "larger_array": "HYC00"})", ten_rows()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()).size(), 10u);
}

TEST(OdbcDriver, AttributesThatAreRefusedAreDoneWithout) {
  const FakeOdbc fake(quirky(R"({"refused_attributes": {"QUERY_TIMEOUT": "HYC00", "NOSCAN": "HYC00", "ACCESS_MODE": "HYC00",
                                 "LOGIN_TIMEOUT": "HYC00", "CURSOR_TYPE": "HYC00"}})",
                             ten_rows()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()).size(), 10u);
}

TEST(OdbcDriver, ADriverWithoutTransactionsIsAskedForNone) {
  const FakeOdbc fake(quirky(R"({"transactions": false, "refused_attributes": {"AUTOCOMMIT": "HYC00"}})", ten_rows()));
  FakeWarehouse warehouse(fake);
  EXPECT_EQ(warehouse.scan(scan_of_t()).size(), 10u);
  EXPECT_TRUE(fake.logged("commit").empty());
}

// The catalog may be ignored, and then every table of that name answers.
TEST(OdbcDriver, ColumnsOfATableOfThatNameInAnotherCatalogAreNotTaken) {
  std::string other = kTable;
  other.replace(other.find("DB"), 2, "D_");
  FakeScript script = quirky(R"({"catalog_patterns": true})", ten_rows());
  script.table(other);
  const FakeOdbc fake(script);
  FakeWarehouse warehouse(fake);
  TableSpec table = scan_of_t().table;
  table.database = "D_";
  EXPECT_EQ(warehouse.describe(table).size(), 3u);
}

constexpr const char* kEncoding =
    "the driver does not give wide characters as UTF-16: set DriverManagerEncoding=UTF-16 in the driver's own .ini file";

TEST(OdbcDriver, WideCharactersOfFourBytesAreFoundOutAtOnce) {
  const FakeOdbc fake(quirky(R"({"wide": "utf32", "dbms_name": "Snowflake"})", ten_rows()));
  const RecordedError error = failure_of([&] { FakeWarehouse warehouse(fake); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.message, std::string("cannot read from the server through driver \"Fake\": ") + kEncoding);
}

// The message cannot be read, but the number can.
TEST(OdbcDriver, WideCharactersOfFourBytesAreFoundOutWhenTheLoginFails) {
  FakeScript script;
  script.driver(R"({"wide": "utf32"})").connect(R"({"fault": {"sqlstate": "28000", "native": 390100, "message": "Incorrect password"}})");
  const FakeOdbc fake(script);
  const RecordedError error = failure_of([&] { FakeWarehouse warehouse(fake); });
  EXPECT_EQ(error.message, std::string("cannot connect to the server through driver \"Fake\": ") + kEncoding);
  EXPECT_EQ(error.vendor_code, 390100);
}

}  // namespace
}  // namespace penstock::test
