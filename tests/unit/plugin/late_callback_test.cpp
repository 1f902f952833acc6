// A plugin that uses a call when it has ended: nothing of the host's is touched, the plugin is named, and its wrong answer does not count.
#include "fixtures.hpp"
#include "plugin/call_context.hpp"
#include "support/batches.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <semaphore>
#include <set>
#include <thread>

namespace penstock::host {
namespace {

using test::Misbehaving;
using test::outcome;

class LateCallback : public testing::Test {
 protected:
  std::string warning(const std::string& function, const std::string& action) const {
    return "3 misbehaving: called " + function + " after the call \"" + action + "\" had ended";
  }
  std::string refusal(const std::string& function, const std::string& action) const {
    return "not called, as it called " + function + " after the call \"" + action + "\" had ended";
  }
  Misbehaving plugin{"keeps_calls"};
};

TEST_F(LateCallback, IsNamedAndGetsTheAnswerThatMakesAThreadStop) {
  const std::pair<const char*, double> functions[] = {{"log_enabled", 0}, {"log", 0},         {"add_error_detail", 0}, {"cancelled", 1}, {"cancel_fd", 0},
                                                      {"deadline_ns", 0}, {"on_cancel", 1}, {"off_cancel", 0},       {"metric", 0}};
  std::vector<std::string> warnings;
  for (const auto& [function, answer] : functions) {
    const auto source = plugin.source(function);
    EXPECT_EQ(outcome(source->ping({})), "OK");
    EXPECT_EQ(outcome(source->ping({})), "OK");
    EXPECT_EQ(outcome(source->ping({})), "OK") << function << " changes no answer, so the object may be used on";
    EXPECT_EQ(outcome(source->ping({})), "OK");
    warnings.push_back(warning(function, "ping"));
    EXPECT_EQ(plugin.heard.log(), warnings) << "once for each function";
    auto metrics = plugin.heard.metrics();
    EXPECT_EQ(metrics["misbehaving.answer"], answer) << function;
    EXPECT_EQ(metrics["misbehaving.late_callbacks"], 1);
    EXPECT_EQ(metrics["misbehaving.hooks_run"], 0);
    EXPECT_FALSE(metrics.contains("misbehaving.too_late"));
  }
}

TEST_F(LateCallback, ThatWouldHaveChangedAnAnswerEndsTheUseOfTheObject) {
  for (const char* function : {"set_error", "reject"}) {
    const auto source = plugin.source(function);
    EXPECT_EQ(outcome(source->ping({})), "OK");
    EXPECT_EQ(outcome(source->ping({})), "OK");
    const auto after = source->ping({});
    EXPECT_EQ(outcome(after), "misbehaving: ping: " + refusal(function, "ping"));
    EXPECT_EQ(after.failure().status, PENSTOCK_STATUS_INTERNAL);
    EXPECT_EQ(outcome(plugin.source("fine")->ping({})), "OK") << "another object is not to blame";
    (void)plugin.source("fine")->ping({});  // which kept its call, too
  }
}

TEST_F(LateCallback, DoesNotAppendToAPositionThatWasRead) {
  const auto source = plugin.source("append");
  EXPECT_EQ(source->horizon({}, {}, {})->position.detail, "");
  EXPECT_EQ(outcome(source->ping({})), "OK");
  EXPECT_EQ(outcome(source->horizon({}, {}, {})), "misbehaving: horizon: " + refusal("append", "horizon"));
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{warning("append", "horizon")});
}

TEST_F(LateCallback, DoesNotAddAPartitionToAPlanThatWasMade) {
  const auto source = plugin.source("add_partition");
  EXPECT_EQ(source->plan({}, {})->partitions.size(), 1u);
  EXPECT_EQ(outcome(source->ping({})), "OK");
  EXPECT_EQ(plugin.heard.metrics()["misbehaving.answer"], 1) << "it is told that there is no room";
  EXPECT_EQ(outcome(source->plan({}, {})), "misbehaving: plan: " + refusal("add_partition", "plan"));
}

TEST_F(LateCallback, AfterCloseIsNamedToo) {
  (void)plugin.source("close");
  EXPECT_EQ(outcome(plugin.source("log")->ping({})), "OK");
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{warning("log", "close")});
}

TEST_F(LateCallback, IsOneOnlyWhenTheStreamIsReleased) {
  const auto source = plugin.source("log");
  auto stream = std::move(*source->scan({}, {}, ""));
  EXPECT_EQ(outcome(source->ping({})), "OK");
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{"4 misbehaving: too late"}) << "as long as the stream lives, so does its call";
  stream.reset();
  stream = std::move(*source->scan({}, {}, ""));
  stream.reset();
  EXPECT_EQ(outcome(source->ping({})), "OK");
  EXPECT_EQ(plugin.heard.log().back(), warning("log", "scan"));
}

// A row that is rejected when write has returned was counted as written: the position may not pass it.
TEST_F(LateCallback, RejectingARowKeepsTheRunFromItsCommit) {
  const auto sink = plugin.sink("reject");
  const Schema schema{{.name = "n", .type = penstock::Type::int32}};
  WriteSpec spec;
  spec.schema = schema;
  const auto writer = std::move(*sink->begin({}, spec));
  Batch batch = penstock::test::make_batch(schema, {{1}});
  EXPECT_EQ(outcome(writer->write({}, 1, batch)), "OK");
  EXPECT_EQ(outcome(writer->flush({})), "OK");
  EXPECT_EQ(outcome(writer->commit({}, {})), "misbehaving: commit: " + refusal("reject", "write"));
  EXPECT_EQ(outcome(writer->abort({})), "OK");
}

TEST_F(LateCallback, OfAThreadThatNobodyStoppedHarmsNoOtherCall) {
  const auto source = plugin.source("without_end");
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(outcome(source->ping({std::chrono::hours(1), std::make_shared<CancelToken>()})), "OK");
}

TEST(LateCallbacks, AreNotReportedWhenTheHooksAreGone) {
  test::Heard heard;
  const Registry::Hooks hooks = heard.hooks();
  LateCallbacks late(&hooks);
  late.report("postgres", "log", "ping");
  late.close();
  late.report("postgres", "metric", "ping");
  EXPECT_EQ(heard.log(), std::vector<std::string>{"3 postgres: called log after the call \"ping\" had ended"});
}

TEST(CallContext, IsNotOverBeforeTheCallbacksThatAreInsideHaveLeft) {
  const auto runtime = std::make_shared<PluginRuntime>();
  std::binary_semaphore inside(0), go_on(0);
  std::atomic<bool> left{false}, left_before_the_end{false};
  runtime->hooks.log = [&](int32_t level, std::string_view, std::string_view) {
    if (level != PENSTOCK_LOG_INFO) return;
    inside.release();
    go_on.acquire();
    left = true;
  };
  CallContext context(Callee(runtime, "x"), "ping", {});
  penstock_call* const call = context.get();
  std::thread plugin([&] { call->host->log(call, PENSTOCK_LOG_INFO, {"x", 1}); });
  inside.acquire();
  std::thread host([&] {
    (void)context.finish(PENSTOCK_STATUS_OK);
    left_before_the_end = left.load();
  });
  while (call->host->cancelled(call) == 0) std::this_thread::yield();  // until what comes now is late
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();            // time for an end that does not wait
  go_on.release();
  plugin.join();
  host.join();
  EXPECT_TRUE(left_before_the_end);
}

// The memory of a call is used again, but not soon.
TEST(CallSlot, RestsBeforeItIsUsedAgain) {
  const Callee callee(std::make_shared<PluginRuntime>(), "x");
  std::set<penstock_call*> seen;
  for (size_t i = 0; i < kRestingSlots; ++i) EXPECT_TRUE(seen.insert(CallContext(callee, "ping", {}).get()).second);
  size_t known = 0;
  for (size_t i = 0; i < 4 * kRestingSlots; ++i) known += seen.insert(CallContext(callee, "ping", {}).get()).second ? 0 : 1;
  EXPECT_GE(known, 2 * kRestingSlots);
}

}  // namespace
}  // namespace penstock::host
