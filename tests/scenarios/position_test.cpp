// Where a run starts and ends: no row falls between two runs, whatever ties, waits, comes late or has no time.
#include "scenarios/scenario.hpp"

#include <csignal>

namespace penstock::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Position : public Scenario {};

// 1
TEST_F(Position, RowsTiedAtThePositionAreReadOnceEachAcrossRuns) {
  // Whole seconds, so that rows written before and after a run, and the position itself, tie.
  make_table("id int, at timestamptz(0), v bigint", true);
  configure();
  int64_t read = 0;
  int rows = 0;
  // On a slow machine not every two rows around a run share a second.
  ASSERT_TRUE(eventually([&] {
    sql("INSERT INTO shop.items VALUES (" + std::to_string(rows++) + ", NULL, 1)");
    read += materialize().read();
    return value("SELECT count(*) - count(DISTINCT at) >= 8 FROM shop.items") == "t";
  }));
  const std::string last = value("SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') FROM shop.items");
  ASSERT_TRUE(eventually([&] {
    const Ran ran = materialize();
    read += ran.read();
    return ran.to().substr(0, 19) > last;
  }));
  EXPECT_EQ(read, rows);
  EXPECT_EQ(stored().size(), static_cast<size_t>(rows));
}

// 1
TEST_F(Position, RowsTiedAtTheEdgesOfAdjacentWindowsBelongToOneOfThem) {
  make_table();
  sql("INSERT INTO shop.items SELECT 'k' || n, '2026-01-01Z'::timestamptz + n / 4 * interval '1 microsecond', n FROM generate_series(0, 15) n");
  configure();
  const char* edges[] = {"2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000003Z"};
  std::vector<int64_t> read;
  for (int i = 0; i < 3; ++i) read.push_back(materialize({"--from", edges[i], "--to", edges[i + 1]}).read());
  EXPECT_EQ(read, (std::vector<int64_t>{4, 4, 8}));
  EXPECT_EQ(stored().size(), 16u);
}

// 2
TEST_F(Position, MoreTiedRowsThanABatchAllArrive) {
  make_table();
  sql("INSERT INTO shop.items SELECT 'k' || n, '2026-01-01Z', n FROM generate_series(1, 1000) n");
  configure({.host = "batch_rows = 64\n"});
  EXPECT_EQ(counts(materialize()), "read 1000 = written 1000 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(stored().size(), 1000u);
  EXPECT_EQ(materialize().read(), 0);
}

// 3
TEST_F(Position, ACrashInsideATieGroupLosesNoneOfIt) {
  make_table();
  sql("INSERT INTO shop.items SELECT 'k' || n, '2026-01-01Z', n FROM generate_series(1, 5000) n");
  configure({.view = "max_rows_per_second = 2000\n", .host = "batch_rows = 64\n"});
  {
    Process host(world_.command({"materialize"}), world_.environment());
    ASSERT_TRUE(eventually([&] { return std::stoll(redis().command({"DBSIZE"})) > 500; })) << host.err();
    host.signal(SIGKILL);
    host.wait();
  }
  ASSERT_LT(stored().size(), 5000u);
  configure();
  const Ran again = materialize();
  EXPECT_EQ(again.read(), 5000);
  EXPECT_GT(again.unchanged(), 0);
  EXPECT_EQ(stored().size(), 5000u);
}

// 4
TEST_F(Position, ARowThatCommitsAfterLaterOnesIsReadAllTheSame) {
  make_table("id text, at timestamptz, v bigint", true);
  configure();
  PostgresSession late(postgres().dsn());
  late.exec("BEGIN; INSERT INTO shop.items VALUES ('late', NULL, 1)");
  sql("INSERT INTO shop.items VALUES ('early', NULL, 2)");
  materialize();
  late.exec("COMMIT");
  EXPECT_EQ(value("SELECT (SELECT at FROM shop.items WHERE id = 'late') < (SELECT at FROM shop.items WHERE id = 'early')"), "t");
  EXPECT_EQ(materialize_until_all_read(), 2);
  EXPECT_EQ(stored(), (Profiles{{"early", "2"}, {"late", "1"}}));
}

// 5
TEST_F(Position, ALateCommitWithSavepointsStallsThePositionAndNamesItsHolder) {
  make_table("id text, at timestamptz, v bigint", true);
  configure();
  sql("INSERT INTO shop.items VALUES ('before', NULL, 0)");
  materialize_until_all_read();
  PostgresSession late(postgres().dsn() + "?application_name=long-haul");
  late.exec("BEGIN; SAVEPOINT a; INSERT INTO shop.items VALUES ('kept', NULL, 1); RELEASE a");
  late.exec("SAVEPOINT b; INSERT INTO shop.items VALUES ('given up', NULL, 2); ROLLBACK TO b");
  const std::string began = instant("'" + late.value("SELECT now()") + "'");
  // However long it lasts and whatever else commits.
  for (int i = 0; i < 3; ++i) {
    sql("INSERT INTO shop.items VALUES ('other" + std::to_string(i) + "', NULL, 3)");
    const Ran ran = materialize();
    EXPECT_EQ(ran.read(), 0);
    EXPECT_LT(ran.to(), began);
  }
  EXPECT_THAT(status(), HasSubstr("\"held_back_by\":\"pid " + std::to_string(late.backend_pid()) + " (application \\\"long-haul\\\""));
  late.exec("COMMIT");
  EXPECT_EQ(materialize_until_all_read(), 4);
  EXPECT_EQ(stored(), (Profiles{{"before", "0"}, {"kept", "1"}, {"other0", "3"}, {"other1", "3"}, {"other2", "3"}}));
  EXPECT_THAT(status(), Not(HasSubstr("held_back_by")));
}

TEST_F(Position, ARunningHostShowsTheClassItsReasonAndWhoHoldsThePositionBack) {
  make_table("id text, at timestamptz, v bigint", true);
  configure({.host = "interval = \"100ms\"\n"});
  PostgresSession late(postgres().dsn() + "?application_name=long-haul");
  late.exec("BEGIN; INSERT INTO shop.items VALUES ('late', NULL, 1)");
  const std::string holder = "pid " + std::to_string(late.backend_pid()) + " (application ";
  Process host(world_.command({"run"}), world_.environment());
  const auto metrics = [&] {
    return run_process({"/bin/bash", "-c", "read -r address port < '" + world_.state_dir() + "/http'; exec 3<>/dev/tcp/$address/$port; "
                                           "printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; cat <&3"}).out;
  };
  ASSERT_TRUE(eventually([&] { return metrics().find("penstock_position_held_back{holder=\"" + holder) != std::string::npos; })) << metrics() << host.err();
  EXPECT_THAT(metrics(), HasSubstr("penstock_guarantee_info{class=\"A\",version=\"1\",view=\"items\",why=\"trigger \\\"touch\\\" sets \\\"at\\\"; "));
  const std::string line = world_.penstock({"status"}).out;
  EXPECT_THAT(line, HasSubstr("class A (trigger \"touch\" sets \"at\"; no transaction that began by then is open)"));
  EXPECT_THAT(line, HasSubstr("held back by " + holder + "\"long-haul\""));
  EXPECT_THAT(line, HasSubstr("in a transaction since 20"));
  late.exec("COMMIT");
  ASSERT_TRUE(eventually([&] { return metrics().find("penstock_position_held_back{") == std::string::npos; })) << metrics();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
}

// 5
TEST_F(Position, APreparedTransactionStallsThePositionAndIsNamed) {
  make_table("id text, at timestamptz, v bigint", true);
  configure();
  sql("INSERT INTO shop.items VALUES ('before', NULL, 0)");
  materialize_until_all_read();
  const std::string position = marker("ordinal");
  PostgresSession writer(postgres().dsn());
  writer.exec("BEGIN; INSERT INTO shop.items VALUES ('prepared', NULL, 1)");
  writer.exec("PREPARE TRANSACTION 'two-phase'");
  sql("INSERT INTO shop.items VALUES ('other', NULL, 2)");
  const Ran held = materialize();
  EXPECT_EQ(held.read(), 0);
  EXPECT_EQ(marker("ordinal"), position);
  EXPECT_THAT(status(), HasSubstr("\"held_back_by\":\"prepared transaction \\\"two-phase\\\""));
  sql("COMMIT PREPARED 'two-phase'");
  EXPECT_EQ(materialize_until_all_read(), 2);
  EXPECT_EQ(stored(), (Profiles{{"before", "0"}, {"other", "2"}, {"prepared", "1"}}));
}

// 6
TEST_F(Position, ABackDatedRowIsReadWithinTheLookbackAndElseByAFullRun) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES ('a', now() - interval '1 hour', 1)");
  materialize();
  sql("INSERT INTO shop.items VALUES ('hour', now() - interval '1 hour', 2), ('week', now() - interval '7 days', 3)");
  EXPECT_EQ(materialize().read(), 0) << "documented: rows dated back below the position are not promised";
  configure({.view = "lookback = \"2h\"\n"});
  EXPECT_EQ(counts(materialize()), "read 2 = written 1 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"hour", "2"}}));
  EXPECT_EQ(counts(materialize({"--full"})), "read 3 = written 1 + unchanged 2 + stale 0 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"hour", "2"}, {"week", "3"}}));
}

// 7
TEST_F(Position, AnUpdateThatLeavesTheCursorAloneIsMadeGoodByAFullRun) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES ('a', '2026-01-01Z', 1), ('b', '2026-01-01Z', 2)");
  materialize();
  sql("UPDATE shop.items SET v = 7 WHERE id = 'a'");
  EXPECT_EQ(materialize().read(), 0) << "documented: updates that do not move the timestamp are not promised";
  EXPECT_EQ(counts(materialize({"--full"})), "read 2 = written 1 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "7"}, {"b", "2"}}));
}

// 12
TEST_F(Position, RowsWithoutACursorFailTheRunAreSkippedOrAlwaysWritten) {
  make_table();
  sql("INSERT INTO shop.items VALUES ('a', '2026-01-01Z', 1), ('none', NULL, 2)");
  configure();
  EXPECT_THAT(failing_run(), HasSubstr("1 row without a value in the timestamp field: set null_timestamp to \"skip\" or \"always\""));
  EXPECT_EQ(marker("ordinal"), "(nil)");
  configure({.view = "null_timestamp = \"skip\"\n"});
  const Ran skipping = materialize();
  EXPECT_EQ(skipping.read(), 1);
  EXPECT_EQ(json_number(skipping.finished.out, "without_timestamp"), 1) << "left out, and counted";
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}}));
  configure({.view = "null_timestamp = \"always\"\n"});
  EXPECT_EQ(counts(materialize()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  const Ran again = materialize();
  EXPECT_EQ(counts(again), "read 1 = written 0 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(json_number(again.finished.out, "without_timestamp"), 1);
  sql("UPDATE shop.items SET v = 3 WHERE id = 'none'");
  EXPECT_EQ(counts(materialize()), "read 1 = written 1 + unchanged 0 + stale 0 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"none", "3"}}));
}

// 19
TEST_F(Position, OfManyRowsOfOneEntityInAWindowTheNewestStaysAcrossBatches) {
  make_table();
  // Newest first, last and in the middle; the order of delivery is that of the cursor, the order of age is another column's.
  sql("ALTER TABLE shop.items ADD event timestamptz;"
      "INSERT INTO shop.items SELECT 'k' || n % 3, '2026-01-01Z'::timestamptz + n * interval '1 second', n, "
      "'2026-01-01Z'::timestamptz + (n * 7919 % 1000) * interval '1 minute' FROM generate_series(1, 999) n");
  configure({.view = "order_by = [\"event\"]\n", .host = "batch_rows = 50\n"});
  const Ran ran = materialize();
  EXPECT_EQ(ran.read(), 999);
  EXPECT_EQ(ran.written() + ran.stale(), 999);
  Profiles expected;
  for (const auto& row : postgres().rows("SELECT DISTINCT ON (id) id, v FROM shop.items ORDER BY id, event DESC, at DESC")) expected[row[0]] = row[1];
  EXPECT_EQ(stored(), expected);
}

// 20
TEST_F(Position, CorrectedValuesAtTheSameTimestampLandWheneverTheyAreReadAgain) {
  make_table();
  configure({.view = "lookback = \"2h\"\n"});
  sql("INSERT INTO shop.items SELECT 'k' || n, now() - interval '1 hour', n FROM generate_series(1, 40) n");
  materialize();
  // Up and down, so that no tie-break by value could let all of them pass.
  for (const char* correction : {"v + 1000", "v - 3000", "v * -1"}) {
    sql(std::string("UPDATE shop.items SET v = ") + correction);
    EXPECT_EQ(counts(materialize()), "read 40 = written 40 + unchanged 0 + stale 0 + rejected 0");
    Profiles expected;
    for (const auto& row : postgres().rows("SELECT id, v FROM shop.items")) expected[row[0]] = row[1];
    EXPECT_EQ(stored(), expected);
  }
}

// 21
TEST_F(Position, AnOlderRowThatComesAfterANewerOneLoses) {
  make_table();
  configure({.view = "lookback = \"1d\"\n"});
  sql("INSERT INTO shop.items VALUES ('a', now() - interval '1 hour', 2)");
  materialize();
  sql("INSERT INTO shop.items VALUES ('a', now() - interval '2 hours', 1)");
  EXPECT_EQ(counts(materialize()), "read 2 = written 0 + unchanged 1 + stale 1 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "2"}}));
  sql("DELETE FROM shop.items WHERE v = 2");
  EXPECT_EQ(counts(materialize({"--full"})), "read 1 = written 0 + unchanged 0 + stale 1 + rejected 0");
  EXPECT_EQ(stored(), (Profiles{{"a", "2"}}));
}

// 25
TEST_F(Position, ARunOfZeroRowsKeepsThePositionAndDoesNotTouchTheStore) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES ('a', now() - interval '1 hour', 1)");
  materialize();
  const std::string before = redis().command({"HGETALL", "penstock:marker:items_v1"});
  const Ran empty = materialize();
  EXPECT_EQ(empty.read(), 0);
  EXPECT_EQ(redis().command({"HGETALL", "penstock:marker:items_v1"}), before);
  const Ran next = materialize();
  EXPECT_EQ(next.from(), empty.from()) << "the window still begins where the last row was";
  EXPECT_GT(next.to(), empty.to());
}

}  // namespace
}  // namespace penstock::test
