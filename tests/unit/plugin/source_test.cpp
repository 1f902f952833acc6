// A source behind its proxy: what a good one gives, and what becomes of a bad one's answers.
#include "fixtures.hpp"
#include "plugin/call_context.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::Misbehaving;
using test::outcome;
using test::PluginFolder;

ScanRequest numbers() {
  ScanRequest request;
  request.table.table = "numbers";
  request.cursor.column = "n";
  request.until.ordinal = 6;
  request.columns = {"n"};
  request.batch_rows = 100;
  return request;
}

Result<std::vector<int64_t>> read_all(BatchStream& stream) {
  std::vector<int64_t> values;
  while (true) {
    auto batch = stream.next();
    if (!batch) return batch.failure();
    if (!*batch) return values;
    const auto view = (*batch)->view();
    for (int64_t row = 0; row < view.rows(); ++row) values.push_back(view[0].value<int64_t>(row));
  }
}

class CountingSource : public testing::Test {
 protected:
  CountingSource() { EXPECT_EQ(outcome(registry.load_file(folder.add("counting", "a.so"))), "OK"); }
  std::unique_ptr<Source> open() const {
    return std::move(*registry.open_source(*registry.find(PENSTOCK_KIND_SOURCE, "counting"), ResolvedOptions(), {}));
  }
  PluginFolder folder;
  Registry registry{{}};
};

TEST_F(CountingSource, IsDescribed) {
  EXPECT_EQ(*open()->describe({}, numbers().table), (Schema{{"n", penstock::Type::int64}}));
}

TEST_F(CountingSource, GivesItsHorizon) {
  const auto horizon = *open()->horizon({}, {}, {});
  EXPECT_EQ(horizon.position, (Position{6, "\0\1"s, "n = 6"}));
  EXPECT_EQ(horizon.guarantee, GuaranteeClass::a);
  EXPECT_EQ(horizon.why, "numbers do not change");
  EXPECT_EQ(horizon.holder, "nobody");
}

TEST_F(CountingSource, IsPlanned) {
  const auto plan = *open()->plan({}, numbers());
  EXPECT_EQ(plan.partitions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plan.statement, "count\nto six");
  EXPECT_EQ(plan.cursor_unit_ns, 1000);
  EXPECT_EQ(plan.advice, "");
}

TEST_F(CountingSource, IsAskedForAdviceOnlyWhenItIsRead) {
  ScanRequest request = numbers();
  request.advise = true;
  EXPECT_EQ(open()->plan({}, request)->advice, "count\\nfaster");
}

TEST_F(CountingSource, IsReadToItsEnd) {
  const auto source = open();
  const auto stream = std::move(*source->scan({}, numbers(), "a"));
  EXPECT_EQ(stream->schema(), (Schema{{"n", penstock::Type::int64}}));
  EXPECT_EQ(stream->honoured(), PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_ORDER);
  EXPECT_EQ(stream->rows_estimate(), 6);
  EXPECT_EQ(stream->cursor_unit_ns(), 1000);
  EXPECT_EQ(*read_all(*stream), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_FALSE(stream->next()->has_value());
}

// The plugin aborts the process when it is closed before its streams are released.
TEST_F(CountingSource, IsClosedAfterItsStreams) {
  auto source = open();
  auto stream = std::move(*source->scan({}, numbers(), "a"));
  source.reset();
  EXPECT_EQ(*read_all(*stream), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(CountingSource, KeepsABatchAfterTheStreamIsGone) {
  auto stream = std::move(*open()->scan({}, numbers(), "a"));
  const Batch batch = std::move(**stream->next());
  stream.reset();
  EXPECT_EQ(batch.view()[0].value<int64_t>(2), 3);
}

TEST_F(CountingSource, IsOpenedAndClosedWithoutGrowth) {
  const auto descriptors = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
  (void)open();
  const auto before = descriptors();
  for (int i = 0; i < 200; ++i) {
    const auto source = open();
    EXPECT_TRUE(source->ping({1h, std::make_shared<CancelToken>()}));
  }
  EXPECT_EQ(descriptors(), before);
}

// Both libraries define step_of_this_library and next_step; see counting.c.
TEST_F(CountingSource, DoesNotSeeTheNamesOfAnotherPlugin) {
  ASSERT_EQ(outcome(registry.load_file(folder.add("counting_back", "b.so"))), "OK");
  const auto back = std::move(*registry.open_source(*registry.find(PENSTOCK_KIND_SOURCE, "counting_back"), ResolvedOptions(), {}));
  EXPECT_EQ(open()->horizon({}, {}, {})->position.ordinal, 6);
  EXPECT_EQ(back->horizon({}, {}, {})->position.ordinal, -6);
}

TEST(TableRef, LabelsItselfForMessages) {
  EXPECT_EQ((TableRef{"D", "S", "T", "", nullptr}).label(), "table \"D\".\"S\".\"T\"");
  EXPECT_EQ((TableRef{"", "", "T", "", nullptr}).label(), "table \"T\"");
  EXPECT_EQ((TableRef{"", "", "", "SELECT 1", nullptr}).label(), "query");
}

class MisbehavingSource : public testing::Test {
 protected:
  std::string describe(const std::string& mode) const { return outcome(plugin.source(mode)->describe({}, {})); }
  std::string scan(const std::string& mode) const {
    const auto source = plugin.source(mode);
    const auto stream = source->scan({}, numbers(), "");
    return stream ? outcome(read_all(**stream)) : outcome(stream);
  }
  Misbehaving plugin{"misbehaving_source"};
};

TEST_F(MisbehavingSource, HasToGiveAnObject) {
  const auto opened = plugin.try_source("open_null");
  EXPECT_EQ(outcome(opened), "misbehaving: open: answered OK without an object");
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_INTERNAL);
}

TEST_F(MisbehavingSource, IsWarnedAboutWhenItLeavesAnObjectThatItDoesNotGive) {
  EXPECT_EQ(outcome(plugin.try_source("open_fails_with_object")), "misbehaving: open: connection refused");
  EXPECT_EQ(plugin.heard.log(),
            std::vector<std::string>{"3 misbehaving: open: it failed and left an object, which is not used and so never closed"});
}

TEST_F(MisbehavingSource, HasToDescribeSensibly) {
  EXPECT_EQ(describe("describe_nothing"), "misbehaving: describe: unusable Arrow schema: there is none");
  EXPECT_EQ(describe("schema_null_child"), "misbehaving: describe: unusable Arrow schema: child 0 is missing");
  EXPECT_EQ(describe("schema_children"), "misbehaving: describe: unusable Arrow schema: -1 children, allowed are 4096");
  EXPECT_EQ(describe("schema_format"), "misbehaving: describe: unusable Arrow schema: column \"n\" has the unsupported Arrow format \"tDs\"");
  EXPECT_EQ(describe("schema_no_format"), "misbehaving: describe: unusable Arrow schema: column \"n\": a format is missing or too long");
  EXPECT_EQ(describe("schema_no_name"), "misbehaving: describe: unusable Arrow schema: a column has no name");
  EXPECT_EQ(describe("schema_name"), "misbehaving: describe: unusable Arrow schema: a column's name is not UTF-8: \"n\\xff\"");
  EXPECT_EQ(describe("schema_not_struct"), "misbehaving: describe: unusable Arrow schema: the Arrow schema is not a struct");
}

TEST_F(MisbehavingSource, HasItsSchemasReleasedOnce) {
  const double before = plugin.source_counter("schemas_released");
  EXPECT_EQ(describe("fine"), "OK");
  EXPECT_EQ(describe("describe_fails"), "misbehaving: describe: relation \"numbers\" does not exist");
  EXPECT_EQ(describe("schema_no_name"), "misbehaving: describe: unusable Arrow schema: a column has no name");
  EXPECT_EQ(plugin.source_counter("schemas_released"), before + 3);
}

TEST_F(MisbehavingSource, HasToGiveAHorizonThatCanBeKept) {
  EXPECT_EQ(outcome(plugin.source("horizon_class")->horizon({}, {}, {})), "misbehaving: horizon: unknown guarantee class 9");
  EXPECT_EQ(outcome(plugin.source("horizon_detail")->horizon({}, {}, {})),
            "misbehaving: horizon: the position's detail is longer than 4096 bytes");
  EXPECT_EQ(outcome(plugin.source("horizon_without_data")->horizon({}, {}, {})),
            "misbehaving: horizon: appended 7 bytes without saying where they are");
  const auto horizon = *plugin.source("fine")->horizon({}, {}, {});
  EXPECT_EQ(horizon.position, (Position{-5, std::string(4096, '\0'), "a\\nb"}));
  EXPECT_LE(horizon.why.size(), kMaxShortText + 3);
  EXPECT_EQ(outcome(plugin.source("horizon_pointers")->horizon({}, {}, {})), "OK");
}

// No partitions would mean no rows, and the window would be committed as read.
TEST_F(MisbehavingSource, HasToPlanAPartition) {
  EXPECT_EQ(outcome(plugin.source("plan_none")->plan({}, numbers())), "misbehaving: plan: it has no partitions");
  EXPECT_EQ(outcome(plugin.source("plan_null_token")->plan({}, numbers())),
            "misbehaving: plan: added a partition of 7 bytes without saying where they are");
}

TEST_F(MisbehavingSource, MayNotPlanWithoutEnd) {
  const std::string message =
      "misbehaving: plan: more than 100000 partitions or 16777216 bytes of tokens, or a token of more than 65536";
  EXPECT_EQ(outcome(plugin.source("plan_endless")->plan({}, numbers())), message);
  EXPECT_EQ(outcome(plugin.source("plan_huge_token")->plan({}, numbers())), message);
}

TEST_F(MisbehavingSource, HasToGiveAStream) {
  EXPECT_EQ(scan("scan_no_stream"), "misbehaving: scan: the stream lacks a function");
  EXPECT_EQ(scan("scan_no_function"), "misbehaving: scan: the stream lacks a function");
  EXPECT_EQ(scan("scan_fails"), "misbehaving: scan: connection refused");
  EXPECT_EQ(scan("stream_no_schema"), "misbehaving: scan: failed without saying why");
}

TEST_F(MisbehavingSource, MayNotCountACursorBackwards) {
  EXPECT_EQ(outcome(plugin.source("plan_unit")->plan({}, numbers())), "misbehaving: plan: a cursor of negative unit");
  EXPECT_EQ(scan("scan_unit"), "misbehaving: scan: a cursor of negative unit");
}

TEST_F(MisbehavingSource, HasToStreamTheColumnsAskedFor) {
  EXPECT_EQ(scan("stream_other_column"), "misbehaving: scan: the stream lacks column \"n\"");
}

TEST_F(MisbehavingSource, HasToStreamWhatItDescribed) {
  const auto source = plugin.source("stream_other_type");
  EXPECT_EQ(outcome(source->describe({}, numbers().table)), "OK");
  const auto stream = source->scan({}, numbers(), "");
  EXPECT_EQ(outcome(stream), "misbehaving: scan: table changed: column \"n\" is streamed as i but was described as l (Arrow formats)");
  EXPECT_EQ(stream.failure().retry, PENSTOCK_RETRY_RECONNECT);
}

TEST_F(MisbehavingSource, HasItsArraysChecked) {
  EXPECT_EQ(scan("array_length"), "misbehaving: read: batch 1: malformed Arrow array: column \"n\": length 1000000, expected 3");
  EXPECT_EQ(scan("array_no_buffers"), "misbehaving: read: batch 1: malformed Arrow array: column \"n\": buffer count 0, expected 2");
  EXPECT_EQ(scan("array_null_child"), "misbehaving: read: batch 1: malformed Arrow array: column count 2, expected 1");
  EXPECT_EQ(scan("array_offset"), "misbehaving: read: batch 1: malformed Arrow array: column \"n\": offset or length out of range");
}

TEST_F(MisbehavingSource, ReportsWhyAStreamFailed) {
  EXPECT_EQ(scan("next_fails"), "misbehaving: read: the file changed while it was read");
  EXPECT_EQ(scan("next_fails_plainly"), "misbehaving: read: disk\\nerror");
  const auto source = plugin.source("next_fails_silently");
  const auto stream = std::move(*source->scan({}, numbers(), ""));
  const auto batch = stream->next();
  EXPECT_EQ(outcome(batch), "misbehaving: read: failed without saying why");
  EXPECT_EQ(batch.failure().status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED);
}

TEST_F(MisbehavingSource, KeepsAFailedStreamFailed) {
  const auto source = plugin.source("next_fails");
  const auto stream = std::move(*source->scan({}, numbers(), ""));
  EXPECT_TRUE(stream->next());
  for (int i = 0; i < 2; ++i) {
    const auto batch = stream->next();
    EXPECT_EQ(outcome(batch), "misbehaving: read: the file changed while it was read");
    EXPECT_EQ(batch.failure().status, PENSTOCK_STATUS_DATA_LOSS);
  }
}

TEST_F(MisbehavingSource, HasItsArraysAndStreamsReleasedOnce) {
  const double arrays = plugin.source_counter("arrays_released");
  const double streams = plugin.source_counter("streams_released");
  const double closed = plugin.source_counter("closed");
  EXPECT_EQ(scan("fine"), "OK");                                                      // 2 arrays
  EXPECT_EQ(scan("next_fails"), "misbehaving: read: the file changed while it was read");  // 1, and 1 with the error
  EXPECT_NE(scan("array_length"), "OK");                                              // 1
  EXPECT_NE(scan("scan_fails"), "OK");
  EXPECT_NE(scan("scan_no_function"), "OK");
  EXPECT_EQ(plugin.source_counter("arrays_released"), arrays + 5);
  EXPECT_EQ(plugin.source_counter("streams_released"), streams + 5);
  EXPECT_EQ(plugin.source_counter("closed"), closed + 5 + 3);  // and the three sources of these counters
}

TEST_F(MisbehavingSource, IsWarnedAboutOnceWhenItsBatchesAreTooLong) {
  const auto source = plugin.source("fine");
  ScanRequest request = numbers();
  request.batch_rows = 2;
  const auto stream = std::move(*source->scan({0ns, nullptr, "view \"users\" v1"}, request, ""));
  EXPECT_EQ(read_all(*stream)->size(), 6u);
  EXPECT_EQ(plugin.heard.log(),
            std::vector<std::string>{"3 view \"users\" v1: misbehaving: read: a batch of 3 rows, at most 2 were asked for"});
}

TEST_F(MisbehavingSource, IsReducedToWhatTheHostKnows) {
  const auto source = plugin.source("fine");
  const auto stream = std::move(*source->scan({}, numbers(), ""));
  EXPECT_EQ(stream->honoured(), 31u);
  EXPECT_EQ(stream->rows_estimate(), -1);
}

TEST_F(MisbehavingSource, IsCancelledWhileItStreams) {
  const auto cancel = std::make_shared<CancelToken>();
  const auto source = plugin.source("next_waits");
  const auto stream = std::move(*source->scan({1h, cancel}, numbers(), ""));
  EXPECT_TRUE(stream->next());
  std::thread canceller([&] {
    while (plugin.heard.log().empty()) std::this_thread::yield();
    cancel->cancel();
  });
  const auto batch = stream->next();
  canceller.join();
  EXPECT_EQ(outcome(batch), "misbehaving: read: stopped by the hook");
  EXPECT_EQ(batch.failure().status, PENSTOCK_STATUS_CANCELLED);
}

// The timeout is for each batch, not for the whole scan, and does not run while the host is busy elsewhere.
TEST_F(MisbehavingSource, HasTimeForEachBatch) {
  const auto source = plugin.source("next_waits");
  const auto stream = std::move(*source->scan({20ms}, numbers(), ""));
  const auto until = std::chrono::steady_clock::now() + 30ms;
  while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(outcome(stream->next()), "OK");
  const auto batch = stream->next();
  EXPECT_EQ(outcome(batch), "misbehaving: read: stopped by the hook (the call's time was up)");
  EXPECT_EQ(batch.failure().status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
}

TEST_F(MisbehavingSource, MayNotBeCalledTwiceAtOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const auto source = plugin.source("wait_for_hook");
        std::thread first([&] { (void)source->ping({}); });
        while (plugin.heard.log().empty()) std::this_thread::yield();
        (void)source->ping({});
      },
      "two calls at once on one plugin object");
}

}  // namespace
}  // namespace penstock::host
