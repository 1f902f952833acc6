#include "plugin/call.hpp"

#include "plugin/watchdog.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <poll.h>
#include <thread>

namespace penstock::host {
namespace {

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}

TEST(CancelToken, SetsTheFlagAndTheDescriptor) {
  CancelToken token;
  EXPECT_FALSE(token.cancelled());
  EXPECT_FALSE(is_readable(token.fd()));
  token.cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_TRUE(is_readable(token.fd()));
}

TEST(CancelToken, RunsEachHookOnce) {
  CancelToken token;
  std::vector<int> ran;
  token.add_hook([&] { ran.push_back(1); });
  const uint64_t removed = token.add_hook([&] { ran.push_back(2); });
  token.add_hook([&] { ran.push_back(3); });
  token.remove_hook(removed);
  token.cancel();
  token.cancel();
  EXPECT_EQ(ran, (std::vector<int>{1, 3}));
}

TEST(CancelToken, RunsAHookAtOnceWhenItIsTooLate) {
  CancelToken token;
  token.cancel();
  int ran = 0;
  EXPECT_NE(token.add_hook([&] { ++ran; }), 0u);
  EXPECT_EQ(ran, 1);
}

TEST(CancelToken, LetsAHookRemoveItselfAndOthers) {
  CancelToken token;
  std::vector<int> ran;
  uint64_t first = 0, second = 0;
  first = token.add_hook([&] {
    ran.push_back(1);
    token.remove_hook(first);
    token.remove_hook(second);
    token.add_hook([&] { ran.push_back(3); });
  });
  second = token.add_hook([&] { ran.push_back(2); });
  token.cancel();
  EXPECT_EQ(ran, (std::vector<int>{1, 3}));
}

TEST(CancelToken, WaitsForARunningHookBeforeItIsGone) {
  CancelToken token;
  std::promise<void> entered, leave;
  std::atomic<bool> done{false}, removed{false};
  const uint64_t hook = token.add_hook([&] {
    entered.set_value();
    leave.get_future().wait();
    done = true;
  });
  std::thread canceller([&] { token.cancel(); });
  entered.get_future().wait();
  std::thread remover([&] {
    token.remove_hook(hook);
    removed = true;
    EXPECT_TRUE(done);
  });
  EXPECT_FALSE(removed);
  leave.set_value();
  remover.join();
  canceller.join();
  EXPECT_TRUE(removed);
}

TEST(CancelToken, IsCancelledWhileOthersAddAndRemove) {
  for (int round = 0; round < 50; ++round) {
    CancelToken token;
    std::atomic<int> ran{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) token.remove_hook(token.add_hook([&] { ++ran; }));
        token.add_hook([&] { ++ran; });
      });
    threads.emplace_back([&] { token.cancel(); });
    for (auto& thread : threads) thread.join();
    EXPECT_GE(ran, 3);
  }
}

using namespace std::chrono_literals;

TEST(Watchdog, RunsWhatIsDueInOrder) {
  Watchdog watchdog;
  std::vector<int> ran;
  std::promise<void> done;
  const auto now = Watchdog::Clock::now();
  watchdog.arm(now + 2ms, [&] {
    ran.push_back(2);
    done.set_value();
  });
  watchdog.arm(now + 1ms, [&] { ran.push_back(1); });
  watchdog.arm(now + 1h, [&] { ran.push_back(3); });
  done.get_future().wait();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(Watchdog, ForgetsWhatIsDisarmed) {
  Watchdog watchdog;
  int ran = 0;
  const auto timer = watchdog.arm(Watchdog::Clock::now() + 1h, [&] { ++ran; });
  watchdog.disarm(timer);
  std::promise<void> done;
  watchdog.arm(Watchdog::Clock::now(), [&] { done.set_value(); });
  done.get_future().wait();
  EXPECT_EQ(ran, 0);
}

TEST(Watchdog, WaitsForARunningActionBeforeItIsGone) {
  Watchdog watchdog;
  std::promise<void> entered, leave;
  std::atomic<bool> done{false};
  const auto timer = watchdog.arm(Watchdog::Clock::now(), [&] {
    entered.set_value();
    leave.get_future().wait();
    done = true;
  });
  entered.get_future().wait();
  std::thread disarmer([&] {
    watchdog.disarm(timer);
    EXPECT_TRUE(done);
  });
  leave.set_value();
  disarmer.join();
}

TEST(Watchdog, LetsAnActionDisarmItself) {
  Watchdog watchdog;
  std::promise<Watchdog::Timer> armed;
  std::promise<void> done;
  auto timer = armed.get_future();
  armed.set_value(watchdog.arm(Watchdog::Clock::now() + 1ms, [&] {
    watchdog.disarm(timer.get());
    done.set_value();
  }));
  done.get_future().wait();
}

}  // namespace
}  // namespace penstock::host
