#include "support/sink_suite.hpp"

#include <cstring>
#include <limits>

namespace penstock::test {

// Where programs find the suite: a library's file that nobody asks for is left out.
std::string name_of_stores(const ::testing::TestParamInfo<SinkStoreKind>& kind) { return kind.param.name; }

TEST_P(SinkSuite, SaysWhatItCanDo) {
  const uint32_t always = PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_TTL | PENSTOCK_SINK_UNCHANGED;
  EXPECT_EQ(sink_->capabilities().flags, always | (store_->is_durable() ? PENSTOCK_SINK_DURABLE : 0u));
  sink_->ping();
}

TEST_P(SinkSuite, RoundTripsEveryTypeAndEdgeValue) {
  const std::vector<ProfileRow> rows = edge_rows();
  const auto run = sink_->begin(all_types());
  EXPECT_EQ(run->write(rows), (Written{6, 0, 0, 0}));
  std::vector<std::string> keys;
  std::vector<Profile> expected;
  for (const ProfileRow& row : rows) {
    keys.push_back(row.key);
    expected.push_back(found(row));
  }
  EXPECT_EQ(sink_->lookup(all_types(), keys), expected);
}

TEST_P(SinkSuite, ReadsColumnsThatHaveAnOffset) {
  std::vector<ProfileRow> rows = edge_rows();
  const auto run = sink_->begin(all_types());
  EXPECT_EQ(run->write_with_seq(1, rows, nullptr, 2), (Written{4, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(all_types(), {"edge-1", "edge-2", "edge-4", "edge-5"}),
            (std::vector<Profile>{missing(16), found(rows[2]), found(rows[4]), found(rows[5])}));
}

TEST_P(SinkSuite, NullOverwritesAValueAndAValueANull) {
  const ProfileRow first{"k", order_key(1), {cell("ann"), Cell{}}};
  const ProfileRow second{"k", order_key(2), {Cell{}, cell(int32_t{5})}};
  const ProfileRow nothing{"k", order_key(3), {Cell{}, Cell{}}};
  const auto run = sink_->begin(kTwoFields);
  run->write({first});
  EXPECT_EQ(read({"k"}), std::vector<Profile>{found(first)});
  run->write({second});
  EXPECT_EQ(read({"k"}), std::vector<Profile>{found(second)});
  run->write({nothing});
  EXPECT_EQ(read({"k"}), std::vector<Profile>{found(nothing)});
}

TEST_P(SinkSuite, NewestWinsInWhateverOrderRowsArrive) {
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", 10, "old", 1), two_fields("b", 20, "new", 2)}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", 20, "new", 3), two_fields("b", 10, "old", 4)}), (Written{1, 0, 1, 0}));
  EXPECT_EQ(read({"a", "b"}),
            (std::vector<Profile>{found(two_fields("a", 20, "new", 3)), found(two_fields("b", 20, "new", 2))}));
}

TEST_P(SinkSuite, OrdersTimesBeforeTheEpochBelowLaterOnes) {
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", -5, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", -6, "x", 2)}), (Written{0, 0, 1, 0}));
  EXPECT_EQ(run->write({two_fields("a", 3, "x", 3)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", -1, "x", 4)}), (Written{0, 0, 1, 0}));
}

TEST_P(SinkSuite, TellsTimesApartThatDifferByOneNanosecond) {
  const int64_t now = 1'700'000'000'123'456'789;
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", now, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", now - 1, "y", 2)}), (Written{0, 0, 1, 0}));
  EXPECT_EQ(run->write({two_fields("a", now + 1, "z", 3)}), (Written{1, 0, 0, 0}));
}

TEST_P(SinkSuite, TheSameBatchTwiceIsUnchanged) {
  const auto run = sink_->begin(kTwoFields);
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "x", 1), two_fields("b", 1, "y", 2)};
  EXPECT_EQ(run->write(rows), (Written{2, 0, 0, 0}));
  EXPECT_EQ(run->write(rows), (Written{0, 2, 0, 0}));
}

// The values under the hash are others here, so that what was rewritten can be seen.
TEST_P(SinkSuite, TheSameRowFromALaterRunIsUnchangedAndOnlyItsOrderIsWritten) {
  sink_->begin(kTwoFields)->write({{"a", order_key(1, 1, 7), {cell("x"), cell(int32_t{1})}}});
  EXPECT_EQ(sink_->begin(kTwoFields)->write({{"a", order_key(1, 2, 7), {cell("y"), Cell{}}}}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found({"a", order_key(1, 2, 7), {cell("x"), cell(int32_t{1})}})});
}

TEST_P(SinkSuite, TheSameValuesAtALaterTimeAreUnchangedAndARowInBetweenIsStale) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("a", 10, "x", 1)});
  EXPECT_EQ(run->write({two_fields("a", 30, "x", 1)}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", 20, "y", 2)}), (Written{0, 0, 1, 0}));
  EXPECT_EQ(run->write({two_fields("a", 20, "x", 1)}), (Written{0, 0, 1, 0}));
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 30, "x", 1))});
}

// The row that won is unchanged and the one that lost comes after it: it must not win by its fence.
TEST_P(SinkSuite, ATieStaysDecidedWhenALaterRunReadsBothRowsAgain) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 9, 1)});
  const auto later = sink_->begin(kTwoFields);
  EXPECT_EQ(later->write({two_fields("a", 1, "x", 9, 2)}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(later->write({two_fields("a", 1, "y", 5, 2)}), (Written{0, 0, 1, 0}));
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 9, 2))});
}

TEST_P(SinkSuite, ACorrectedValueAtTheSameTimeFromALaterRunWins) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "wrong", 9, 1)});
  EXPECT_EQ(sink_->begin(kTwoFields)->write({two_fields("a", 1, "right", 3, 2)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 1, "right", 3, 2))});
}

TEST_P(SinkSuite, ATieWithinARunGoesToTheGreaterHashWhicheverCameFirst) {
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", 1, "x", 5), two_fields("b", 1, "y", 7)}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(run->write({two_fields("a", 1, "y", 7), two_fields("b", 1, "x", 5)}), (Written{1, 0, 1, 0}));
}

TEST_P(SinkSuite, RejectsAnOrderKeyOfAnotherWidth) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  RunOptions wider;
  wider.order_size = 32;
  const auto run = sink_->begin(kTwoFields, wider);
  EXPECT_EQ(run->write({{"a", std::string(32, '\xff'), {cell("y"), cell(2)}}}), (Written{0, 0, 0, 1}));
  ASSERT_EQ(run->rejects().size(), 1u);
  EXPECT_EQ(run->rejects()[0].row, 0);
  EXPECT_TRUE(run->rejects()[0].retryable) << "the profile may be gone by then";
  EXPECT_NE(run->rejects()[0].reason.find("order key of another width"), std::string::npos);
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
}

TEST_P(SinkSuite, TakesBinaryCompositeAndHugeKeys) {
  const std::vector<std::string> keys = {std::string("\0\r\n*3", 5), "2:ab1:c", "1:a2:bc", std::string(60'000, 'k'), "\xff\xfe", ":", "{a}", "*"};
  std::vector<ProfileRow> rows;
  std::vector<Profile> expected;
  for (size_t i = 0; i < keys.size(); ++i) {
    rows.push_back(two_fields(keys[i], 1, "x", static_cast<int32_t>(i)));
    expected.push_back(found(rows.back()));
  }
  EXPECT_EQ(sink_->begin(kTwoFields)->write(rows), (Written{static_cast<int64_t>(keys.size()), 0, 0, 0}));
  EXPECT_EQ(read(keys), expected);
}

TEST_P(SinkSuite, KeepsViewsAndVersionsApart) {
  RunOptions other_version, other_view;
  other_version.version = 2;
  other_view.view = "orders";
  sink_->begin(kTwoFields)->write({two_fields("k", 1, "users v1", 1)});
  sink_->begin(kTwoFields, other_version)->write({two_fields("k", 1, "users v2", 2)});
  sink_->begin(kTwoFields, other_view)->write({two_fields("k", 1, "orders v1", 3)});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"k"}, "users", 1), std::vector<Profile>{found(two_fields("k", 1, "users v1", 1))});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"k"}, "users", 2), std::vector<Profile>{found(two_fields("k", 1, "users v2", 2))});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"k"}, "orders", 1), std::vector<Profile>{found(two_fields("k", 1, "orders v1", 3))});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"k"}, "orders", 2), std::vector<Profile>{missing(2)});
}

TEST_P(SinkSuite, AnswersALookupInTheOrderAskedWithRepeatsAndGaps) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "y", 2)});
  const Profile a = found(two_fields("a", 1, "x", 1)), b = found(two_fields("b", 1, "y", 2));
  EXPECT_EQ(read({"b", "nobody", "a", "b"}), (std::vector<Profile>{b, missing(2), a, b}));
  EXPECT_EQ(read({}), std::vector<Profile>{});
}

TEST_P(SinkSuite, ReadsSomeFieldsAndAFieldThatNobodyWroteAsNull) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  const Schema fields = {{"ORDERS", Type::int32}, {"LATER", Type::float64}};
  EXPECT_EQ(sink_->lookup(fields, {"a"}),
            (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, order_key(1, 1, 1), {}, {cell(int32_t{1}), Cell{}}}}));
}

TEST_P(SinkSuite, ReadsAValueOfAnotherTypeAsNullAndSaysSo) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  EXPECT_EQ(sink_->lookup({{"NAME", Type::int32}}, {"a"}),
            (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, order_key(1, 1, 1), {}, {Cell{}}}}));
  EXPECT_NE(sink_->said().find("\"NAME\""), std::string::npos);
}

TEST_P(SinkSuite, TakesAnEmptyBatchAndAnEmptyRun) {
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({}), (Written{0, 0, 0, 0}));
  run->flush();
  run->commit({7, "d", "t"});
  EXPECT_EQ(sink_->load_marker().ordinal, 7);
}

TEST_P(SinkSuite, WritesAndReadsManyRows) {
  std::vector<ProfileRow> rows;
  std::vector<std::string> keys;
  std::vector<Profile> expected;
  for (int32_t i = 0; i < 5000; ++i) {
    rows.push_back(two_fields("key-" + std::to_string(i), 1, "somebody", i));
    if (i % 7 == 0) rows.back().cells[0] = Cell{};
    keys.push_back(rows.back().key);
    expected.push_back(found(rows.back()));
  }
  EXPECT_EQ(sink_->begin(kTwoFields)->write(rows), (Written{5000, 0, 0, 0}));
  EXPECT_EQ(read(keys), expected);
}

TEST_P(SinkSuite, SetsRefreshesAndRemovesTheTtlOfAProfile) {
  RunOptions an_hour, for_ever;
  an_hour.ttl_ms = 3'600'000;
  const ProfileRow row = two_fields("a", 1, "x", 1);
  const auto ttl = [&] { return read({"a"})[0].ttl_ms.value_or(-1); };
  sink_->begin(kTwoFields, an_hour)->write({row});
  EXPECT_TRUE(ttl() > 3'500'000 && ttl() <= 3'600'000) << ttl();
  EXPECT_EQ(sink_->set_ttl({"a"}, 100'000), 1u);
  EXPECT_TRUE(ttl() > 50'000 && ttl() <= 100'000) << ttl();
  EXPECT_EQ(sink_->begin(kTwoFields, an_hour)->write({row}), (Written{0, 1, 0, 0}));
  EXPECT_TRUE(ttl() > 3'500'000 && ttl() <= 3'600'000) << ttl();
  EXPECT_EQ(sink_->begin(kTwoFields, for_ever)->write({row}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(ttl(), -1);
  sink_->set_ttl({"a"}, 100'000);
  EXPECT_EQ(sink_->begin(kTwoFields, for_ever)->write({two_fields("a", 2, "y", 2)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(ttl(), -1);
}

TEST_P(SinkSuite, AStaleRowDoesNotProlongTheLifeOfAProfile) {
  RunOptions an_hour;
  an_hour.ttl_ms = 3'600'000;
  const auto run = sink_->begin(kTwoFields, an_hour);
  run->write({two_fields("a", 2, "x", 1)});
  sink_->set_ttl({"a"}, 100'000);
  EXPECT_EQ(run->write({two_fields("a", 1, "x", 1)}), (Written{0, 0, 1, 0}));
  EXPECT_LE(read({"a"})[0].ttl_ms.value_or(-1), 100'000);
}

TEST_P(SinkSuite, ExpiresAProfileAndTakesItAnewAfterwards) {
  RunOptions short_lived;
  short_lived.ttl_ms = 20;
  sink_->begin(kTwoFields, short_lived)->write({two_fields("a", 5, "x", 1)});
  EXPECT_TRUE(eventually([&] { return read({"a"})[0].state != PENSTOCK_PROFILE_FOUND; }));
  Profile gone = missing(2);
  if (store_->remembers_expired()) gone.state = PENSTOCK_PROFILE_EXPIRED;
  EXPECT_EQ(read({"a", "never"}), (std::vector<Profile>{gone, missing(2)}));
  // What expired is not there to be compared with.
  EXPECT_EQ(sink_->begin(kTwoFields)->write({two_fields("a", 4, "y", 2)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 4, "y", 2))});
}

TEST_P(SinkSuite, TakesTheLongestTtl) {
  RunOptions options;
  options.ttl_ms = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(sink_->begin(kTwoFields, options)->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_GT(read({"a"})[0].ttl_ms.value_or(-1), int64_t{365} * 86'400'000);
}

TEST_P(SinkSuite, SetTtlTouchesOnlyWhatIsThere) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "y", 2)});
  EXPECT_EQ(sink_->set_ttl({"a", "nobody"}, 100'000), 1u);
  EXPECT_EQ(sink_->set_ttl({"a"}, 0), 1u);
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
}

TEST_P(SinkSuite, RemovesProfilesAndCountsThoseThatWereThere) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "y", 2), two_fields("c", 1, "z", 3)});
  EXPECT_EQ(sink_->remove({"a", "nobody", "c"}), 2u);
  EXPECT_EQ(sink_->remove({"a"}), 0u);
  EXPECT_EQ(read({"a", "b", "c"}), (std::vector<Profile>{missing(2), found(two_fields("b", 1, "y", 2)), missing(2)}));
}

TEST_P(SinkSuite, GivesEveryRunAGreaterFenceOnAnyConnection) {
  const auto other = store_->open();
  const int64_t first = sink_->begin(kTwoFields)->fence();
  const int64_t second = other->begin(kTwoFields)->fence();
  const int64_t third = sink_->begin(kTwoFields)->fence();
  EXPECT_GT(first, 0);
  EXPECT_GT(second, first);
  EXPECT_GT(third, second);
  EXPECT_EQ(sink_->load_marker().fence, third);
}

TEST_P(SinkSuite, ARunThatAnotherTookOverCanNeitherWriteNorCommit) {
  const auto other = store_->open();
  const auto first = sink_->begin(kTwoFields);
  first->write({two_fields("a", 1, "x", 1)});
  const auto committed_too_late = store_->open();
  const auto late = committed_too_late->begin(kTwoFields);
  const auto second = other->begin(kTwoFields, {.run_id = "run-2"});
  EXPECT_EQ(error_of([&] { first->write({two_fields("a", 9, "late", 9)}); }).status, PENSTOCK_STATUS_FENCED);
  EXPECT_EQ(error_of([&] { late->commit({99, "", ""}); }).status, PENSTOCK_STATUS_FENCED);
  EXPECT_EQ(read({"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
  EXPECT_FALSE(sink_->load_marker().found);
  second->write({two_fields("a", 2, "y", 2)});
  second->commit({2, "", ""});
  EXPECT_EQ(sink_->load_marker().ordinal, 2);
}

TEST_P(SinkSuite, RunsOfOtherViewsDoNotFenceEachOther) {
  const auto users = sink_->begin(kTwoFields);
  const auto orders = sink_->begin(kTwoFields, {.view = "orders"});
  const auto next_version = sink_->begin(kTwoFields, {.version = 2});
  EXPECT_EQ(users->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(orders->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(next_version->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
}

TEST_P(SinkSuite, MovesTheMarkerOnCommitOnly) {
  const std::string detail("\0\xff\"", 3);
  EXPECT_FALSE(sink_->load_marker().found);
  int64_t committed_under = 0;
  {
    const auto run = sink_->begin(kTwoFields);
    run->write({two_fields("a", 1, "x", 1)});
    run->flush();
    EXPECT_FALSE(sink_->load_marker().found);
    run->commit({-42, detail, "2024-01-01T00:00:00Z"});
    committed_under = run->fence();
  }
  {
    const auto aborted = sink_->begin(kTwoFields);
    aborted->write({two_fields("a", 2, "x", 2)});
    aborted->abort();
  }
  const auto other = store_->open();
  const LoadedMarker marker = other->load_marker();
  EXPECT_TRUE(marker.found);
  EXPECT_EQ(marker.ordinal, -42);
  EXPECT_EQ(marker.detail, detail);
  EXPECT_EQ(marker.text, "2024-01-01T00:00:00Z");
  EXPECT_EQ(marker.committed_fence, committed_under) << "not that of the run which gave up";
  EXPECT_FALSE(other->load_marker("users", 2).found);
}

TEST_P(SinkSuite, StoresAMarkerOnlyUnderTheFenceThatWasRead) {
  sink_->compare_and_store(0, Position{1, "d", "one"}, "fresh");
  EXPECT_EQ(sink_->load_marker("fresh").text, "one");

  const int64_t fence = sink_->begin(kTwoFields)->fence();
  sink_->begin(kTwoFields)->commit({4, "d", "four"});
  const int64_t committed = sink_->load_marker().committed_fence;
  EXPECT_GT(committed, fence);
  EXPECT_EQ(error_of([&] { sink_->compare_and_store(fence, Position{5, "d", "five"}); }).status, PENSTOCK_STATUS_FENCED);
  sink_->compare_and_store(committed, Position{5, "d", "five"});
  EXPECT_EQ(sink_->load_marker().ordinal, 5);
  EXPECT_EQ(sink_->load_marker().committed_fence, 0) << "no run did";
  EXPECT_EQ(error_of([&] { sink_->compare_and_store(committed - 1, Position{6, "", ""}); }).status, PENSTOCK_STATUS_FENCED);
  EXPECT_EQ(sink_->load_marker().ordinal, 5);
  sink_->compare_and_store(committed, std::nullopt);
  const LoadedMarker removed = sink_->load_marker();
  EXPECT_FALSE(removed.found);
  EXPECT_EQ(removed.fence, committed);
}

TEST_P(SinkSuite, HasOneIdentityForAllConnectionsAndViews) {
  const std::string id = sink_->load_marker().store_id;
  EXPECT_GE(id.size(), 16u);
  sink_->begin(kTwoFields)->commit({1, "", ""});
  EXPECT_EQ(store_->open()->load_marker("orders").store_id, id);
  EXPECT_EQ(sink_->load_marker().store_id, id);
}

TEST_P(SinkSuite, SaysWhichRunBeganBefore) {
  const auto first = sink_->begin(kTwoFields);
  EXPECT_EQ(first->previous_fence(), 0);
  const auto second = sink_->begin(kTwoFields);
  EXPECT_EQ(second->previous_fence(), first->fence());
  second->commit({1, "", ""});
  EXPECT_EQ(sink_->begin(kTwoFields)->previous_fence(), second->fence());
  EXPECT_EQ(sink_->begin(kTwoFields, {.view = "another"})->previous_fence(), 0);
}

TEST_P(SinkSuite, GivesManyMarkersAtOnce) {
  sink_->begin(kTwoFields)->commit({7, "d", "seven"});
  sink_->compare_and_store(0, Position{-1, "", "one"}, "fresh");
  const std::vector<std::string> views{"fresh", "users", "never", "users"};
  const auto markers = sink_->load_markers(views);
  ASSERT_EQ(markers.size(), views.size());
  for (size_t i = 0; i < views.size(); ++i) EXPECT_EQ(markers[i], sink_->load_marker(views[i])) << views[i];
  EXPECT_EQ(markers[1].text, "seven");
  EXPECT_FALSE(markers[2].found);
  EXPECT_TRUE(sink_->load_markers({}).empty());
}

TEST_P(SinkSuite, RefusesABatchOutOfTurnAndEverythingAfterAnAbort) {
  const auto run = sink_->begin(kTwoFields);
  run->write_with_seq(1, {two_fields("a", 1, "x", 1)});
  EXPECT_EQ(error_of([&] { run->write_with_seq(3, {two_fields("a", 2, "x", 2)}); }).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  run->abort();
  EXPECT_EQ(error_of([&] { run->write_with_seq(2, {}); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(error_of([&] { run->commit({1, "", ""}); }).status, PENSTOCK_STATUS_FAILED_PRECONDITION);
}

TEST_P(SinkSuite, RefusesASchemaThatItCannotStore) {
  for (const Field& field : {Field{"F", Type::decimal128, "", 10, 2}, Field{"F", Type::int8}, Field{"F", Type::timestamp_us, "UTC"},
                             list_of("F", Type::date32)}) {
    const RecordedError error = error_of([&] { sink_->begin({field}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
    EXPECT_NE(error.message.find("\"F\""), std::string::npos) << error.message;
  }
  EXPECT_EQ(error_of([&] { sink_->begin({{"A", Type::int32}, {"A", Type::int32}}); }).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
}

TEST_P(SinkSuite, ReadsOnOneConnectionWhileAnotherWrites) {
  std::thread writing([&] {
    const auto other = store_->open();
    const auto run = other->begin(kTwoFields);
    for (int32_t i = 1; i <= 50; ++i) run->write({two_fields("a", i, "x", i), two_fields("b", i, "x", i)});
  });
  int32_t last = 0;
  bool in_order = true, whole = true;
  const bool done = eventually([&] {
    const Profile profile = read({"a"})[0];
    if (profile.state == PENSTOCK_PROFILE_MISSING) return false;
    int32_t orders = 0;
    std::memcpy(&orders, profile.cells[1]->data(), sizeof orders);
    in_order = in_order && orders >= last;
    whole = whole && profile.order == order_key(orders, 1, static_cast<uint64_t>(orders));
    last = orders;
    return last == 50;
  });
  writing.join();
  EXPECT_TRUE(done && in_order && whole);
}

}  // namespace penstock::test
