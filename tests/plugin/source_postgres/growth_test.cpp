#include "support/process_growth.hpp"
#include "warehouse.hpp"

namespace penstock::test {
namespace {

TEST(PostgresGrowth, MemoryDoesNotGrowWithTheTable) {
  fresh_schema("grow");
  shared_server().exec(
      "CREATE TABLE grow.t AS SELECT id, md5(id::text) AS k, repeat('x', 300) AS pad, 1.5::numeric AS n, "
      "'2024-01-01'::timestamptz AS at "
      "FROM generate_series(1, 200000) id");
  Warehouse warehouse;
  ScanDriver scan;
  warehouse.start(
      {.table = {.schema = "grow", .table = "t"}, .columns = {"id", "k", "pad", "n", "at"}, .batch_rows = 5000}, scan);
  int64_t rows = scan.next_length();
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts again from here
  const int64_t before = peak_kib();
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  EXPECT_EQ(rows, 200000);
  EXPECT_GT(scan.rows_estimate, 10000);
  // The table has more than 70 MiB.
  if (!kIsSanitized) {
    EXPECT_LT(peak_kib() - before, 12 * 1024);
  }
}

TEST(PostgresGrowth, OneLongValueArrivesWhole) {
  Warehouse warehouse;
  const TableSpec query{.query = "SELECT repeat('ab', n) AS v, now() AS at FROM (VALUES (8000000), (1)) x(n)"};
  const Rows rows = warehouse.scan({.table = query, .columns = {"v"}, .keys = {"v"}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0][0], "ab");
  EXPECT_EQ(rows[1][0].size(), 16'000'000u);
  EXPECT_EQ(rows[1][0].find_first_not_of("ab"), std::string::npos);
}

TEST(PostgresGrowth, OpeningAndClosingLeavesNoFileOpen) {
  { Warehouse warm_up; }
  const size_t before = open_files();
  for (int i = 0; i < 100; ++i) {
    Warehouse warehouse;
    if (i % 10 == 0) failure_of([&] { warehouse.describe({.table = "nowhere"}); });
  }
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace penstock::test
