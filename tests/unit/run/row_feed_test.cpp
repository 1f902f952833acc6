#include "run/row_feed.hpp"

#include "support/fake_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <optional>
#include <stdexcept>

namespace penstock::host {
namespace {

using test::FakeSource;
using test::FakeWarehouse;
using test::Row;

struct Feed {
  FakeWarehouse warehouse{.schema = {{.name = "at", .type = Type::int64}}};
  FakeSource source{warehouse};
  ScanRequest request = {};

  explicit Feed(int64_t rows) {
    for (int64_t i = 1; i <= rows; ++i) warehouse.rows.push_back({i});
    request.until.ordinal = rows;
    request.batch_rows = 2;
  }
  std::unique_ptr<RowFeed> start(std::shared_ptr<CancelToken> cancel = {}, size_t queue_batches = 1) {
    return std::make_unique<RowFeed>(source, CallLimits{{}, std::move(cancel), ""}, request, queue_batches);
  }
};

// Sizes of the batches up to the end, or the failure.
std::string read_all(RowFeed& feed) {
  std::string sizes;
  for (;;) {
    auto piece = feed.next();
    if (!piece) return sizes + piece.failure().message;
    if (!*piece) return sizes + "end";
    sizes += std::to_string((*piece)->batch.rows()) + " ";
  }
}

TEST(RowFeed, ReadsBatchesToTheEnd) {
  Feed feed(5);
  EXPECT_EQ(read_all(*feed.start()), "2 2 1 end");
}

TEST(RowFeed, KnowsThatItIsAtItsEnd) {
  Feed feed(3);
  const auto started = feed.start();
  EXPECT_FALSE(started->at_end());
  EXPECT_EQ((*started->next())->batch.rows(), 2);
  ASSERT_TRUE(started->wait_until_ready(std::chrono::seconds(10)));
  EXPECT_FALSE(started->at_end()) << "another batch waits";
  EXPECT_EQ((*started->next())->batch.rows(), 1);
  ASSERT_TRUE(started->wait_until_ready(std::chrono::seconds(10)));
  EXPECT_TRUE(started->at_end());
  EXPECT_EQ(read_all(*started), "end");
}

TEST(RowFeed, IsNotAtItsEndWhereItFailed) {
  Feed feed(2);
  feed.warehouse.before_call = [calls = 0](std::string_view call, const CallLimits&) mutable {
    if (call == "next" && ++calls == 2) throw std::runtime_error("broken");
  };
  const auto started = feed.start();
  EXPECT_EQ((*started->next())->batch.rows(), 2);
  ASSERT_TRUE(started->wait_until_ready(std::chrono::seconds(10)));
  EXPECT_FALSE(started->at_end());
  EXPECT_FALSE(started->next().ok());
}

TEST(RowFeed, WithoutAQueueReadsEachBatchWhenItIsAskedFor) {
  Feed feed(5);
  int calls = 0;
  feed.warehouse.before_call = [&](std::string_view call, const CallLimits&) { calls += call == "next"; };
  const auto started = feed.start({}, 0);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ((*started->next())->batch.rows(), 2);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(read_all(*started), "2 1 end");
}

TEST(RowFeed, ReadsABatchOnlyWhenTheBudgetHasRoomForIt) {
  Feed feed(20);
  const auto budget = std::make_shared<MemoryBudget>(1);
  int64_t most = 0;
  feed.warehouse.before_call = [&](std::string_view call, const CallLimits&) {
    if (call == "next") most = std::max(most, budget->held());
  };
  RowFeed started(feed.source, {}, feed.request, 8, budget);
  EXPECT_EQ(read_all(started), "2 2 2 2 2 2 2 2 2 2 end");
  EXPECT_EQ(most, 0) << "nothing fits beside another batch";
  EXPECT_EQ(budget->held(), 0);
}

TEST(RowFeed, HoldsOfTheBudgetWhatItsBatchesTake) {
  Feed feed(2);
  const auto budget = std::make_shared<MemoryBudget>(1 << 20);
  RowFeed started(feed.source, {}, feed.request, 8, budget);
  const auto piece = started.next();
  EXPECT_EQ(budget->held(), (*piece)->batch.byte_size());
  EXPECT_GT(budget->held(), 0);
}

TEST(RowFeed, EndsWhileItWaitsForTheBudget) {
  Feed feed(20);
  const auto budget = std::make_shared<MemoryBudget>(1);
  std::optional<RowFeed> started(std::in_place, feed.source, CallLimits{}, feed.request, 8, budget);
  const auto piece = started->next();  // held here, so that the feed waits
  started.reset();
  EXPECT_GT(budget->held(), 0);
}

TEST(RowFeed, EndsAtOnceWhenThereIsNothing) {
  Feed feed(0);
  EXPECT_EQ(read_all(*feed.start()), "end");
}

TEST(RowFeed, ReadsOnePartitionAfterTheOther) {
  Feed feed(5);
  feed.warehouse.partitions = {0, PENSTOCK_HONOURED_SINCE, 0};
  const auto started = feed.start();
  std::vector<std::pair<uint32_t, std::vector<Row>>> pieces;
  for (auto piece = started->next(); piece && *piece; piece = started->next())
    pieces.emplace_back((*piece)->honoured, test::rows_of((*piece)->batch));
  EXPECT_EQ(pieces, (std::vector<std::pair<uint32_t, std::vector<Row>>>{{0, {{1}, {4}}}, {PENSTOCK_HONOURED_SINCE, {{2}, {5}}}, {0, {{3}}}}));
}

TEST(RowFeed, HandsTheFailureOnAfterWhatCameBefore) {
  for (const char* const where : {"plan", "scan", "next"}) {
    Feed feed(5);
    int calls = 0;
    feed.warehouse.fail = [&](std::string_view call) -> std::optional<Failure> {
      if (call != where || (call == "next" && ++calls < 3)) return {};
      return Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "server gone"};
    };
    EXPECT_EQ(read_all(*feed.start()), std::string(where) == "next" ? "2 2 server gone" : "server gone") << where;
  }
}

TEST(RowFeed, TurnsExceptionsIntoFailures) {
  Feed feed(5);
  feed.warehouse.before_call = [](std::string_view, const CallLimits&) { throw std::bad_alloc(); };
  auto first = feed.start()->next();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.failure().status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED);
  EXPECT_EQ(first.failure().message, "out of memory while reading");

  feed.warehouse.before_call = [](std::string_view, const CallLimits&) { throw std::runtime_error("odd"); };
  EXPECT_EQ(read_all(*feed.start()), "reading: odd");
}

TEST(RowFeed, EndsWhileItsReaderWaitsForRoom) {
  Feed feed(1000);
  const auto started = feed.start();
  ASSERT_TRUE(started->next());  // the reader fills the queue again and waits
}

TEST(RowFeed, EndsWhileItsReaderWaitsForTheSource) {
  for (const char* const where : {"plan", "scan", "next"}) {
    Feed feed(4);
    int calls = 0;
    feed.warehouse.before_call = [&](std::string_view call, const CallLimits& limits) {
      if (call == where && (call != "next" || ++calls == 2)) test::wait_until_cancelled(limits);
    };
    static_cast<void>(feed.start());
  }
}

TEST(RowFeed, IsCancelledByTheRunsToken) {
  Feed feed(4);
  const auto token = std::make_shared<CancelToken>();
  feed.warehouse.before_call = [&](std::string_view call, const CallLimits& limits) {
    if (call != "next") return;
    token->cancel();
    test::wait_until_cancelled(limits);
  };
  EXPECT_EQ(read_all(*feed.start(token)), "cancelled");
}

TEST(RowFeed, IsCancelledByATokenThatWasCancelledBefore) {
  Feed feed(4);
  const auto token = std::make_shared<CancelToken>();
  token->cancel();
  EXPECT_EQ(read_all(*feed.start(token)), "cancelled");
}

TEST(RowFeed, DoesNotCancelTheRunWhenItEnds) {
  Feed feed(1000);
  const auto token = std::make_shared<CancelToken>();
  feed.start(token).reset();
  EXPECT_FALSE(token->cancelled());
}

}  // namespace
}  // namespace penstock::host
