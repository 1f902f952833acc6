#include <penstock/module.hpp>
#include <penstock/row_queue.hpp>
#include <penstock/testing/source_driver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::CallFailed;
using testing::FakeCall;
using testing::ScanDriver;
using testing::SourceDriver;
using testing::TextRows;

using Row = std::tuple<int64_t>;

// What the producer of the running test does, and what happened to it.
struct Producer {
  std::function<void(RowQueue<Row>&)> run;
  std::function<void()> interrupt = [] {};
  size_t capacity = 4;
  std::atomic<int> running{0};
};
Producer* producer = nullptr;

class PushingSource final : public Source {
 public:
  static constexpr ComponentInfo kInfo{"pushing", "Pushing", "For the tests of the queue."};

  PushingSource(const Call&, const Options&) {}
  Schema describe(const Call&, const Table&) override { return {{"n", Type::int64}}; }
  Horizon horizon(const Call&, const Table&, const Cursor&) override { return {}; }
  std::unique_ptr<RowStream> scan(const Call& call, const Scan& scan, const std::string&, ScanInfo&) override {
    return stream_pushed<Row>(
        call, {{"n", Type::int64}}, scan,
        [](RowQueue<Row>& queue) {
          ++producer->running;
          try {
            producer->run(queue);
          } catch (...) {
            --producer->running;
            throw;
          }
          --producer->running;
        },
        producer->interrupt, producer->capacity);
  }
};

class RowQueueTest : public ::testing::Test {
 protected:
  RowQueueTest() { producer = &producer_; }

  // What reading fails with.
  testing::RecordedError failure(ScanDriver& scan) {
    try {
      while (scan.next_length() >= 0) {
      }
    } catch (const CallFailed& failed) {
      return failed.error;
    }
    return {};
  }

  Producer producer_;
  SourceDriver source_{*source<PushingSource>()};
};

void push_up_to(RowQueue<Row>& queue, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    if (!queue.push({i})) return;
}

TEST_F(RowQueueTest, DeliversWhatIsPushedInItsOrder) {
  producer_.run = [](RowQueue<Row>& queue) { push_up_to(queue, 1000); };
  const TextRows rows = source_.scan({.batch_rows = 3});
  ASSERT_EQ(rows.size(), 1000u);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i][0], std::to_string(i));
  EXPECT_EQ(producer_.running, 0);
}

TEST_F(RowQueueTest, HoldsNoMoreThanItsCapacity) {
  FakeCall call;
  RowQueue<Row> queue(Call(call.get()), 4);
  std::thread pusher([&] { push_up_to(queue, INT64_MAX); });
  for (int i = 0; i < 100; ++i) EXPECT_LE(queue.take().size(), 4u);
  queue.close();
  pusher.join();
}

TEST_F(RowQueueTest, AnErrorComesAfterTheRowsBeforeIt) {
  producer_.run = [](RowQueue<Row>& queue) {
    push_up_to(queue, 2);
    throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "the connection is lost");
  };
  ScanDriver scan;
  source_.start({.batch_rows = 1}, scan);
  EXPECT_EQ(scan.next(), (TextRows{{"0"}}));
  EXPECT_EQ(scan.next(), (TextRows{{"1"}}));
  EXPECT_EQ(failure(scan).message, "the connection is lost");
}

TEST_F(RowQueueTest, ACancelEndsTheWaitOfAFullQueue) {
  // So often that in some rounds the producer waits already.
  for (int round = 0; round < 300; ++round) {
    FakeCall call;
    RowQueue<Row> queue(Call(call.get()), 1);
    std::atomic<int> pushed{0};
    std::thread pusher([&] {
      while (queue.push({0})) ++pushed;
    });
    while (pushed == 0) std::this_thread::yield();
    call.cancel();
    pusher.join();
    EXPECT_EQ(pushed, 1);
    EXPECT_THROW(queue.take(), Error);
  }
}

TEST_F(RowQueueTest, ACancelEndsTheWaitOfAnEmptyQueue) {
  std::atomic<bool> interrupted{false};
  producer_.interrupt = [&] { interrupted = true; };
  producer_.run = [&](RowQueue<Row>&) {
    while (!interrupted) std::this_thread::yield();
  };
  ScanDriver empty;
  source_.start({}, empty);
  std::thread canceller([&] { empty.call.cancel(); });
  EXPECT_EQ(failure(empty).status, PENSTOCK_STATUS_CANCELLED);
  canceller.join();
}

TEST_F(RowQueueTest, ADeadlineEndsTheWaits) {
  std::atomic<bool> interrupted{false};
  producer_.interrupt = [&] { interrupted = true; };
  producer_.run = [&](RowQueue<Row>&) {
    while (!interrupted) std::this_thread::yield();
  };
  ScanDriver scan;
  scan.call.set_deadline_ms_from_now(20);
  source_.start({}, scan);
  EXPECT_EQ(failure(scan).status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
}

TEST_F(RowQueueTest, AStreamThatIsReleasedInterruptsAProducerThatWaits) {
  std::atomic<bool> interrupted{false};
  producer_.interrupt = [&] { interrupted = true; };
  producer_.run = [&](RowQueue<Row>&) {
    while (!interrupted) std::this_thread::yield();
  };
  ScanDriver scan;
  source_.start({}, scan);
  scan.release();
  EXPECT_EQ(producer_.running, 0);
}

// Of a scan each read has a deadline of its own.
TEST_F(RowQueueTest, ARowThatCameWhenTheTimeWasUpIsNotLostWhenThereIsTimeAgain) {
  FakeCall call;
  RowQueue<Row> queue(Call(call.get()), 4);
  EXPECT_TRUE(queue.push({1}));
  call.set_deadline_ms_from_now(0);
  EXPECT_FALSE(queue.push({2}));
  queue.finish();
  call.set_deadline_ms_from_now(60'000);
  EXPECT_EQ(queue.take().size(), 1u);
  EXPECT_THROW(queue.take(), Error);
}

TEST_F(RowQueueTest, AStreamThatIsReleasedEarlyEndsItsProducer) {
  producer_.run = [](RowQueue<Row>& queue) { push_up_to(queue, INT64_MAX); };
  ScanDriver scan;
  source_.start({.batch_rows = 1}, scan);
  EXPECT_EQ(scan.next_length(), 1);
  scan.release();
  EXPECT_EQ(producer_.running, 0);
}

}  // namespace
}  // namespace penstock
