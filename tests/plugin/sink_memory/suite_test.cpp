#include "support/sink_suite.hpp"

namespace penstock::test {
namespace {

// Every test has a store of its own: in one process a name is for ever.
struct MemoryStore {
  static constexpr bool kRemembersExpired = true, kDurable = false;
  MemoryStore() : name_("suite-" + std::to_string(++made_)) {}
  std::unique_ptr<SinkDriver> open() {
    return std::make_unique<SinkDriver>(PENSTOCK_BUILD_DIR, "sink_memory", "memory", std::map<std::string, std::string>{{"name", name_}});
  }

  inline static int made_ = 0;
  std::string name_;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SinkSuite, MemoryStore);

}  // namespace penstock::test
