// What a call lends to a plugin, seen from the plugin's side of the boundary: errors, log, cancellation, deadlines.
#include "fixtures.hpp"
#include "plugin/call_context.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using test::Misbehaving;
using test::outcome;

class PluginCall : public testing::Test {
 protected:
  Failure failure(const std::string& mode) const { return plugin.try_source(mode).failure(); }
  // Waits for the plugin to say so, then cancels.
  void cancel_when_waiting(CancelToken& token) const {
    while (plugin.heard.log().empty()) std::this_thread::yield();
    token.cancel();
  }
  // The outcome of a ping that blocks until it is cancelled from another thread.
  std::string cancelled_ping(const std::string& mode, const CallLimits& limits) {
    const auto source = plugin.source(mode);
    std::thread canceller([&] { cancel_when_waiting(*limits.cancel); });
    const auto result = source->ping(limits);
    canceller.join();
    EXPECT_EQ(result.failure().status, PENSTOCK_STATUS_CANCELLED);
    return outcome(result);
  }

  Misbehaving plugin{"misbehaving_source"};
};

TEST_F(PluginCall, ReportsTheErrorWithEverythingInIt) {
  const auto source = plugin.source("describe_fails");
  const Failure failure = source->describe({}, {}).failure();
  EXPECT_EQ(failure.message, "misbehaving: describe: relation \"numbers\" does not exist");
  EXPECT_EQ(failure.status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(failure.retry, PENSTOCK_RETRY_SAFE);
  EXPECT_EQ(failure.vendor_code, 42);
  EXPECT_EQ(failure.sqlstate, "42P01");
}

TEST_F(PluginCall, ForgivesAnErrorWhenTheStatusIsOk) { EXPECT_EQ(outcome(plugin.try_source("open_ok_with_error")), "OK"); }

TEST_F(PluginCall, MakesUpAnErrorWhenThereIsNone) {
  const Failure silent = failure("open_silent");
  EXPECT_EQ(silent.message, "misbehaving: open: failed without saying why");
  EXPECT_EQ(silent.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(silent.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  EXPECT_EQ(failure("open_null_error").message, "misbehaving: open: failed without saying why");
}

TEST_F(PluginCall, ReadsAnUnknownStatusAsInternal) {
  const Failure unknown = failure("open_999");
  EXPECT_EQ(unknown.message, "misbehaving: open: failed without saying why");
  EXPECT_EQ(unknown.status, PENSTOCK_STATUS_INTERNAL);
  EXPECT_EQ(unknown.details, (std::vector<std::pair<std::string, std::string>>{{"status", "999"}}));
}

TEST_F(PluginCall, EscapesWhatATerminalWouldObey) {
  const Failure odd = failure("open_control_characters");
  EXPECT_EQ(odd.message, "misbehaving: open: bad\\x00 \\x1b[31mred\\x1b[0m\\nline \\xff \\xc2\\x9b");
  EXPECT_EQ(odd.details, (std::vector<std::pair<std::string, std::string>>{{"qu\\nery", "id\\t7"}}));
  EXPECT_EQ(odd.sqlstate, "");                             // not five letters and digits
  EXPECT_EQ(odd.retry, PENSTOCK_RETRY_UNKNOWN_OUTCOME);    // class 77
}

TEST_F(PluginCall, BoundsWhatAPluginMaySay) {
  const Failure loud = failure("open_long_message");
  EXPECT_LE(loud.message.size(), kMaxMessage + 50);
  EXPECT_EQ(loud.details.size(), kMaxErrorDetails);
  for (const auto& [key, value] : loud.details) EXPECT_LE(value.size(), kMaxDetailValue + 3);
  const auto log = plugin.heard.log();
  EXPECT_EQ(log.size(), kMaxLogLines + 1);
  EXPECT_EQ(log.back(), "3 misbehaving: further messages of this call are dropped");
}

TEST_F(PluginCall, BoundsHowLongAPluginMayAskToWait) {
  const Failure busy = failure("open_retry_after");
  EXPECT_EQ(busy.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_EQ(busy.retry_after_ns, std::chrono::nanoseconds(kMaxRetryAfter).count());
}

TEST_F(PluginCall, IgnoresCallbacksThatMakeNoSense) {
  EXPECT_EQ(outcome(plugin.source("bad_callbacks")->ping({})), "OK");
  EXPECT_EQ(plugin.heard.metrics(), (std::map<std::string, double>{}));
  EXPECT_EQ(plugin.heard.log(), (std::vector<std::string>{"4 misbehaving: odd\\nlevel", "2 misbehaving: "}));
}

// They would have changed an answer if they had been used right.
TEST_F(PluginCall, FailsWhenARowIsRejectedOutsideOfWrite) {
  EXPECT_EQ(outcome(plugin.source("reject_in_ping")->ping({})), "misbehaving: ping: rejected a row outside of write");
}
TEST_F(PluginCall, FailsWhenABufferIsAppendedToThatIsNotItsOwn) {
  EXPECT_EQ(outcome(plugin.source("append_to_nothing")->ping({})), "misbehaving: ping: appended to a buffer that is not this call's");
  EXPECT_EQ(outcome(plugin.source("append_to_itself")->ping({})), "misbehaving: ping: appended to a buffer that is not this call's");
}

TEST_F(PluginCall, LogsUnderTheScopeOfTheCall) {
  const auto cancel = std::make_shared<CancelToken>();
  (void)cancelled_ping("wait_for_flag", {0ns, cancel, "view \"users\" v1: warehouse \"prod\""});
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{"2 view \"users\" v1: warehouse \"prod\": waiting"});
}

TEST_F(PluginCall, IsCancelledThroughItsHook) {
  EXPECT_EQ(cancelled_ping("wait_for_hook", {0ns, std::make_shared<CancelToken>()}), "misbehaving: ping: stopped by the hook");
}

TEST_F(PluginCall, IsCancelledThroughItsDescriptor) {
  EXPECT_EQ(cancelled_ping("wait_for_fd", {1h, std::make_shared<CancelToken>()}), "misbehaving: ping: stopped by the descriptor");
}

TEST_F(PluginCall, IsCancelledThroughItsFlag) {
  EXPECT_EQ(cancelled_ping("wait_for_flag", {0ns, std::make_shared<CancelToken>()}), "misbehaving: ping: stopped by the flag");
}

// Whoever waits for a hook or a descriptor does not look at the clock.
TEST_F(PluginCall, IsCancelledWhenItsTimeIsUp) {
  for (const auto& [mode, how] : {std::pair{"wait_for_hook", "hook"}, {"wait_for_fd", "descriptor"}, {"wait_for_flag", "flag"}}) {
    const auto result = plugin.source(mode)->ping({5ms, std::make_shared<CancelToken>()});
    EXPECT_EQ(outcome(result), std::string("misbehaving: ping: stopped by the ") + how + " (the call's time was up)");
    EXPECT_EQ(result.failure().status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  }
}

TEST_F(PluginCall, RunsAHookAtOnceWhenTheTimeIsAlreadyUp) {
  EXPECT_EQ(outcome(plugin.source("hook_at_once")->ping({1ms})), "misbehaving: ping: called at once (the call's time was up)");
}

TEST_F(PluginCall, IsNotMadeOnceItIsCancelled) {
  const auto cancel = std::make_shared<CancelToken>();
  const auto source = plugin.source("wait_for_hook");
  cancel->cancel();
  const auto result = source->ping({0ns, cancel});
  EXPECT_EQ(outcome(result), "misbehaving: ping: cancelled");
  EXPECT_EQ(result.failure().status, PENSTOCK_STATUS_CANCELLED);
  EXPECT_EQ(plugin.heard.log(), std::vector<std::string>{});
}

TEST_F(PluginCall, DropsAHookThatThePluginForgot) {
  const auto cancel = std::make_shared<CancelToken>();
  EXPECT_EQ(outcome(plugin.source("keep_hook")->ping({1h, cancel})), "OK");
  cancel->cancel();
  EXPECT_EQ(plugin.source_counter("stray_hooks"), 0);
}

// Everything at once: threads that open, call, cancel and close; the thread sanitizer watches.
TEST_F(PluginCall, IsCancelledWhileOthersRun) {
  std::vector<std::thread> threads;
  std::atomic<int> stopped{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const char* mode = t % 2 == 0 ? "wait_for_hook" : "wait_for_fd";
      for (int i = 0; i < 20; ++i) {
        const auto cancel = std::make_shared<CancelToken>();
        const auto source = plugin.source(mode);
        std::thread canceller([&] { cancel->cancel(); });
        const auto result = source->ping({i % 3 == 0 ? 1ms : 1h, cancel});
        canceller.join();
        if (!result.ok()) ++stopped;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stopped, 80);
}

}  // namespace
}  // namespace penstock::host
