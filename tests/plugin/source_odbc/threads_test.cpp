#include "warehouse.hpp"

#include <thread>

namespace penstock::test {
namespace {

// A source for each view, each on a thread of the host's, and one driver manager for all of them.
TEST(OdbcThreads, SourcesOfThreeDriversReadAtTheSameTime) {
  const std::vector<Database> databases{postgres_database(), mariadb_database(), sqlite_database()};
  for (const Database& db : databases) {
    db.fresh();
    db.exec({"CREATE TABLE " + db.path("t") + " (id INT, v VARCHAR(400), at " + db.wall + ")",
             "INSERT INTO " + db.path("t") + " SELECT n, '" + std::string(300, 'x') + "', '2024-01-01 00:00:00' FROM " + db.numbers(2000)});
  }
  std::vector<std::thread> threads;
  std::vector<Rows> results(6);
  for (size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&databases, &rows = results[i], i] {
      const Database& db = databases[i % databases.size()];
      for (int round = 0; round < 2; ++round) {
        Warehouse warehouse(db);
        warehouse.describe(db.table("t"));
        warehouse.horizon(db.table("t"), {.column = "at", .timezone = "UTC"});
        rows = warehouse.scan({.table = db.table("t"), .columns = {"id", "v"}, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {"id"}});
      }
    });
  for (std::thread& thread : threads) thread.join();
  Rows expected;
  for (int id = 1; id <= 2000; ++id) expected.push_back({std::to_string(id), std::string(300, 'x')});
  for (const Rows& rows : results) EXPECT_TRUE(rows == expected);
}

// Cancels while the others go on.
TEST(OdbcThreads, ACancelledCallDisturbsNoOther) {
  const Database db = mariadb_database();
  db.fresh();
  db.exec({"CREATE TABLE one (at DATETIME)", "INSERT INTO one VALUES ('2024-01-01')"});
  const TableSpec slow{.query = db.sleep, .database = "penstock"}, quick{.query = "SELECT 1 AS id, at FROM one", .database = "penstock"};
  const CursorSpec utc{.column = "at", .timezone = "UTC"};
  Warehouse first(db), second(db);
  ScanDriver scan;
  std::thread stalls([&] {
    EXPECT_EQ(failure_of([&] { first.start({.table = slow, .columns = {"id", "s"}, .cursor = utc}, scan); }).status, PENSTOCK_STATUS_CANCELLED);
  });
  for (int i = 0; i < 20; ++i) EXPECT_EQ(second.scan({.table = quick, .columns = {"id"}, .cursor = utc}), (Rows{{"1"}}));
  scan.call.cancel();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(second.scan({.table = quick, .columns = {"id"}, .cursor = utc}), (Rows{{"1"}}));
  stalls.join();
}

}  // namespace
}  // namespace penstock::test
