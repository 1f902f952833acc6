// Who may hold how much: a run that holds nothing always gets its batch, all others wait for room.
#include "run/memory_budget.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace penstock::host {
namespace {

constexpr std::chrono::seconds kLimit{10};

std::shared_ptr<MemoryUse> use_of(const std::shared_ptr<MemoryBudget>& budget) { return std::make_shared<MemoryUse>(budget); }

TEST(MemoryBudget, CountsWhatAllRunsHoldUntilTheyGiveItBack) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  const auto first = use_of(budget), second = use_of(budget);
  auto share = first->hold(30);
  {
    const auto other = second->hold(50);
    EXPECT_EQ(budget->held(), 80);
    const auto moved = std::move(share);
    EXPECT_EQ(budget->held(), 80);
  }
  EXPECT_EQ(budget->held(), 0);
}

TEST(MemoryBudget, LetsARunThatHoldsNothingTakeABatchWhateverOthersHold) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  const auto greedy = use_of(budget), other = use_of(budget);
  const auto held = greedy->hold(1000);
  EXPECT_TRUE(other->wait_for_room());
  const auto larger_than_all = other->hold(5000);
  EXPECT_EQ(budget->held(), 6000);
}

TEST(MemoryBudget, LetsARunWaitUntilAnotherGivesBackWhatABatchNeeds) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  const auto run = use_of(budget), other = use_of(budget);
  auto others = std::make_unique<MemoryUse::Share>(other->hold(60));
  const auto own = run->hold(40);
  auto waiting = std::async(std::launch::async, [&] { return run->wait_for_room(); });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  others.reset();
  ASSERT_EQ(waiting.wait_for(kLimit), std::future_status::ready);
  EXPECT_TRUE(waiting.get());
}

TEST(MemoryBudget, EndsTheWaitOfARunThatIsStopped) {
  const auto budget = std::make_shared<MemoryBudget>(100);
  const auto run = use_of(budget);
  const auto own = run->hold(100);
  auto waiting = std::async(std::launch::async, [&] { return run->wait_for_room(); });
  run->stop();
  ASSERT_EQ(waiting.wait_for(kLimit), std::future_status::ready);
  EXPECT_FALSE(waiting.get());
}

}  // namespace
}  // namespace penstock::host
