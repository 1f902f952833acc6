#include "warehouse.hpp"

#include <fstream>

namespace penstock::test {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

TableSpec orders() { return {.schema = "hor", .table = "orders"}; }

constexpr const char* kTouch =
    "CREATE FUNCTION hor.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;"
    "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON hor.orders FOR EACH ROW EXECUTE FUNCTION hor.touch();";

// A table whose timestamp the database sets.
void make_orders(const std::string& column = "timestamptz") {
  fresh_schema("hor");
  shared_server().exec("CREATE TABLE hor.orders (id int, at " + column + ");" + kTouch);
}

// The ids that a run with this horizon delivers.
std::string ids_until(Warehouse& warehouse, std::optional<int64_t> since, int64_t until) {
  std::string out;
  for (const auto& row :
       warehouse.scan({.table = orders(), .columns = {"id"}, .since = since, .until = until, .keys = {"id"}}))
    out += (out.empty() ? "" : " ") + row.at(0);
  return out;
}

int64_t clock_ns() { return ns_of("clock_timestamp()"); }

TEST(PostgresHorizon, TableWithATriggerIsClassAUpToTheClockLessTheMargin) {
  make_orders();
  Warehouse warehouse(Given{{"margin", "3s"}});
  const int64_t before = clock_ns();
  const HorizonResult horizon = warehouse.horizon(orders());
  const int64_t after = clock_ns();
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_A);
  EXPECT_GE(horizon.ordinal, before - 3000 * kMillisecond - 1000);
  EXPECT_LE(horizon.ordinal, after - 3000 * kMillisecond - 1000);
  EXPECT_EQ(horizon.why, "trigger \"touch\" sets \"at\"; no transaction that began by then is open");
  EXPECT_EQ(horizon.holder, "");
  EXPECT_EQ(shared_server().value("SELECT to_char(to_timestamp(0) + " + std::to_string(horizon.ordinal / 1000) +
                                  " * interval '1 microsecond', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
            horizon.text);
}

TEST(PostgresHorizon, LateCommitHoldsTheHorizonBackIsNamedAndIsInTheNextWindow) {
  make_orders();
  Warehouse warehouse;
  PostgresSession late(shared_server().dsn() + "?application_name=late-writer");
  late.exec("BEGIN; INSERT INTO hor.orders VALUES (1)");
  const int64_t began = ns_of("'" + late.value("SELECT now()") + "'::timestamptz");
  shared_server().exec("INSERT INTO hor.orders VALUES (2)");
  ASSERT_TRUE(eventually([&] { return clock_ns() > began + 20 * kMillisecond; }));
  const HorizonResult held = warehouse.horizon(orders());
  EXPECT_EQ(held.guarantee, PENSTOCK_CLASS_A);
  EXPECT_EQ(held.ordinal, began - 1000);
  EXPECT_EQ(held.holder.find(
                "pid " + std::to_string(late.backend_pid()) +
                " (application \"late-writer\", user \"postgres\", idle in transaction, in a transaction since 20"),
            0u)
      << held.holder;
  EXPECT_EQ(ids_until(warehouse, std::nullopt, held.ordinal), "");
  late.exec("COMMIT");
  HorizonResult free;
  ASSERT_TRUE(eventually([&] { return (free = warehouse.horizon(orders())).ordinal > began + 20 * kMillisecond; }));
  EXPECT_EQ(free.holder, "");
  EXPECT_EQ(ids_until(warehouse, held.ordinal, free.ordinal), "1 2");
}

TEST(PostgresHorizon, TransactionThatHasNotWrittenYetHoldsTheHorizonBackToo) {
  make_orders();
  Warehouse warehouse;
  PostgresSession late(shared_server().dsn());
  late.exec("BEGIN");
  const int64_t began = ns_of("'" + late.value("SELECT now()") + "'::timestamptz");
  ASSERT_TRUE(eventually([&] { return clock_ns() > began + 20 * kMillisecond; }));
  EXPECT_EQ(warehouse.horizon(orders()).ordinal, began - 1000);
}

// In the other order, or with both in one snapshot, it would be missed: it is not above the position, and was not visible.
TEST(PostgresHorizon, RowThatCommitsBetweenTheHorizonAndTheScanIsInTheScan) {
  fresh_schema("hor");
  shared_server().exec("CREATE TABLE hor.orders (id int, at timestamptz)");
  Warehouse warehouse;
  PostgresSession late(shared_server().dsn());
  late.exec("BEGIN; INSERT INTO hor.orders VALUES (1, clock_timestamp())");
  const int64_t written = clock_ns();
  HorizonResult horizon;
  ASSERT_TRUE(eventually([&] { return (horizon = warehouse.horizon(orders())).ordinal > written; }));
  late.exec("COMMIT");
  EXPECT_EQ(ids_until(warehouse, std::nullopt, horizon.ordinal), "1");
}

TEST(PostgresHorizon, TransactionOfAnotherDatabaseDoesNotCount) {
  make_orders();
  Warehouse warehouse;
  if (shared_server().value("SELECT 1 FROM pg_database WHERE datname = 'elsewhere'").empty())
    shared_server().exec("CREATE DATABASE elsewhere");
  PostgresSession other(shared_server().dsn("postgres", "elsewhere"));
  other.exec("BEGIN");
  const int64_t began = ns_of("'" + other.value("SELECT now()") + "'::timestamptz");
  EXPECT_TRUE(eventually([&] { return warehouse.horizon(orders()).ordinal > began + 5 * kMillisecond; }));
}

TEST(PostgresHorizon, PreparedTransactionFreezesTheHorizonUntilItEnds) {
  make_orders();
  Warehouse warehouse;
  PostgresSession writer(shared_server().dsn());
  const HorizonResult before = warehouse.horizon(orders());
  writer.exec("BEGIN; INSERT INTO hor.orders VALUES (1)");
  const int64_t began = ns_of("'" + writer.value("SELECT now()") + "'::timestamptz");
  ASSERT_TRUE(eventually([&] { return clock_ns() > began + 20 * kMillisecond; }));
  // Prepared later than it began: the time of the preparing says nothing about its rows.
  writer.exec("PREPARE TRANSACTION 'two-phase'");
  const HorizonResult frozen = warehouse.horizon(orders());
  EXPECT_EQ(frozen.ordinal, before.ordinal);
  EXPECT_EQ(frozen.guarantee, PENSTOCK_CLASS_A);
  EXPECT_EQ(frozen.holder.find("prepared transaction \"two-phase\" (owner \"postgres\", prepared at 20"), 0u)
      << frozen.holder;
  Warehouse newcomer;
  EXPECT_LT(newcomer.horizon(orders()).ordinal, before.ordinal);
  shared_server().exec("COMMIT PREPARED 'two-phase'");
  HorizonResult free;
  ASSERT_TRUE(eventually([&] { return (free = warehouse.horizon(orders())).ordinal > began; }));
  EXPECT_EQ(ids_until(warehouse, frozen.ordinal, free.ordinal), "1");
}

TEST(PostgresHorizon, PreparedTransactionsThatComeAndGoDoNotFreezeTheHorizon) {
  make_orders();
  Warehouse warehouse;
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    PostgresSession writer(shared_server().dsn());
    for (int i = 0; !stop; ++i) {
      const std::string name = "'busy-" + std::to_string(i) + "'";
      writer.exec("BEGIN; INSERT INTO hor.orders VALUES (1)");
      writer.exec("PREPARE TRANSACTION " + name);
      writer.exec("COMMIT PREPARED " + name);
    }
  });
  const int64_t start = clock_ns();
  EXPECT_TRUE(eventually([&] { return warehouse.horizon(orders()).ordinal > start; }));
  stop = true;
  busy.join();
}

TEST(PostgresHorizon, ReaderWithoutPgReadAllStatsIsClassB) {
  make_orders();
  shared_server().exec("DROP ROLE IF EXISTS blind; CREATE ROLE blind LOGIN; GRANT SELECT ON hor.orders TO blind");
  Warehouse blind({{"dsn", reader_dsn(shared_server(), "blind")}});
  PostgresSession late(shared_server().dsn());
  late.exec("BEGIN");
  const int64_t before = clock_ns();
  const HorizonResult horizon = blind.horizon(orders(), {.column = "at", .lag_ns = 60'000 * kMillisecond});
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_EQ(horizon.why,
            "the server's clock less the lag: role \"blind\" cannot see when the transactions of others began: GRANT "
            "pg_read_all_stats TO \"blind\"");
  EXPECT_GE(horizon.ordinal, before - 60'000 * kMillisecond - 1000);
  EXPECT_LE(horizon.ordinal, clock_ns() - 60'000 * kMillisecond - 1000);
}

TEST(PostgresHorizon, SessionThatHidesItsTransactionsMakesItClassB) {
  make_orders();
  Warehouse warehouse;
  PostgresSession hidden(shared_server().dsn() + "?application_name=hidden");
  hidden.exec("SET track_activities = off");
  hidden.exec("BEGIN");
  const HorizonResult horizon = warehouse.horizon(orders());
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_NE(horizon.why.find("application \"hidden\", user \"postgres\", disabled) runs with track_activities off"),
            std::string::npos)
      << horizon.why;
}

struct ProofCase {
  std::string name;
  std::string setup;  // hor.orders and what sets its column "at"
  int32_t guarantee;
  std::string why;
};

TEST(PostgresHorizon, ClassAndReasonFollowFromWhatSetsTheColumn) {
  const std::string clock = "the server's clock less the lag: ";
  const std::string complete = "; no transaction that began by then is open";
  const std::string touch = kTouch;
  const auto function = [](const std::string& name, const std::string& body) {
    return "CREATE FUNCTION hor." + name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
           "; RETURN NEW; END $$;";
  };
  const auto trigger = [](const std::string& name, const std::string& when) {
    return "CREATE TRIGGER " + name + " " + when + " ON hor.orders FOR EACH ROW EXECUTE FUNCTION hor." + name + "();";
  };
  const std::string table = "CREATE TABLE hor.orders (id int, at timestamptz);";
  const std::string table_default = "CREATE TABLE hor.orders (id int, at timestamptz DEFAULT CURRENT_TIMESTAMP);";
  const ProofCase cases[] = {
      {"nothing", table, PENSTOCK_CLASS_B, clock + "no BEFORE INSERT OR UPDATE trigger sets \"at\""},
      {"default only", table_default, PENSTOCK_CLASS_B,
       clock + "\"at\" has a default, which an UPDATE does not apply, and no BEFORE INSERT OR UPDATE trigger sets it"},
      {"trigger", table + touch, PENSTOCK_CLASS_A, "trigger \"touch\" sets \"at\"" + complete},
      {"default and update trigger",
       table_default + function("upd", "NEW.at = clock_timestamp()") + trigger("upd", "BEFORE UPDATE"),
       PENSTOCK_CLASS_A,
       "trigger \"upd\" sets \"at\" on UPDATE, and its default on INSERT as long as no writer names the column" +
           complete},
      {"two triggers",
       table + function("upd", "NEW.at = now()") + function("ins", "NEW.at = now()") + trigger("upd", "BEFORE UPDATE") +
           trigger("ins", "BEFORE INSERT"),
       PENSTOCK_CLASS_A, "triggers \"ins\" and \"upd\" set \"at\"" + complete},
      {"update trigger without default", table + function("upd", "NEW.at = now()") + trigger("upd", "BEFORE UPDATE"),
       PENSTOCK_CLASS_B, clock + "no BEFORE INSERT OR UPDATE trigger sets \"at\""},
      {"trigger of another column", table + function("oth", "NEW.id = 1") + trigger("oth", "BEFORE INSERT OR UPDATE"),
       PENSTOCK_CLASS_B, clock + "no BEFORE INSERT OR UPDATE trigger sets \"at\""},
      {"after trigger", table + function("aft", "NEW.at = now()") + trigger("aft", "AFTER INSERT OR UPDATE"),
       PENSTOCK_CLASS_B, clock + "no BEFORE INSERT OR UPDATE trigger sets \"at\""},
      {"disabled trigger", table + touch + "ALTER TABLE hor.orders DISABLE TRIGGER touch", PENSTOCK_CLASS_B,
       clock + "no BEFORE INSERT OR UPDATE trigger sets \"at\""},
      {"writer's value kept",
       table + function("keep", "NEW.at = coalesce(NEW.at, now())") + trigger("keep", "BEFORE INSERT OR UPDATE"),
       PENSTOCK_CLASS_B, clock + "trigger \"keep\" may leave \"at\" as the writer set it"},
      {"conditional trigger",
       table + function("cond", "NEW.at = now()") +
           "CREATE TRIGGER cond BEFORE INSERT OR UPDATE ON hor.orders FOR EACH ROW WHEN (NEW.at IS NULL) EXECUTE "
           "FUNCTION hor.cond()",
       PENSTOCK_CLASS_B, clock + "trigger \"cond\" may leave \"at\" as the writer set it"},
      {"trigger of some columns",
       table + function("part", "NEW.at = now()") + trigger("part", "BEFORE INSERT OR UPDATE OF id"), PENSTOCK_CLASS_B,
       clock + "trigger \"part\" may leave \"at\" as the writer set it"},
      {"view", "CREATE TABLE hor.base (id int, at timestamptz); CREATE VIEW hor.orders AS SELECT * FROM hor.base",
       PENSTOCK_CLASS_B, clock + "view \"hor\".\"orders\" is no table"},
      {"inherited", table + touch + "CREATE TABLE hor.child () INHERITS (hor.orders)", PENSTOCK_CLASS_B,
       clock + "other tables inherit from table \"hor\".\"orders\", but not its triggers"},
      {"partitioned",
       "CREATE TABLE hor.orders (id int, at timestamptz) PARTITION BY LIST (id); CREATE TABLE hor.p PARTITION OF "
       "hor.orders FOR VALUES IN (1);" +
           touch,
       PENSTOCK_CLASS_A, "trigger \"touch\" sets \"at\"" + complete},
      {"naive", "CREATE TABLE hor.orders (id int, at timestamp);" + touch, PENSTOCK_CLASS_B,
       clock + "\"at\" has type timestamp without time zone, not timestamptz"},
  };
  Warehouse warehouse;
  for (const ProofCase& c : cases) {
    SCOPED_TRACE(c.name);
    fresh_schema("hor");
    shared_server().exec(c.setup);
    const HorizonResult horizon = warehouse.horizon(orders(), {.column = "at", .timezone = "UTC"});
    EXPECT_EQ(horizon.guarantee, c.guarantee);
    EXPECT_EQ(horizon.why, c.why);
  }
}

TEST(PostgresHorizon, QueryIsClassB) {
  make_orders();
  Warehouse warehouse;
  const HorizonResult horizon = warehouse.horizon({.query = "SELECT * FROM hor.orders"});
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_EQ(horizon.why, "the server's clock less the lag: the query is no table");
}

TEST(PostgresHorizon, ColumnOfWholeSecondsKeepsATickFromTheOldestTransaction) {
  make_orders("timestamptz(0)");
  Warehouse warehouse;
  PostgresSession late(shared_server().dsn());
  // In the first half of a second, where the column rounds down to before the transaction's start.
  late.exec("SELECT pg_sleep(1.1 - extract(epoch FROM clock_timestamp()) % 1)");
  late.exec("BEGIN; INSERT INTO hor.orders VALUES (1)");
  const int64_t stored = ns_of("'" + late.value("SELECT at FROM hor.orders") + "'::timestamptz");
  const HorizonResult horizon = warehouse.horizon(orders());
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_A);
  EXPECT_LT(horizon.ordinal, stored);
  EXPECT_GT(horizon.ordinal, stored - 3000 * kMillisecond);
}

TEST(PostgresHorizon, DateColumnStopsBeforeTheCurrentDayOfItsZone) {
  fresh_schema("hor");
  shared_server().exec(
      "CREATE TABLE hor.orders (id int, at date); INSERT INTO hor.orders SELECT n, (now() AT TIME ZONE "
      "'Pacific/Auckland')::date - n FROM generate_series(0, 2) n");
  Warehouse warehouse;
  const CursorSpec cursor{.column = "at", .timezone = "Pacific/Auckland"};
  const HorizonResult horizon = warehouse.horizon(orders(), cursor);
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_EQ(horizon.ordinal,
            ns_of("(date_trunc('day', now() AT TIME ZONE 'Pacific/Auckland') AT TIME ZONE 'Pacific/Auckland')") - 1000);
  EXPECT_EQ(warehouse.scan(
                {.table = orders(), .columns = {"id"}, .cursor = cursor, .until = horizon.ordinal, .keys = {"id"}}),
            (Rows{{"2"}, {"1"}}));
}

TEST(PostgresHorizon, EpochColumnKeepsItsUnitFromTheClock) {
  fresh_schema("hor");
  shared_server().exec("CREATE TABLE hor.orders (id int, at int4)");
  Warehouse warehouse;
  TableSpec table = orders();
  table.options["epoch_unit"] = "s";
  const HorizonResult horizon = warehouse.horizon(table);
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_LE(horizon.ordinal, clock_ns() - 1000 * kMillisecond);
}

TEST(PostgresHorizon, TransactionIdsReadEveryRowOnceWhateverTheOrderOfCommits) {
  fresh_schema("hor");
  shared_server().exec(
      "CREATE TABLE hor.orders (id int, at xid8 DEFAULT pg_current_xact_id());"
      "CREATE FUNCTION hor.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := pg_current_xact_id(); RETURN "
      "NEW; END $$;"
      "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON hor.orders FOR EACH ROW EXECUTE FUNCTION hor.touch();"
      "INSERT INTO hor.orders VALUES (1)");
  Warehouse warehouse;
  const CursorSpec cursor{.column = "at", .kind = PENSTOCK_CURSOR_XID};
  const auto read = [&](std::optional<int64_t> since, const HorizonResult& until) {
    return warehouse.scan({.table = orders(),
                           .columns = {"id"},
                           .cursor = cursor,
                           .since = since,
                           .until = until.ordinal,
                           .keys = {"id"},
                           .since_detail = until.detail});
  };
  PostgresSession late(shared_server().dsn() + "?application_name=late-xid");
  late.exec("BEGIN; INSERT INTO hor.orders VALUES (2)");
  shared_server().exec("INSERT INTO hor.orders VALUES (3)");
  const HorizonResult held = warehouse.horizon(orders(), cursor);
  EXPECT_EQ(held.guarantee, PENSTOCK_CLASS_A);
  EXPECT_EQ(held.why, "every transaction up to here has ended; trigger \"touch\" sets \"at\"");
  EXPECT_EQ(held.holder.find("pid " + std::to_string(late.backend_pid()) +
                             " (application \"late-xid\", in a transaction since "),
            0u)
      << held.holder;
  EXPECT_EQ(held.text, "transaction " + std::to_string(held.ordinal));
  EXPECT_EQ(read(std::nullopt, held), (Rows{{"1"}}));
  late.exec("COMMIT");
  const HorizonResult free = warehouse.horizon(orders(), cursor);
  EXPECT_EQ(free.holder, "");
  EXPECT_EQ(read(held.ordinal, free), (Rows{{"2"}, {"3"}}));
  const RecordedError error = failure_of([&] {
    warehouse.scan({.table = orders(),
                    .columns = {"id"},
                    .cursor = cursor,
                    .since = held.ordinal,
                    .until = free.ordinal,
                    .since_detail = "system=1 timeline=1"});
  });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
}

TEST(PostgresHorizon, OnAStandbyItIsClassBByTheLastReplayedCommit) {
  PostgresServer server;
  server.exec(std::string("CREATE SCHEMA hor; CREATE TABLE hor.orders (id int, at timestamptz);") + kTouch +
              "INSERT INTO hor.orders VALUES (1)");
  server.stop();
  const std::string signal = server.folder() + "/data/standby.signal";
  std::ofstream(signal).close();
  server.start();
  SourceDriver standby(postgres(), {{"dsn", reader_dsn(server)}});
  const HorizonResult horizon = standby.horizon(orders());
  EXPECT_EQ(horizon.guarantee, PENSTOCK_CLASS_B);
  EXPECT_EQ(horizon.why,
            "the server's clock less the lag: the server is a standby, which does not see the open transactions of its "
            "primary");
  EXPECT_LT(horizon.ordinal, clock_ns());
  EXPECT_EQ(standby.scan({.table = orders(), .columns = {"id"}}), (Rows{{"1"}}));
}

}  // namespace
}  // namespace penstock::test
