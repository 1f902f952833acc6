#include "source_odbc/quiet_tables.hpp"

#include <gtest/gtest.h>

namespace penstock::odbc {
namespace {

using std::chrono::minutes;

Scan scan_since(int64_t since) {
  Scan scan;
  scan.table.table = "T";
  scan.cursor.column = "AT";
  scan.since = Position{since, {}, {}};
  return scan;
}

class QuietTablesTest : public ::testing::Test {
 protected:
  bool is_quiet(const Scan& scan, const std::string& token) {
    quiet_.saw(question_, token);
    return quiet_.is_quiet(scan, quiet_.take_token(question_));
  }

  const std::string question_ = QuietTables::question(scan_since(0).table, scan_since(0).cursor);
  std::chrono::steady_clock::time_point now_{};
  QuietTables quiet_{minutes(60), [this] { return now_; }};
};

TEST_F(QuietTablesTest, BelieveATokenForAsLongAsTheyTrustIt) {
  quiet_.found_nothing(question_, "t1", 100, false);
  EXPECT_TRUE(is_quiet(scan_since(100), "t1"));
  now_ += minutes(59);
  EXPECT_TRUE(is_quiet(scan_since(100), "t1"));
  now_ += minutes(1);
  EXPECT_FALSE(is_quiet(scan_since(100), "t1"));
}

TEST_F(QuietTablesTest, AnswerOnlyWhatWasLookedFor) {
  quiet_.found_nothing(question_, "t1", 100, false);
  EXPECT_TRUE(is_quiet(scan_since(101), "t1"));
  EXPECT_FALSE(is_quiet(scan_since(99), "t1"));
  EXPECT_FALSE(is_quiet(scan_since(100), "t2"));
  Scan with_null = scan_since(100);
  with_null.include_null_cursor = true;
  EXPECT_FALSE(is_quiet(with_null, "t1"));
  Scan everything = scan_since(100);
  everything.since.reset();
  EXPECT_FALSE(is_quiet(everything, "t1"));
  EXPECT_FALSE(quiet_.is_quiet(scan_since(100), std::nullopt));
}

TEST_F(QuietTablesTest, TellNamesApartWhereverTheyAreCut) {
  const auto question = [](const std::string& schema, const std::string& table) {
    Scan scan = scan_since(0);
    scan.table.schema = schema;
    scan.table.table = table;
    return QuietTables::question(scan.table, scan.cursor);
  };
  EXPECT_NE(question("A", "B1:C"), question("A1:B", "C"));
  EXPECT_EQ(question("A", "B"), question("A", "B"));
}

}  // namespace
}  // namespace penstock::odbc
