#include "run/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace penstock::host {
namespace {

TEST(BoundedQueue, GivesItemsInTheirOrder) {
  BoundedQueue<int> queue(3);
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(queue.push(round * 2));
    EXPECT_TRUE(queue.push(round * 2 + 1));
    EXPECT_EQ(queue.pop(), round * 2);
    EXPECT_EQ(queue.pop(), round * 2 + 1);
  }
}

TEST(BoundedQueue, NeverHoldsMoreThanItsLimit) {
  BoundedQueue<int> queue(2);
  std::atomic<int> pushed{0};
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) {
      queue.push(i);
      ++pushed;
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(pushed.load(), i + 3) << "two inside, and one that was pushed but not yet counted here";
    EXPECT_EQ(queue.pop(), i);
  }
  producer.join();
}

TEST(BoundedQueue, HoldsOneItemEvenWithALimitOfZero) {
  BoundedQueue<int> queue(0);
  EXPECT_TRUE(queue.push(1));
  EXPECT_EQ(queue.pop(), 1);
}

TEST(BoundedQueue, LetsAWaitingProducerGoWhenItIsClosed) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.push(1));
  std::atomic<int> outcome{-1};
  std::thread producer([&] { outcome = queue.push(2) ? 1 : 0; });
  queue.close();
  producer.join();
  EXPECT_EQ(outcome, 0);
  EXPECT_FALSE(queue.push(3));
}

TEST(BoundedQueue, DropsWhatItHoldsWhenItEnds) {
  const auto item = std::make_shared<int>(1);
  {
    BoundedQueue<std::shared_ptr<int>> queue(4);
    queue.push(item);
    queue.push(item);
    static_cast<void>(queue.pop());
    EXPECT_EQ(item.use_count(), 2) << "a popped slot keeps nothing";
  }
  EXPECT_EQ(item.use_count(), 1);
}

}  // namespace
}  // namespace penstock::host
