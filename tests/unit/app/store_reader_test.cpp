#include "app/store_reader.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::host {
namespace {

const Schema kAnswer{{"n", penstock::Type::int32}};
const Failure kLost{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "connection lost"};
const Failure kDead{PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "no answer to the question"};
const Failure kForbidden{PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER, "not allowed"};

using Calls = std::vector<std::string>;

// Answers each read with one row, or fails.
class Store final : public Sink {
 public:
  Store(Calls& calls, std::string name, std::optional<Failure> failure) : calls_(calls), name_(std::move(name)), failure_(std::move(failure)) {}

  Result<void> ping(const CallLimits&) override { return calls_.push_back(name_ + ": ping"), Result<void>(); }
  Result<Batch> lookup(const CallLimits&, const ViewId&, const std::string&, const Schema&, const std::vector<std::string>&) override {
    calls_.push_back(name_ + ": read");
    if (failure_) return *failure_;
    return test::make_batch(kAnswer, {{1}});
  }
  Result<SinkCapabilities> capabilities(const CallLimits&) override { return kForbidden; }
  Result<std::unique_ptr<SinkWriter>> begin(const CallLimits&, const WriteSpec&) override { return kForbidden; }
  bool has_marker() const override { return false; }
  Result<Marker> load_marker(const CallLimits&, const ViewId&, const std::string&) override { return kForbidden; }

 private:
  Calls& calls_;
  std::string name_;
  std::optional<Failure> failure_;
};

// One idle connection at most; a new one always works.
class Pool final : public Connections {
 public:
  Calls calls;
  std::unique_ptr<Sink> idle;

  void keep_idle(std::optional<Failure> failure) { idle = std::make_unique<Store>(calls, "idle", std::move(failure)); }

  Result<std::unique_ptr<Source>> take_source(const std::string&, const CallLimits&) override { return kForbidden; }
  void give_back(const std::string&, std::unique_ptr<Source>) override {}
  Result<std::unique_ptr<Sink>> take_sink(const std::string&, const CallLimits&) override {
    calls.push_back("connect");
    return std::unique_ptr<Sink>(std::make_unique<Store>(calls, "new", std::nullopt));
  }
  void give_back(const std::string&, std::unique_ptr<Sink> sink) override {
    calls.push_back("give back");
    idle = std::move(sink);
  }
  std::unique_ptr<Sink> take_idle_sink(const std::string&) override { return std::move(idle); }
  Result<ResolvedOptions> table_options(const BatchSource&) override { return kForbidden; }
};

Result<Batch> read(Pool& pool) {
  View view;
  view.id = {"users", 1};
  view.store = "profiles";
  view.fields = {{"n", "", {Scalar::int32, false}, ""}};
  return StoreReader(pool, std::chrono::seconds(1)).read(view, {"n"}, {"u1"});
}

TEST(StoreReader, ReadsFromAnIdleConnectionWithoutAskingItFirst) {
  Pool pool;
  pool.keep_idle(std::nullopt);
  EXPECT_TRUE(read(pool));
  EXPECT_EQ(pool.calls, (Calls{"idle: read", "give back"}));
}

TEST(StoreReader, ConnectsWhenNothingIsIdle) {
  Pool pool;
  EXPECT_TRUE(read(pool));
  EXPECT_EQ(pool.calls, (Calls{"connect", "new: read", "give back"}));
}

TEST(StoreReader, ReadsOnceMoreWhenTheIdleConnectionHadDied) {
  for (const Failure& failure : {kLost, kDead}) {
    Pool pool;
    pool.keep_idle(failure);
    EXPECT_TRUE(read(pool)) << failure.message;
    EXPECT_EQ(pool.calls, (Calls{"idle: read", "connect", "new: read", "give back"}));
  }
}

TEST(StoreReader, PassesOnWhatAnotherConnectionWouldNotMend) {
  Pool pool;
  pool.keep_idle(kForbidden);
  const auto answer = read(pool);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.failure().message, "view \"users\" v1: store \"profiles\": not allowed");
  EXPECT_EQ(pool.calls, Calls{"idle: read"});
}

}  // namespace
}  // namespace penstock::host
