#include "support/sink_suite.hpp"

namespace penstock::test {
namespace {

// Every test has a store of its own: in one process a name is for ever.
struct MemoryStore : SinkStore {
  MemoryStore() : name_("suite-" + std::to_string(++made_)) {}
  std::unique_ptr<SinkDriver> open() override {
    return std::make_unique<SinkDriver>(component(load_plugin("sink_memory"), "memory"), std::map<std::string, std::string>{{"name", name_}});
  }

  bool is_durable() const override { return false; }
  bool remembers_expired() const override { return true; }

  inline static int made_ = 0;
  std::string name_;
};

INSTANTIATE_TEST_SUITE_P(Memory, SinkSuite, ::testing::Values(stores<MemoryStore>("OfItsOwn")), name_of_stores);

}  // namespace
}  // namespace penstock::test
