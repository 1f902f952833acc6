// What every store promises, as a suite, which a sink's test program instantiates with kinds of fresh stores.
//
//   struct MyStore : SinkStore {
//     std::unique_ptr<SinkDriver> open() override;
//   };
//   INSTANTIATE_TEST_SUITE_P(My, SinkSuite, ::testing::Values(stores<MyStore>("Plain")), name_of_stores);
#pragma once

#include "support/plugin_file.hpp"

#include <penstock/testing/sample_rows.hpp>
#include <penstock/testing/sink_driver.hpp>

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <thread>

namespace penstock::test {

// Runs `condition` until it holds or ten seconds have passed.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

template <class Action>
RecordedError error_of(const Action& action) {
  try {
    action();
  } catch (const CallFailed& failed) {
    return failed.error;
  }
  ADD_FAILURE() << "it did not fail";
  return {};
}

// A store that is empty when this is made.
class SinkStore {
 public:
  virtual ~SinkStore() = default;
  // Another connection to it.
  virtual std::unique_ptr<SinkDriver> open() = 0;
  virtual bool is_durable() const { return true; }
  virtual bool remembers_expired() const { return false; }
};

struct SinkStoreKind {
  std::string name;
  std::function<std::unique_ptr<SinkStore>()> make;
};

template <class Store>
SinkStoreKind stores(std::string name) {
  return {std::move(name), [] { return std::make_unique<Store>(); }};
}

std::string name_of_stores(const ::testing::TestParamInfo<SinkStoreKind>& kind);

class SinkSuite : public ::testing::TestWithParam<SinkStoreKind> {
 protected:
  std::unique_ptr<SinkStore> store_ = GetParam().make();
  std::unique_ptr<SinkDriver> sink_ = store_->open();

  std::vector<Profile> read(const std::vector<std::string>& keys) { return sink_->lookup(kTwoFields, keys); }
};

}  // namespace penstock::test
