// Scans bounded by time: a back-fill, `materialize --from --to`, and looking back.
#include "file_fixture.hpp"

namespace penstock::test {
namespace {

// 2026-01-01T00:00:00Z in ns.
constexpr int64_t kNewYear = 1'767'225'600'000'000'000;
const std::vector<std::string> kId = {"ID"};

class FileWindow : public FileTest {
 protected:
  // IDs of the rows with from < cursor <= to.
  Rows between(int64_t from, int64_t to, const std::string& zone = "") {
    const ScanResult result = scan({.since = TakenPosition{from, "", ""}, .until = {to, "", ""}, .columns = kId, .zone = zone});
    status_ = result.status;
    return result.rows;
  }
  penstock_status status_ = PENSTOCK_STATUS_OK;
};

TEST_F(FileWindow, ExcludesItsLowerBoundAndIncludesItsUpperToTheNanosecond) {
  write("T.csv",
        "ID,AT\n"
        "a,2025-12-31T23:59:59.999999999Z\n"
        "b,2026-01-01T00:00:00Z\n"
        "c,2026-01-01T00:00:00.000000001Z\n"
        "d,2026-01-01T02:00:00.000001+02:00\n"
        "e,2026-01-01T00:00:00.000001001Z\n");
  EXPECT_EQ(between(kNewYear, kNewYear + 1000), (Rows{{"c"}, {"d"}}));
  EXPECT_EQ(between(kNewYear - 1, kNewYear), (Rows{{"b"}}));
  EXPECT_EQ(between(kNewYear + 1000, kNewYear + 1001), (Rows{{"e"}}));
  EXPECT_EQ(between(kNewYear, kNewYear), Rows{});
  EXPECT_EQ(between(INT64_MIN, INT64_MAX).size(), 5u);
}

TEST_F(FileWindow, ComparesMicrosecondsAndEpochsExactly) {
  write("T.csv", "ID,AT\na,1767225600000000\nb,1767225600000001\n");
  table_options_["types"] = "AT=epoch_us";
  EXPECT_EQ(between(kNewYear - 1, kNewYear + 999), (Rows{{"a"}}));
  EXPECT_EQ(between(kNewYear, kNewYear + 1000), (Rows{{"b"}}));
  close();
  write("T.csv", "ID,AT\na,2026-01-01T00:00:00.000001Z\nb,1969-12-31T23:59:59.999999Z\nc,9999-01-01T00:00:00Z\nd,0001-01-01T00:00:00Z\n");
  table_options_["types"] = "AT=timestamp_us";
  EXPECT_EQ(between(kNewYear + 999, kNewYear + 1000), (Rows{{"a"}}));
  EXPECT_EQ(between(-1001, -1000), (Rows{{"b"}}));
  EXPECT_EQ(between(kNewYear + 1000, INT64_MAX - 1), Rows{});
  EXPECT_EQ(between(kNewYear + 1000, INT64_MAX), (Rows{{"c"}}));
}

TEST_F(FileWindow, UsesTheZoneForNaiveTimestampsThroughBothChangesOfTheClock) {
  write("T.csv",
        "ID,AT\n"
        "before,2026-03-29 01:59:59\n"   // 00:59:59Z
        "skipped,2026-03-29 02:30:00\n"  // the moment of the skip: 01:00:00Z
        "after,2026-03-29 03:00:00\n"    // 01:00:00Z
        "twice,2026-10-25 02:30:00\n"    // 00:30:00Z, the earlier
        "later,2026-10-25 03:30:00\n");  // 02:30:00Z
  constexpr int64_t kSpring = 1'774'746'000'000'000'000;  // 2026-03-29T01:00:00Z
  constexpr int64_t kAutumn = 1'792'888'200'000'000'000;  // 2026-10-25T00:30:00Z
  EXPECT_EQ(between(INT64_MIN, kSpring - 1, "Europe/Berlin"), (Rows{{"before"}}));
  EXPECT_EQ(between(kSpring - 1, kSpring, "Europe/Berlin"), (Rows{{"skipped"}, {"after"}}));
  EXPECT_EQ(between(kSpring, kAutumn, "Europe/Berlin"), (Rows{{"twice"}}));
  EXPECT_EQ(between(kAutumn, kAutumn + 7'200'000'000'000, "Europe/Berlin"), (Rows{{"later"}}));
  EXPECT_EQ(between(kNewYear, kSpring + 3'599'000'000'000, "UTC"), (Rows{{"before"}}));
}

TEST_F(FileWindow, StreamsNaiveTimestampsAsTheyAre) {
  write("T.csv", "ID,AT\na,2026-01-01 00:00:00\n");
  const ScanResult result = scan({.until = horizon(), .columns = {"AT"}, .zone = "Asia/Tokyo"});
  EXPECT_EQ(result.schema, (Schema{{"AT", Type::timestamp_ns}}));
  EXPECT_EQ(result.rows, (Rows{{std::to_string(kNewYear)}}));
}

TEST_F(FileWindow, NeedsAZoneToCompareNaiveTimestamps) {
  write("T.csv", "ID,AT\na,2026-01-01 00:00:00\n");
  between(0, INT64_MAX);
  EXPECT_EQ(status_, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(last_error_.message, "cursor column \"AT\" has timestamps without an offset: set timezone on the view");
  between(0, INT64_MAX, "Mars/Olympus");
  EXPECT_EQ(last_error_.message, "time zone \"Mars/Olympus\" is not known");
}

TEST_F(FileWindow, ComparesDatesAndMixedTextByInstant) {
  write("T.csv", "ID,AT\na,2026-01-01\nb,2026-01-02\n");
  table_options_["types"] = "AT=date";
  EXPECT_EQ(between(kNewYear - 1, kNewYear, "UTC"), (Rows{{"a"}}));
  close();
  table_options_.clear();
  write("T.csv", "ID,AT\na,2026-01-01T00:00:00Z\nb,2026-01-01T00:00:00\nc,2026-01-01\nd,2026-01-01T01:00:00+02:00\n");
  EXPECT_EQ(between(kNewYear - 1, kNewYear, "UTC"), (Rows{{"a"}, {"b"}, {"c"}}));
}

TEST_F(FileWindow, RefusesACursorThatIsNoTime) {
  write("T.csv", "ID,AT\na,5\n");
  between(0, INT64_MAX);
  EXPECT_EQ(last_error_.message, path("T.csv") + " line 2: column \"AT\": text of another form cannot be read as a timestamp");
  table_options_["types"] = "AT=int64";
  between(0, INT64_MAX);
  EXPECT_EQ(last_error_.message, "cursor column \"AT\" is declared as int64: declare it in \"types\" as timestamp, timestamp_naive, "
                                 "date or one of epoch_s, _ms, _us, _ns");
}

TEST_F(FileWindow, ReadsAllFilesAsTheyAreNow) {
  write("T/a.csv", "ID,AT\na,2026-01-01T00:00:00Z\n");
  horizon();
  write("T/b.csv", "ID,AT\nb,2026-01-01T00:00:00Z\n");
  const ScanResult result = scan({.since = TakenPosition{kNewYear - 1, "", ""}, .until = {kNewYear, "", ""}, .columns = kId});
  EXPECT_EQ(result.rows, (Rows{{"a"}, {"b"}}));
  EXPECT_EQ(result.statement, "read 2 of 2 files under " + path("T") + ": a.csv to byte 29, b.csv to byte 29; rows with AT after "
                              "2025-12-31T23:59:59.999999999Z; rows with AT up to 2026-01-01T00:00:00.000000000Z");
}

TEST_F(FileWindow, SinceATimeUntilAHorizonReadsTheBytesOfTheHorizon) {
  write("T.csv", "ID,AT\na,2025-01-01T00:00:00Z\nb,2026-06-01T00:00:00Z\n");
  const TakenPosition until = horizon();
  append("T.csv", "c,2026-06-01T00:00:00Z\n");
  EXPECT_EQ(scan({.since = TakenPosition{kNewYear, "", ""}, .until = until, .columns = kId}).rows, (Rows{{"b"}}));
}

TEST_F(FileWindow, LooksBackByTimeWithoutLosingWhatIsNewByBytes) {
  write("T.csv", "ID,AT\nold,2020-01-01T00:00:00Z\nrecent,2100-01-01T00:00:00Z\n");
  const TakenPosition before = horizon();
  append("T.csv", "late,2019-01-01T00:00:00Z\n");
  TakenPosition since = before;
  since.ordinal -= 3'600'000'000'000;
  EXPECT_EQ(scan({.since = since, .until = horizon(), .columns = kId}).rows, (Rows{{"recent"}, {"late"}}));
  EXPECT_EQ(scan({.since = before, .until = horizon(), .columns = kId}).rows, (Rows{{"late"}}));
}

TEST_F(FileWindow, HasRowsWithoutACursorOnlyWhenAsked) {
  write("T.csv", "ID,AT\na,\nb,2026-01-01T00:00:00Z\n");
  ScanRequest request{.since = TakenPosition{kNewYear - 1, "", ""}, .until = {kNewYear, "", ""}, .columns = kId};
  EXPECT_EQ(scan(request).rows, (Rows{{"b"}}));
  request.include_null_cursor = true;
  EXPECT_EQ(scan(request).rows, (Rows{{"a"}, {"b"}}));
}

}  // namespace
}  // namespace penstock::test
