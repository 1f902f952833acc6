// A sink behind its proxy: what it is given, and what becomes of a bad one's answers.
#include "fixtures.hpp"

#include <penstock/builder.hpp>

#include <gmock/gmock.h>

namespace penstock::host {
namespace {

using test::Misbehaving;
using test::outcome;

WriteSpec users() {
  WriteSpec spec;
  spec.view = {"users", 1};
  spec.entity = "user_id";
  spec.run_id = "run";
  spec.order_size = 24;
  spec.schema = {{"penstock.key", penstock::Type::binary}, {"penstock.order", penstock::Type::binary}, {"total", penstock::Type::int32}};
  return spec;
}

Batch three_rows() {
  const auto schema = std::make_shared<const Schema>(users().schema);
  penstock::BatchBuilder builder(*schema);
  for (int32_t row = 0; row < 3; ++row) {
    builder[0].append_bytes("u" + std::to_string(row));
    builder[1].append_bytes("order");
    builder[2].append(row);
  }
  ArrowArray array;
  builder.finish(&array);
  return Batch(schema, &array);
}

class MisbehavingSink : public testing::Test {
 protected:
  std::unique_ptr<SinkWriter> begin(Sink& sink) const { return std::move(*sink.begin({}, users())); }
  Result<WriteOutcome> write(const std::string& mode) const {
    const auto sink = plugin.sink(mode);
    const auto writer = begin(*sink);
    Batch batch = three_rows();
    return writer->write({}, 1, batch);
  }
  Misbehaving plugin{"misbehaving_sink"};
};

TEST_F(MisbehavingSink, SaysWhatItCan) {
  const auto capabilities = *plugin.sink("fine")->capabilities({});
  EXPECT_TRUE(capabilities.durable());
  EXPECT_EQ(capabilities.batch_rows, 0);  // it said -1
  EXPECT_EQ(capabilities.batch_bytes, 1024);
}

TEST_F(MisbehavingSink, WritesFlushesAndCommits) {
  const auto sink = plugin.sink("fine");
  const auto writer = begin(*sink);
  EXPECT_EQ(writer->fence(), 7);
  Batch batch = three_rows();
  const auto written = writer->write({}, 1, batch);
  ASSERT_TRUE(written) << outcome(written);
  EXPECT_EQ(written->written, 3);
  EXPECT_EQ(outcome(writer->flush({})), "OK");
  EXPECT_EQ(outcome(writer->commit({}, {42, "", ""})), "OK");
  EXPECT_EQ(outcome(writer->flush({})), "misbehaving: flush: not called, as the writer has finished");
}

TEST_F(MisbehavingSink, HasToGiveAWriterWithAFence) {
  EXPECT_EQ(outcome(plugin.sink("begin_null")->begin({}, users())), "misbehaving: begin: answered OK without a writer");
  EXPECT_EQ(outcome(plugin.sink("begin_fence")->begin({}, users())), "misbehaving: begin: the fence 0 is not positive");
  EXPECT_EQ(outcome(plugin.sink("begin_fence_repeats")->begin({}, users())), "misbehaving: begin: the fence 7 after the fence 7");
  EXPECT_EQ(outcome(plugin.sink("begin_fence_unknown")->begin({}, users())), "misbehaving: begin: the fence 7 after the fence -2");
  const auto fenced = plugin.sink("begin_fenced")->begin({}, users());
  EXPECT_EQ(outcome(fenced), "misbehaving: begin: a newer run took over");
  EXPECT_EQ(fenced.failure().status, PENSTOCK_STATUS_FENCED);
}

TEST_F(MisbehavingSink, HasToCountEveryRow) {
  EXPECT_EQ(outcome(write("write_too_many")), "misbehaving: write: 4 written, 0 unchanged, 0 stale, 0 rejected of 3 rows");
  EXPECT_EQ(outcome(write("write_negative")), "misbehaving: write: 4 written, 0 unchanged, -1 stale, 0 rejected of 3 rows");
  EXPECT_THAT(outcome(write("write_overflow")), testing::HasSubstr(" of 3 rows"));
  EXPECT_EQ(outcome(write("write_uncounted_reject")), "misbehaving: write: 0 rows counted as rejected, 1 reported");
  EXPECT_EQ(outcome(write("write_unreported_reject")), "misbehaving: write: 1 rows counted as rejected, 0 reported");
}

TEST_F(MisbehavingSink, HasToRejectRowsThatExist) {
  EXPECT_EQ(outcome(write("write_reject_row")), "misbehaving: write: rejected row 3 of a batch of 3 rows");
  EXPECT_EQ(outcome(write("write_reject_column")), "misbehaving: write: rejected column 99 of a batch of 3 columns");
  EXPECT_EQ(outcome(write("write_reject_twice")), "misbehaving: write: rejected row 0 twice");
  EXPECT_EQ(write("write_reject_row").failure().status, PENSTOCK_STATUS_INTERNAL);
}

TEST_F(MisbehavingSink, PassesRejectsOn) {
  const auto written = write("write_rejects");
  ASSERT_TRUE(written) << outcome(written);
  EXPECT_EQ(written->written, 1);
  ASSERT_EQ(written->rejected.size(), 2u);
  EXPECT_EQ(written->rejected[0].row, 2);
  EXPECT_EQ(written->rejected[0].column, PENSTOCK_REJECT_NO_COLUMN);
  EXPECT_EQ(written->rejected[0].reason, "rejected without saying why");
  EXPECT_EQ(written->rejected[1].row, 0);
  EXPECT_EQ(written->rejected[1].column, 2);
  EXPECT_EQ(written->rejected[1].reason, "too\\nlong");
  EXPECT_TRUE(written->rejected[1].retryable);
}

TEST_F(MisbehavingSink, MayTakeTheBatchOrLeaveIt) {
  for (const char* mode : {"write_takes", "fine"}) {
    const auto sink = plugin.sink(mode);
    const auto writer = begin(*sink);
    Batch batch = three_rows();
    EXPECT_EQ(outcome(writer->write({}, 1, batch)), "OK");
    EXPECT_EQ(batch.array()->release == nullptr, mode == std::string("write_takes"));
  }
}

// What is left is read again for the rows that were refused.
TEST_F(MisbehavingSink, MayNotTakeTheBatchInParts) {
  for (const char* mode : {"write_takes_a_column", "write_changes_the_batch"})
    EXPECT_EQ(outcome(write(mode)), "misbehaving: write: it changed the batch, which is taken as a whole or left as it was");
}

TEST_F(MisbehavingSink, IsWarnedAboutWhenItLeavesAWriterThatItDoesNotGive) {
  EXPECT_EQ(outcome(plugin.sink("begin_fails_with_writer")->begin({}, users())), "misbehaving: begin: connection reset");
  EXPECT_EQ(plugin.heard.log(),
            std::vector<std::string>{"3 misbehaving: begin: it failed and left a writer, which is not used and so never ended"});
}

TEST_F(MisbehavingSink, IsOnlyAskedToAbortAfterAnError) {
  for (const char* mode : {"write_fails", "write_too_many", "write_reject_row"}) {
    const auto sink = plugin.sink(mode);
    const auto writer = begin(*sink);
    Batch batch = three_rows(), next = three_rows();
    EXPECT_NE(outcome(writer->write({}, 1, batch)), "OK");
    EXPECT_EQ(outcome(writer->write({}, 2, next)), "misbehaving: write: not called, as the writer failed before");
    EXPECT_EQ(outcome(writer->flush({})), "misbehaving: flush: not called, as the writer failed before");
    EXPECT_EQ(outcome(writer->commit({}, {42, "", ""})), "misbehaving: commit: not called, as the writer failed before");
    EXPECT_EQ(outcome(writer->abort({})), "OK");
    EXPECT_EQ(outcome(writer->abort({})), "misbehaving: abort: the writer has already finished");
  }
}

TEST_F(MisbehavingSink, IsDeadAfterAFailedFlushOrCommit) {
  const auto sink = plugin.sink("flush_fails");
  const auto writer = begin(*sink);
  EXPECT_EQ(outcome(writer->flush({})), "misbehaving: flush: disk full");
  EXPECT_EQ(outcome(writer->commit({}, {42, "", ""})), "misbehaving: commit: not called, as the writer failed before");
  const auto fine = plugin.sink("fine");
  const auto other = begin(*fine);
  EXPECT_EQ(outcome(other->commit({}, {41, "", ""})), "misbehaving: commit: the position is another one");
  EXPECT_EQ(outcome(other->commit({}, {42, "", ""})), "misbehaving: commit: not called, as the writer failed before");
}

// Cancelling a run leads to its abort, which therefore must not find itself cancelled.
TEST_F(MisbehavingSink, IsNotCancelledInItsAbort) {
  const auto cancel = std::make_shared<CancelToken>();
  const auto sink = plugin.sink("fine");
  const auto writer = begin(*sink);
  cancel->cancel();
  Batch batch = three_rows();
  EXPECT_EQ(outcome(writer->write({std::chrono::hours(1), cancel}, 1, batch)), "misbehaving: write: cancelled");
  EXPECT_EQ(outcome(writer->abort({std::chrono::hours(1), cancel})), "OK");
}

TEST_F(MisbehavingSink, HasItsWritersEndedOnce) {
  const double ended = plugin.sink_counter("ended");
  const double aborted = plugin.sink_counter("aborted");
  const double closed = plugin.sink_counter("closed");
  {
    auto sink = plugin.sink("fine");
    const auto dropped = begin(*sink);  // aborted on the way out
    const auto given_up = begin(*sink);
    EXPECT_EQ(outcome(given_up->abort({})), "OK");
    const auto committed = begin(*sink);
    EXPECT_EQ(outcome(committed->commit({}, {42, "", ""})), "OK");
    sink.reset();  // before its writers
  }
  EXPECT_EQ(outcome(plugin.sink("begin_fence")->begin({}, users())), "misbehaving: begin: the fence 0 is not positive");
  EXPECT_EQ(plugin.sink_counter("ended"), ended + 4);
  EXPECT_EQ(plugin.sink_counter("aborted"), aborted + 3);
  EXPECT_EQ(plugin.sink_counter("closed"), closed + 2 + 3);
}

TEST_F(MisbehavingSink, GivesItsMarker) {
  const auto sink = plugin.sink("fine");
  EXPECT_TRUE(sink->has_marker());
  const auto marker = *sink->load_marker({}, {"users", 1}, "user_id");
  EXPECT_EQ(marker.position, (Position{42, "d", "t"}));
  EXPECT_EQ(marker.fence, 3);
  EXPECT_EQ(marker.committed_fence, 2);
  EXPECT_EQ(marker.store_id, "store");
  EXPECT_EQ(plugin.sink("marker_without_position")->load_marker({}, {"users", 1}, "user_id")->position, std::nullopt);
}

TEST_F(MisbehavingSink, HasToGiveAMarkerThatCanBeKept) {
  EXPECT_EQ(outcome(plugin.sink("marker_fence")->load_marker({}, {"users", 1}, "user_id")),
            "misbehaving: load marker: the fence -1 is negative");
  EXPECT_EQ(outcome(plugin.sink("marker_committed_fence")->load_marker({}, {"users", 1}, "user_id")),
            "misbehaving: load marker: the fence -1 of the commit is negative");
  EXPECT_EQ(outcome(plugin.sink("marker_found")->load_marker({}, {"users", 1}, "user_id")),
            "misbehaving: load marker: found is 7, neither 0 nor 1");
  EXPECT_EQ(outcome(plugin.sink("marker_store_id")->load_marker({}, {"users", 1}, "user_id")),
            "misbehaving: load marker: the store's identity is longer than 256 bytes");
}

TEST_F(MisbehavingSink, GivesManyMarkersAtOnceOrOneAfterTheOther) {
  const std::vector<MarkerOf> views{{{"users", 1}, "user_id"}, {{"orders", 2}, "user_id"}};
  const auto ordinals = [&](const char* mode) {
    std::vector<int64_t> out;
    const auto markers = *plugin.sink(mode)->load_markers({}, views);
    for (const Marker& marker : markers) out.push_back(marker.position->ordinal);
    return out;
  };
  EXPECT_EQ(ordinals("many"), (std::vector<int64_t>{100, 101}));
  EXPECT_EQ(ordinals("many_of_before"), (std::vector<int64_t>{42, 42})) << "the slot is behind the end of its table";
  EXPECT_EQ(ordinals("fine"), (std::vector<int64_t>{42, 42})) << "the slot is NULL";
  EXPECT_EQ(outcome(plugin.sink("many_fence")->load_markers({}, views)), "misbehaving: load markers: the fence -1 is negative");
  EXPECT_EQ(plugin.sink("many_fails")->load_markers({}, views).failure().status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(outcome(plugin.sink("marker_fence")->load_markers({}, views)), "misbehaving: load marker: the fence -1 is negative");
}

TEST_F(MisbehavingSink, IsNotOpenedWithAHoleInAFeature) {
  EXPECT_EQ(outcome(plugin.try_sink("marker_hole")), "misbehaving: open: marker/1: slot compare_and_store is NULL");
}

TEST_F(MisbehavingSink, DescribesItsKeys) {
  EXPECT_EQ(*plugin.sink("fine")->describe_keys({}, {"users", 1}, "user_id"), "row\\tusers");
  EXPECT_EQ(outcome(plugin.sink("no_features")->describe_keys({}, {"users", 1}, "user_id")),
            "misbehaving: describe keys: this sink does not do that");
}

TEST_F(MisbehavingSink, SaysWhichFeaturesItLacks) {
  const auto sink = plugin.sink("no_features");
  EXPECT_FALSE(sink->has_marker());
  const auto marker = sink->load_marker({}, {"users", 1}, "user_id");
  EXPECT_EQ(outcome(marker), "misbehaving: load marker: this sink does not do that");
  EXPECT_EQ(marker.failure().status, PENSTOCK_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(outcome(sink->lookup({}, {"users", 1}, "user_id", {}, {"u1"})), "misbehaving: lookup: this sink does not do that");
}

TEST_F(MisbehavingSink, HasItsAnswersChecked) {
  const double released = plugin.sink_counter("arrays_released");
  EXPECT_EQ(outcome(plugin.sink("fine")->lookup({}, {"users", 1}, "user_id", {}, {"u1"})),
            "misbehaving: lookup: malformed Arrow array: column count 1, expected 3");
  EXPECT_EQ(outcome(plugin.sink("lookup_fails")->lookup({}, {"users", 1}, "user_id", {}, {"u1"})),
            "misbehaving: lookup: still loading");
  EXPECT_EQ(plugin.sink_counter("arrays_released"), released + 2);
}

}  // namespace
}  // namespace penstock::host
