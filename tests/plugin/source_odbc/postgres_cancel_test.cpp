#include "warehouse.hpp"

#include <chrono>
#include <thread>

namespace penstock::test {
namespace {

// psqlODBC sends no cancel while it fetches: the server would go on until the statement's own time limit.
TEST(OdbcPostgresCancel, AFetchThatStallsIsCancelledFromAnotherSession) {
  const Database db = postgres_database();
  db.fresh();
  db.exec({"CREATE TABLE o.t AS SELECT id, timestamptz '2024-01-01' + id * interval '1 second' AS at FROM generate_series(1, 3000) id",
           "CREATE INDEX ON o.t (at)", "ALTER ROLE penstock SET enable_sort = off"});
  {
    Warehouse warehouse(db);
    ScanDriver scan;
    // Rows are made one by one as they are fetched, the last ones in a fiftieth of a second each.
    warehouse.start({.table = {.query = "SELECT id, at, CASE WHEN id > 1500 THEN pg_sleep(0.02) END::text AS s FROM o.t ORDER BY at"},
                     .columns = {"id", "s"}},
                    scan);
    EXPECT_EQ(scan.next_length(), 1000);
    std::thread host([&] {
      EXPECT_TRUE(eventually([&] { return db.value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'penstock' AND state = 'active' AND query ILIKE '%fetch 1000 in %'") == "1"; }));
      scan.call.cancel();
    });
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(failure_of([&] { scan.next_length(); }).status, PENSTOCK_STATUS_CANCELLED);
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(8)) << "the two fetches would have taken 30 seconds";
    host.join();
  }
  db.exec({"ALTER ROLE penstock RESET enable_sort"});
}

}  // namespace
}  // namespace penstock::test
