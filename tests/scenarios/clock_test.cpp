// Clocks and times: the source's clock bounds a run, whatever the host's says, and a time is an instant, however it is written.
#include "scenarios/scenario.hpp"

#include <csignal>

namespace penstock::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Clocks : public Scenario {
 protected:
  // The host's wall clock is off by this much from now on; its steady clock is not.
  void shift_host_clock(const std::string& seconds) {
    write_file(world_.folder().path() / "shift", seconds);
    world_.set_environment("LD_PRELOAD", SHIFTED_CLOCK);
    world_.set_environment("PENSTOCK_TEST_CLOCK_SHIFT", world_.folder() / "shift");
  }
  std::string last_started() { return json_text(world_.penstock({"history", "--json"}).out, "started_at"); }
};

class Times : public Scenario {};

// 9
TEST_F(Clocks, AHostTwoHoursFastOrSlowReadsTheSameWindows) {
  make_table("id text, at timestamptz, v bigint", true);
  configure();
  int n = 0;
  for (const char* seconds : {"7200", "-7200", "7200"}) {
    shift_host_clock(seconds);
    const std::string before = instant("clock_timestamp()");
    ++n;
    sql("INSERT INTO shop.items VALUES ('k" + std::to_string(n) + "', NULL, " + std::to_string(n) + ")");
    EXPECT_EQ(materialize_until_all_read(), 1);
    const std::string after = instant("clock_timestamp()"), position = json_text(status(), "position");
    EXPECT_TRUE(before < position && position < after) << position;
    EXPECT_EQ(*seconds == '-', last_started() < before) << "the host's clock was not shifted: " << last_started();
  }
  EXPECT_EQ(stored(), (Profiles{{"k1", "1"}, {"k2", "2"}, {"k3", "3"}}));
}

// 54
TEST_F(Clocks, AHostWhoseClockIsSetBackGoesOnAtItsInterval) {
  make_table("id text, at timestamptz, v bigint", true);
  configure({.host = "interval = \"100ms\"\n"});
  shift_host_clock("0");
  Process host(world_.command({"run"}), world_.environment());
  sql("INSERT INTO shop.items VALUES ('a', NULL, 1)");
  ASSERT_TRUE(eventually([&] { return stored().size() == 1; })) << host.err();
  shift_host_clock("-7200");
  sql("INSERT INTO shop.items VALUES ('b', NULL, 2)");
  EXPECT_TRUE(eventually([&] { return stored().size() == 2; }, std::chrono::seconds(10))) << host.err();
  shift_host_clock("7200");
  sql("INSERT INTO shop.items VALUES ('c', NULL, 3)");
  EXPECT_TRUE(eventually([&] { return stored().size() == 3; }, std::chrono::seconds(10))) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

// 10
TEST_F(Times, ARowDated2099NeverMovesThePositionPastTheSourcesClock) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES ('future', '2099-01-01Z', 1), ('past', '2026-01-01Z', 2)");
  const Ran first = materialize();
  EXPECT_EQ(first.read(), 1);
  EXPECT_LT(first.to(), instant("clock_timestamp()"));
  sql("INSERT INTO shop.items VALUES ('present', clock_timestamp(), 3)");
  EXPECT_EQ(materialize_until_all_read(), 1);
  EXPECT_EQ(stored(), (Profiles{{"past", "2"}, {"present", "3"}}));
}

// 11
TEST_F(Times, TimesBefore1970ArriveAndTimesOutOfRangeAreRejectsOrLieBeyondEveryHorizon) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES ('a', '1969-12-31 23:59:59.999999Z', 1), ('a', '1969-12-31 23:59:59.999998Z', 2), "
      "('b', '1701-01-01Z', 3), ('b', '1700-01-01Z', 4), ('one', '0001-01-01Z', 5), ('one', '2001-01-01Z', 6), "
      "('before', '-infinity', 7), ('after', 'infinity', 8)");
  EXPECT_EQ(counts(materialize()), "read 7 = written 3 + unchanged 0 + stale 2 + rejected 2");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"b", "3"}, {"one", "6"}}));
  EXPECT_THAT(rejects(), HasSubstr("\"key\":\"one\",\"column\":\"at\",\"value_class\":\"time outside 1678 to 2262, or infinity\""));
  EXPECT_THAT(rejects(), HasSubstr("\"key\":\"before\""));
  EXPECT_EQ(materialize().read(), 0) << "infinity is after every horizon";
}

// 13
TEST_F(Times, ARowAtTheEdgeOfAMicrosecondIsNotReadAgainAndAgain) {
  make_table();
  configure();
  sql("INSERT INTO shop.items SELECT 'k' || n, clock_timestamp(), n FROM generate_series(1, 500) n");
  int64_t read = 0;
  for (int i = 0; i < 5; ++i) read += materialize().read();
  EXPECT_EQ(read, 500);
  EXPECT_EQ(stored().size(), 500u);
}

// 13
TEST_F(Times, NanosecondsOfAFileAreNeitherCutNorReadAgain) {
  configure_files("id,at,v\na,2026-01-01T00:00:00.123456788Z,1\na,2026-01-01T00:00:00.123456789Z,2\na,2026-01-01T00:00:00.123456787Z,3\n", {});
  int64_t read = 0;
  for (int i = 0; i < 3; ++i) read += materialize().read();
  EXPECT_EQ(read, 3);
  EXPECT_EQ(stored(), (Profiles{{"a", "2"}}));
}

// 14
TEST_F(Times, NaiveTimestampsMeanTheSameUnderAnyZoneOfTheSession) {
  make_table("id text, at timestamp, v bigint");
  sql("INSERT INTO shop.items VALUES ('a', '2026-07-01 12:00:00', 1)");
  // An hour ago on the wall in Berlin: in the window only if it is read in that zone.
  sql("INSERT INTO shop.items VALUES ('now', (clock_timestamp() - interval '1 second') AT TIME ZONE 'Europe/Berlin', 2)");
  const Items items{.fields = "{ name = \"v\", type = \"int64\" }, { name = \"when\", column = \"at\", type = \"unix_timestamp\" }",
                    .view = "timezone = \"Europe/Berlin\"\n"};
  for (const char* zone : {"UTC", "Asia/Kolkata", "America/Los_Angeles"}) {
    sql(std::string("ALTER ROLE penstock SET TimeZone = '") + zone + "'");
    world_.set_environment("TZ", zone);
    world_.set_environment("PGTZ", zone);
    redis().flush_all();
    configure(items);
    EXPECT_EQ(materialize({"--full"}).read(), 2) << zone;
    EXPECT_EQ(stored("when").at("a"), "1782900000") << zone;
    sql("INSERT INTO shop.items VALUES ('tomorrow', (clock_timestamp() + interval '1 hour') AT TIME ZONE 'Europe/Berlin', 2)");
    EXPECT_EQ(materialize().read(), 0) << zone;
    sql("DELETE FROM shop.items WHERE id = 'tomorrow'");
  }
  sql("ALTER ROLE penstock RESET ALL");
}

// 15
TEST_F(Times, RowsAroundBothChangesOfTheClockAllArriveAtTheirInstants) {
  make_table("id text, at timestamp, v bigint");
  sql("INSERT INTO shop.items VALUES ('spring before', '2024-03-31 01:59:59', 1), ('spring after', '2024-03-31 03:00:00', 2), "
      "('never was', '2024-03-31 02:30:00', 3), ('autumn before', '2024-10-27 01:59:59', 4), ('twice', '2024-10-27 02:30:00', 5), "
      "('autumn after', '2024-10-27 03:00:00', 6)");
  configure({.fields = "{ name = \"when\", column = \"at\", type = \"unix_timestamp\" }", .view = "timezone = \"Europe/Berlin\"\n"});
  EXPECT_EQ(materialize().read(), 6);
  EXPECT_EQ(stored("when"), (Profiles{{"spring before", "1711846799"}, {"spring after", "1711846800"}, {"never was", "1711846800"},
                                      {"autumn before", "1729987199"}, {"twice", "1729989000"}, {"autumn after", "1729994400"}}));
}

// 16
TEST_F(Times, MixedOffsetsAreOrderedByInstant) {
  make_table("id text, at timestamptz, written text, v bigint");
  sql("INSERT INTO shop.items VALUES ('a', '2026-01-01Z', '2026-01-01T12:00:00+02:00', 1), ('a', '2026-01-01Z', '2026-01-01T11:00:00Z', 2), "
      "('a', '2026-01-01Z', '2026-01-01T05:30:00-05:00', 3)");
  configure({.view = "order_by = [\"written\"]\n"});
  materialize();
  EXPECT_EQ(stored(), (Profiles{{"a", "2"}}));
}

// 17
TEST_F(Times, ADateCursorDeliversADayOnceItIsOver) {
  make_table("id text, at date, v bigint");
  sql("INSERT INTO shop.items SELECT 'day' || n, (now() AT TIME ZONE 'Europe/Berlin')::date - n, n FROM generate_series(0, 3) n");
  configure({.view = "timezone = \"Europe/Berlin\"\n"});
  EXPECT_EQ(materialize().read(), 3);
  EXPECT_EQ(stored(), (Profiles{{"day1", "1"}, {"day2", "2"}, {"day3", "3"}}));
  // A row of yesterday that comes now is late; the day behind the position is read again by a lookback.
  sql("INSERT INTO shop.items SELECT 'late', (now() AT TIME ZONE 'Europe/Berlin')::date - 1, 9");
  EXPECT_EQ(materialize().read(), 0);
  configure({.view = "timezone = \"Europe/Berlin\"\nlookback = \"1d\"\n"});
  EXPECT_EQ(counts(materialize()), "read 2 = written 1 + unchanged 1 + stale 0 + rejected 0");
  EXPECT_EQ(stored().size(), 4u);
}

// 18
TEST_F(Times, AnEpochColumnIsACursorThroughAQuery) {
  make_table("id text, at_ms bigint, v bigint");
  const std::string now = "(EXTRACT(epoch FROM clock_timestamp()) * 1000)::bigint";
  sql("INSERT INTO shop.items VALUES ('old', 1700000000000, 1), ('recent', " + now + " - 10000, 2), ('future', " + now + " + 3600000, 3)");
  configure({.table = "query = \"SELECT id, to_timestamp(at_ms / 1000.0) AS at, v FROM shop.items\""});
  EXPECT_EQ(materialize().read(), 2);
  sql("INSERT INTO shop.items VALUES ('old', " + now + ", 4)");
  EXPECT_EQ(materialize_until_all_read(), 1);
  EXPECT_EQ(stored(), (Profiles{{"old", "4"}, {"recent", "2"}}));
}

// 18
TEST_F(Times, AnIntegerColumnIsACursorInTheUnitThatTheTableCountsIn) {
  make_table("id text, at bigint, v bigint");
  const std::pair<std::string, std::string> units[] = {{"s", "1"}, {"ms", "1000"}, {"us", "1000000"}};
  for (const auto& [unit, a_second] : units) {
    SCOPED_TRACE(unit);
    sql("TRUNCATE shop.items");
    redis().flush_all();
    const std::string now = "floor(EXTRACT(epoch FROM clock_timestamp()) * " + a_second + ")::bigint";
    sql("INSERT INTO shop.items VALUES ('old', 1700000000 * " + a_second + "::bigint, 1), ('recent', " + now + " - 10 * " + a_second +
        ", 2), ('future', " + now + " + 3600 * " + a_second + "::bigint, 3)");
    configure({.fields = "{ name = \"v\", type = \"int64\" }, { name = \"raw\", column = \"at\", type = \"int64\" }, "
                         "{ name = \"when\", column = \"at\", type = \"unix_timestamp\" }",
               .source = "epoch_unit = \"" + unit + "\"\n",
               .view = "lookback = \"5s\"\n"});
    EXPECT_EQ(materialize({"--full"}).read(), 2);
    EXPECT_EQ(stored(), (Profiles{{"old", "1"}, {"recent", "2"}}));
    EXPECT_EQ(stored("raw").at("old"), "1700000000" + a_second.substr(1));
    EXPECT_EQ(stored("when").at("old"), "1700000000");
    EXPECT_THAT(world_.penstock({"get", "items", "old"}).out, HasSubstr("found, as of 2023-11-14T22:13:20Z ("));
    // Behind the position, and within the lookback, where "recent" is not.
    sql("INSERT INTO shop.items VALUES ('old', " + now + " - 3 * " + a_second + ", 4)");
    EXPECT_EQ(materialize().read(), 1);
    EXPECT_EQ(stored(), (Profiles{{"old", "4"}, {"recent", "2"}}));
    // A slice is of times too.
    EXPECT_EQ(materialize({"--from", "2023-11-14T22:13:19Z", "--to", "2023-11-14T22:13:20Z"}).read(), 1);
    EXPECT_EQ(materialize({"--from", "2023-11-14T22:13:20Z", "--to", "2023-11-14T22:13:21Z"}).read(), 0);
  }
}

// 18
TEST_F(Times, AnIntegerBeyondTheRangeOfTimesIsARejectOrLiesInTheFuture) {
  make_table("id text, at bigint, v bigint");
  configure({.source = "epoch_unit = \"s\"\n"});
  sql("INSERT INTO shop.items VALUES ('a', 1700000000, 1), ('b', -9223372037, 2), ('c', -9223372036854775808, 3), ('d', 9223372037, 4), "
      "('e', 9223372036854775807, 5)");
  EXPECT_EQ(counts(materialize()), "read 3 = written 1 + unchanged 0 + stale 0 + rejected 2");
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}}));
  EXPECT_THAT(rejects(), HasSubstr("\"key\":\"c\",\"column\":\"at\",\"value_class\":\"time outside 1678 to 2262, or infinity\""));
}

// 18
TEST_F(Times, AnIntegerColumnWithoutAUnitIsRefusedWithWhatToSay) {
  make_table("id text, at bigint, v bigint");
  sql("INSERT INTO shop.items VALUES ('a', 1700000000, 1)");
  configure();
  EXPECT_THAT(failing_run(), HasSubstr("timestamp_field \"at\" has type bigint; set epoch_unit = \"s\", \"ms\", \"us\" or \"ns\""));
  const Finished validate = world_.penstock({"validate", "--online"});
  EXPECT_NE(validate.exit_code, 0);
  EXPECT_THAT(validate.out + validate.err, HasSubstr("set epoch_unit"));
}

// 18
TEST_F(Times, AnIntegerColumnOfAFileIsRefusedUnlessItIsDeclaredAsAnEpoch) {
  configure_files("id,at,v\na,1700000000,1\n", {.source = "types = { at = \"int64\" }\n"});
  EXPECT_THAT(failing_run(), HasSubstr("timestamp_field \"at\" is of type int64, and its source does not say what it counts"));
  EXPECT_THAT(world_.penstock({"validate", "--online"}).err, HasSubstr("its source does not say what it counts"));
}

// 18
TEST_F(Times, AnEpochColumnOfAFileIsACursorInEveryUnit) {
  const std::pair<std::string, std::string> units[] = {{"s", ""}, {"ms", "000"}, {"us", "000000"}, {"ns", "000000000"}};
  for (const auto& [unit, zeros] : units) {
    SCOPED_TRACE(unit);
    redis().flush_all();
    configure_files("id,at,v\na,1700000000" + zeros + ",1\na,1700000001" + zeros + ",2\na,1600000000" + zeros + ",3\n",
                    {.fields = "{ name = \"v\", type = \"int64\" }, { name = \"when\", column = \"at\", type = \"unix_timestamp\" }",
                     .source = "types = { at = \"epoch_" + unit + "\" }\n"});
    EXPECT_EQ(materialize({"--full"}).read(), 3);
    EXPECT_EQ(stored(), (Profiles{{"a", "2"}}));
    EXPECT_EQ(stored("when"), (Profiles{{"a", "1700000001"}}));
    EXPECT_THAT(world_.penstock({"get", "items", "a"}).out, HasSubstr("found, as of 2023-11-14T22:13:21Z ("));
  }
}

// 18
TEST_F(Times, ATransactionIdColumnIsACursor) {
  make_table("id text, at xid8 DEFAULT pg_current_xact_id(), v bigint");
  sql("CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := pg_current_xact_id(); RETURN NEW; END $$;"
      "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON shop.items FOR EACH ROW EXECUTE FUNCTION shop.touch()");
  configure({.source = "cursor = \"xid\"\n"});
  PostgresSession late(postgres().dsn());
  late.exec("BEGIN; INSERT INTO shop.items (id, v) VALUES ('late', 1)");
  sql("INSERT INTO shop.items (id, v) VALUES ('a', 2)");
  EXPECT_EQ(materialize().read(), 0);
  late.exec("COMMIT");
  EXPECT_EQ(materialize().read(), 2);
  sql("UPDATE shop.items SET v = 3 WHERE id = 'a'");
  EXPECT_EQ(materialize().read(), 1);
  EXPECT_EQ(stored(), (Profiles{{"a", "3"}, {"late", "1"}}));
  EXPECT_THAT(status(), HasSubstr("\"guarantee\":\"A\""));
  EXPECT_THAT(world_.penstock({"get", "items", "a"}).out, testing::StartsWith("view \"items\" v1, item \"a\": found\n"));
  EXPECT_THAT(world_.penstock({"get", "items", "a", "--json"}).out, HasSubstr("\"as_of\":null,\"age_seconds\":null"));
  const Finished slice = world_.penstock({"materialize", "--from", "2026-01-01"});
  EXPECT_EQ(slice.exit_code, 2);
  EXPECT_THAT(slice.err, HasSubstr("--from and --to are times, and cursor = \"xid\" does not count in times"));
}

TEST_F(Times, TransactionIdsOfAnotherServerMeanThatEverythingIsReadAgain) {
  const char* const columns = "id text, at xid8 DEFAULT pg_current_xact_id(), changed timestamptz DEFAULT now(), v bigint";
  make_table(columns);
  sql("INSERT INTO shop.items (id, v) VALUES ('a', 1), ('b', 2)");
  const Items items{.source = "cursor = \"xid\"\n", .view = "order_by = [\"changed\"]\n"};
  configure(items);
  EXPECT_EQ(materialize().read(), 2);

  // A copy of the table elsewhere, as after a restore from a dump: other ids, and a row that was changed since.
  PostgresServer restored;
  restored.exec(std::string("CREATE SCHEMA shop; CREATE TABLE shop.items (") + columns + ");"
                "INSERT INTO shop.items (id, changed, v) VALUES ('a', '2020-01-01Z', 1), ('b', now() + interval '1 second', 3)");
  world_.set_environment("WAREHOUSE_DSN", restored.dsn());
  const Ran moved = materialize();
  EXPECT_EQ(moved.read(), 2);
  EXPECT_THAT(moved.finished.out, HasSubstr("the transaction ids are those of another server"));
  EXPECT_EQ(stored(), (Profiles{{"a", "1"}, {"b", "3"}}));

  const Ran again = materialize();
  EXPECT_EQ(again.read(), 0) << "from now on its ids count";
  EXPECT_THAT(again.finished.out, Not(HasSubstr("another server")));
}

}  // namespace
}  // namespace penstock::test
