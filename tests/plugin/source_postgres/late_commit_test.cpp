#include "warehouse.hpp"

#include <set>

namespace penstock::test {
namespace {

constexpr int kWriters = 4;
constexpr int kTransactionsPerWriter = 20;

// Each transaction fixes its time, dawdles, writes, dawdles and commits; some roll back. So rows appear long after their time.
void write_orders(int writer) {
  PostgresSession session(shared_server().dsn());
  for (int i = 0; i < kTransactionsPerWriter; ++i) {
    const int id = writer * kTransactionsPerWriter + i;
    session.exec("BEGIN; SELECT pg_sleep(random() * 0.1)");
    session.exec("INSERT INTO late.orders VALUES (" + std::to_string(id) + "); SELECT pg_sleep(random() * 0.25)");
    session.exec(id % 10 == 9 ? "ROLLBACK" : "COMMIT");
  }
}

TEST(PostgresLateCommit, NoRowFallsBetweenTheWindowsOfAPollerUnderConcurrentWriters) {
  fresh_schema("late");
  shared_server().exec(
      "CREATE TABLE late.orders (id int, at timestamptz);"
      "CREATE FUNCTION late.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;"
      "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON late.orders FOR EACH ROW EXECUTE FUNCTION late.touch()");
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) writers.emplace_back(write_orders, i);

  // Less than the writers dawdle, so that it does not hide a horizon that forgets them.
  Warehouse warehouse(Given{{"margin", "100ms"}});
  const TableSpec orders{.schema = "late", .table = "orders"};
  std::set<std::string> delivered;
  std::optional<int64_t> position;
  int64_t repeated = 0;
  const auto run = [&] {
    const HorizonResult horizon = warehouse.horizon(orders);
    EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_A);
    if (position && horizon.ordinal <= *position) return;
    for (const auto& row :
         warehouse.scan({.table = orders, .columns = {"id"}, .since = position, .until = horizon.ordinal, .keys = {"id"}}))
      repeated += delivered.insert(row.at(0)).second ? 0 : 1;
    position = horizon.ordinal;
  };
  const std::string all = std::to_string(kWriters * kTransactionsPerWriter * 9 / 10);
  while (shared_server().value("SELECT count(*) FROM late.orders") != all) run();
  for (std::thread& writer : writers) writer.join();
  const int64_t end = ns_of("clock_timestamp()");
  EXPECT_TRUE(eventually([&] {
    run();
    return *position > end;
  }));
  EXPECT_EQ(std::to_string(delivered.size()), all);
  EXPECT_EQ(repeated, 0);
}

}  // namespace
}  // namespace penstock::test
