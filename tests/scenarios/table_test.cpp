// Tables that change, shrink, are rebuilt, forbidden, or are no tables; and servers that lag.
#include "scenarios/scenario.hpp"

#include <filesystem>
#include <fstream>

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Tables : public Scenario {
 protected:
  // As a modelling tool does it: a new table with all rows, all with the time of the rebuild, takes the place of the old one.
  void rebuild(const std::string& values = "v") {
    sql("CREATE TABLE shop.next AS SELECT id, clock_timestamp() AS at, " + values + " AS v FROM shop.items; DROP TABLE shop.items; "
        "ALTER TABLE shop.next RENAME TO items");
  }
};
class Replicas : public Scenario {};

// 42
TEST_F(Tables, WhoseColumnsChangeBetweenRunsAreReadOnWithoutAGap) {
  make_table("id text, at timestamptz, v int");
  configure();
  sql("INSERT INTO shop.items VALUES ('a', clock_timestamp(), 1)");
  materialize();
  sql("ALTER TABLE shop.items ADD extra text DEFAULT 'x'; ALTER TABLE shop.items ALTER v TYPE bigint; INSERT INTO shop.items VALUES ('b', clock_timestamp(), 1::bigint << 40)");
  EXPECT_EQ(materialize().read(), 1);
  sql("ALTER TABLE shop.items RENAME v TO w; INSERT INTO shop.items VALUES ('c', clock_timestamp(), 3)");
  const std::string position = marker("ordinal");
  EXPECT_THAT(failing_run(), HasSubstr("field \"v\": no such column"));
  EXPECT_EQ(marker("ordinal"), position);
  sql("ALTER TABLE shop.items RENAME w TO v; ALTER TABLE shop.items ALTER v TYPE text");
  EXPECT_EQ(materialize().read(), 1) << "the row that was written while the column was gone";
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"b", "1099511627776"}, {"c", "3"}}));
}

// 43
TEST_F(Tables, WhoseColumnIsTakenAwayDuringARunAreReadToTheirEndFirst) {
  make_table();
  sql("INSERT INTO shop.items SELECT 'k' || n, '2026-01-01Z', n FROM generate_series(1, 200000) n");
  configure({.view = "max_rows_per_second = 20000\n", .host = "batch_rows = 256\nqueue_batches = 1\n"});
  Process host(world_.command({"materialize", "--json"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return std::stoll(redis().command({"DBSIZE"})) > 500; })) << host.err();
  PostgresSession changing(postgres().dsn());
  EXPECT_THROW(changing.exec("SET lock_timeout = '50ms'; ALTER TABLE shop.items DROP v"), std::runtime_error) << "the run holds the table as it is";
  host.signal(9);
  host.wait();
  changing.exec("SET lock_timeout = 0; ALTER TABLE shop.items DROP v");
  EXPECT_THAT(failing_run(), HasSubstr("field \"v\": no such column"));
  EXPECT_EQ(marker("ordinal"), "(nil)");
}

// 44
TEST_F(Tables, RebuiltWithANewTimestampForEveryRowCountAsUnchangedAndAreNotRewritten) {
  make_table();
  sql("INSERT INTO shop.items SELECT 'k' || n, clock_timestamp(), n FROM generate_series(1, 1000) n");
  configure();
  materialize();
  // Were a profile rewritten, this would be gone.
  redis().command({"HSET", "penstock:items_v1:k1", "v", "untouched"});
  rebuild();
  EXPECT_EQ(counts(materialize()), "read 1000 = written 0 + unchanged 1000 + stale 0 + rejected 0");
  EXPECT_EQ(stored().at("k1"), "untouched");
  rebuild("CASE WHEN v <= 10 THEN -v ELSE v END");
  EXPECT_EQ(counts(materialize()), "read 1000 = written 10 + unchanged 990 + stale 0 + rejected 0");
  Profiles expected;
  for (const auto& row : postgres().rows("SELECT id, v FROM shop.items")) expected[row[0]] = row[1];
  EXPECT_EQ(stored(), expected);
}

// 44
TEST_F(Tables, RebuiltRowsWinOverRowsFromBeforeTheRebuildThatAreReadLater) {
  make_table();
  sql("INSERT INTO shop.items VALUES ('a', clock_timestamp() - interval '1 hour', 1)");
  configure();
  materialize();
  rebuild();
  EXPECT_EQ(counts(materialize()), "read 1 = written 0 + unchanged 1 + stale 0 + rejected 0");
  // Alone, so that only the order in the store can tell that it is older.
  sql("INSERT INTO shop.items VALUES ('a', clock_timestamp() - interval '30 minutes', 2)");
  const Ran late = materialize({"--from", instant("clock_timestamp() - interval '40 minutes'"), "--to", instant("clock_timestamp() - interval '20 minutes'")});
  EXPECT_EQ(counts(late), "read 1 = written 0 + unchanged 0 + stale 1 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}}));
}

// 45
TEST_F(Tables, EmptyOrTruncatedReadAsNoRowsAndForbiddenOrMissingAsErrors) {
  make_table();
  configure();
  EXPECT_EQ(materialize().read(), 0) << "empty";
  sql("INSERT INTO shop.items VALUES ('a', clock_timestamp(), 1)");
  EXPECT_EQ(materialize().read(), 1);
  sql("TRUNCATE shop.items");
  EXPECT_EQ(materialize().read(), 0) << "truncated";
  EXPECT_EQ(stored().size(), 1u) << "documented: what vanishes from the table stays until its ttl";
  const std::string position = marker("ordinal");

  sql("REVOKE pg_read_all_data FROM penstock; INSERT INTO shop.items VALUES ('b', clock_timestamp(), 2)");
  EXPECT_THAT(failing_run(), HasSubstr("GRANT SELECT ON \"shop\".\"items\" TO \"penstock\""));
  sql("GRANT pg_read_all_data TO penstock; ALTER TABLE shop.items RENAME TO elsewhere");
  EXPECT_THAT(failing_run(), HasSubstr("relation \"shop\".\"items\" does not exist"));
  const Finished status = world_.penstock({"status"});
  EXPECT_THAT(status.out, AllOf(HasSubstr("failing"), HasSubstr("does not exist")));
  sql("ALTER TABLE shop.elsewhere RENAME TO items; ALTER TABLE shop.items ENABLE ROW LEVEL SECURITY");
  EXPECT_THAT(failing_run(), HasSubstr("row-level security"));
  EXPECT_EQ(marker("ordinal"), position);
  sql("ALTER TABLE shop.items DISABLE ROW LEVEL SECURITY");
  EXPECT_EQ(materialize().read(), 1);
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"b", "2"}}));
}

// 46
TEST_F(Tables, ThatAreViewsOrMaterializedViewsAreSourcesOfClassB) {
  make_table("id text, at timestamptz, v bigint", true);
  sql("ALTER TABLE shop.items RENAME TO base; CREATE VIEW shop.items AS SELECT id, at, v * 10 AS v FROM shop.base; INSERT INTO shop.base VALUES ('a', NULL, 1)");
  configure();
  materialize_until_all_read();
  sql("UPDATE shop.base SET v = 2");
  materialize_until_all_read();
  EXPECT_EQ(stored(), (Profiles{{"a", "20"}}));
  EXPECT_THAT(status(), HasSubstr("\"guarantee\":\"B\",\"guarantee_why\":\"the server's clock less the lag: view \\\"shop\\\".\\\"items\\\" is no table\""));

  sql("DROP VIEW shop.items; CREATE MATERIALIZED VIEW shop.items AS SELECT id, at, v * 100 AS v FROM shop.base; UPDATE shop.base SET v = 3");
  EXPECT_EQ(materialize().read(), 0);
  sql("REFRESH MATERIALIZED VIEW shop.items");
  materialize_until_all_read();
  EXPECT_EQ(stored(), (Profiles{{"a", "300"}}));
}

// 53
TEST_F(Replicas, ThatLagHoldThePositionBackUntilTheyHaveCaughtUp) {
  PostgresServer primary, standby;
  standby.stop();
  primary.stop();
  const std::filesystem::path data = standby.folder() + "/data";
  const std::string settings = read_file(data / "postgresql.conf");
  std::filesystem::remove_all(data);
  // With the owner, whom copying by hand would lose.
  ASSERT_EQ(run_process({"/bin/cp", "-a", primary.folder() + "/data", data.string()}).exit_code, 0);
  std::ofstream(data / "postgresql.conf") << settings << "primary_conninfo='host=127.0.0.1 user=postgres port=" << primary.port() << "'\n";
  std::ofstream(data / "standby.signal");
  primary.start();
  standby.start();
  primary.exec("CREATE SCHEMA shop; CREATE TABLE shop.items (id text, at timestamptz DEFAULT clock_timestamp(), v bigint); INSERT INTO shop.items VALUES ('a', DEFAULT, 1)");
  const auto received = [&] {
    const std::string lsn = primary.value("SELECT pg_current_wal_lsn()");
    return eventually([&] { return standby.value("SELECT pg_last_wal_receive_lsn() >= '" + lsn + "'") == "t"; });
  };
  ASSERT_TRUE(received());
  configure();
  world_.set_environment("WAREHOUSE_DSN", standby.dsn("penstock"));
  ASSERT_TRUE(eventually([&] {
    materialize();
    return stored().size() == 1;
  }));
  EXPECT_THAT(status(), AllOf(HasSubstr("\"guarantee\":\"B\""), HasSubstr("the server is a standby")));

  standby.exec("SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(eventually([&] { return standby.value("SELECT pg_get_wal_replay_pause_state()") == "paused"; }));
  primary.exec("INSERT INTO shop.items VALUES ('b', DEFAULT, 2)");
  ASSERT_TRUE(received());
  const std::string at = primary.value("SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM shop.items");
  for (int i = 0; i < 3; ++i) {
    const Ran ran = materialize();
    EXPECT_EQ(ran.read(), 0);
    EXPECT_LT(ran.to(), at) << "not past what has not been replayed";
  }
  standby.exec("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(eventually([&] {
    materialize();
    return stored() == Profiles{{"a", "1"}, {"b", "2"}};
  }));
}

}  // namespace
}  // namespace penstock::test
