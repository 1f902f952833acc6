#include "support/process_growth.hpp"
#include "warehouse.hpp"

#include <malloc.h>

namespace penstock::test {
namespace {

class OdbcGrowth : public EveryDatabase {};

TEST_P(OdbcGrowth, MemoryDoesNotGrowWithTheTable) {
  constexpr int64_t kRows = 500'000;
  db.exec({"CREATE TABLE " + db.path("grow") + " (id INT, pad VARCHAR(100), at BIGINT)",
           "INSERT INTO " + db.path("grow") + " SELECT n, '" + std::string(60, 'x') + "', n FROM " + db.numbers(kRows)});
  Warehouse warehouse(db);
  ScanDriver scan;
  TableSpec table = db.table("grow");
  table.options["epoch_unit"] = "s";
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts again from here
  const int64_t before = peak_kib();
  warehouse.start({.table = table, .columns = {"id", "pad"}, .batch_rows = 5000}, scan);
  int64_t rows = 0;
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += n;
  EXPECT_EQ(rows, kRows);
  const int64_t grown = peak_kib() - before;
  RecordProperty("grown_kib", std::to_string(grown));
  // The drivers would hold more than 70 MiB; MariaDB's holds a part of it at a time.
  if (!kIsSanitized) {
    EXPECT_LT(grown, (db.name == "mariadb" ? 40 : 12) * 1024);
  }
}

TEST_P(OdbcGrowth, OneLongValueArrivesWhole) {
  const std::string part(1000, 'z');
  db.exec({"CREATE TABLE " + db.path("grow") + " (id INT, at " + db.wall + ", v " + (db.name == "mariadb" ? "LONGTEXT" : "TEXT") + ")",
           "INSERT INTO " + db.path("grow") + " VALUES (1, '2024-01-01 00:00:00', 'short')",
           "INSERT INTO " + db.path("grow") + " VALUES (2, '2024-01-01 00:00:00', " +
               (db.name == "sqlite" ? "replace(hex(zeroblob(4000000)), '0', 'z')" : "REPEAT('z', 8000000)") + ")",
           "INSERT INTO " + db.path("grow") + " VALUES (3, '2024-01-01 00:00:00', 'after')"});
  Warehouse warehouse(db);
  const Rows rows = warehouse.scan({.table = db.table("grow"), .columns = {"v", "id"}, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {"id"}});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"short", "1"}));
  EXPECT_EQ(rows[1][0].size(), 8'000'000u);
  EXPECT_EQ(rows[1][0].find_first_not_of('z'), std::string::npos);
  EXPECT_EQ(rows[2], (std::vector<std::string>{"after", "3"}));
}

TEST_P(OdbcGrowth, OpeningAndClosingLeavesNoFileOpen) {
  { Warehouse warm_up(db); }
  const size_t before = open_files();
  for (int i = 0; i < 30; ++i) {
    Warehouse warehouse(db);
    if (i % 10 == 0) failure_of([&] { warehouse.describe(db.table("nowhere")); });
  }
  EXPECT_EQ(open_files(), before);
}

PENSTOCK_EVERY_DATABASE(OdbcGrowth);

}  // namespace
}  // namespace penstock::test
