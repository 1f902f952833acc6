// The sink over a Store.
#pragma once

#include "store.hpp"

#include <penstock/module.hpp>

namespace penstock::memory {

struct Settings {
  std::string name;
  uint64_t max_profiles = 0;
};

class MemorySink final : public Sink, public MarkerStore, public ProfileLookup, public ProfileDelete, public ProfileTtl, public KeyLayout {
 public:
  static constexpr ComponentInfo kInfo = {"memory", "In-process memory",
                                          "A store within the host itself: nothing to install, gone when the host ends."};
  static constexpr auto kOptions = options_of(
      bound<&Settings::name>({.name = "name", .doc = "Stores of the same name in one host are one store.", .default_value = "default"}),
      bound<&Settings::max_profiles>({.name = "max_profiles",
                                      .doc = "A new profile beyond this many is rejected, and may succeed in a later run; existing ones "
                                             "are still updated. 0: no limit.",
                                      .default_value = "10000000"}));

  MemorySink(const Call&, const Settings&);

  SinkCapabilities capabilities(const Call&) override;
  std::unique_ptr<Writer> begin(const Call&, const RunSpec&) override;
  Marker load_marker(const Call&, const ViewRef&) override;
  void compare_and_store_marker(const Call&, const ViewRef&, int64_t expected_fence, const std::optional<Position>&) override;
  void read_profiles(const Call&, const ViewRef&, const Schema& fields, const std::vector<std::string_view>& keys,
                     BatchBuilder& out) override;
  uint64_t remove_profiles(const Call&, const ViewRef&, const std::vector<std::string_view>& keys) override;
  uint64_t set_ttl(const Call&, const ViewRef&, const std::vector<std::string_view>& keys, int64_t ttl_ms) override;
  std::string describe_keys(const ViewRef&) override;

 private:
  std::shared_ptr<Store> store_;
  uint64_t max_profiles_;
};

}  // namespace penstock::memory
