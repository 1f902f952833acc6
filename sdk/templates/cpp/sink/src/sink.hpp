// The sink: the store as Penstock sees it.
#pragma once

#include "store.hpp"

#include <penstock/penstock.hpp>

namespace connector {

// The options of a store, filled in by the time that the sink is made.
struct SinkSettings {
  std::string name;
  uint64_t max_profiles = 0;
};

// What a store can do besides being written to, it says by deriving from further classes: without MarkerStore the host would not know
// how far the data in the store goes, without ProfileLookup nobody could read through the host.
class ProfileSink final : public penstock::Sink, public penstock::MarkerStore, public penstock::ProfileLookup, public penstock::ProfileDelete {
 public:
  static constexpr penstock::ComponentInfo kInfo{"@NAME@", "@NAME@", "Profiles in the memory of the process, gone when it ends."};
  static constexpr auto kOptions = penstock::options_of(
      penstock::bound<&SinkSettings::name>({.name = "name",
                                            .doc = "Stores of the same name in one process are one store.",
                                            .default_value = "default"}),
      penstock::bound<&SinkSettings::max_profiles>({.name = "max_profiles",
                                                    .doc = "A new profile beyond this many is rejected, and tried again by a later run.",
                                                    .default_value = "1000000",
                                                    .min = 1,
                                                    .max = 1'000'000'000}));
  // Checks the options without any I/O, so that `penstock validate` finds mistakes where nothing can be reached.
  static void validate(const SinkSettings&);

  // Connects.
  ProfileSink(const penstock::Call&, const SinkSettings&);

  void ping(const penstock::Call&) override;
  penstock::SinkCapabilities capabilities(const penstock::Call&) override;
  std::unique_ptr<penstock::Writer> begin(const penstock::Call&, const penstock::RunSpec&) override;

  penstock::Marker load_marker(const penstock::Call&, const penstock::ViewRef&) override;
  void compare_and_store_marker(const penstock::Call&, const penstock::ViewRef&, int64_t expected_fence,
                                const std::optional<penstock::Position>&) override;
  void read_profiles(const penstock::Call&, const penstock::ViewRef&, const penstock::Schema& fields,
                     const std::vector<std::string_view>& keys, penstock::BatchBuilder& out) override;
  uint64_t remove_profiles(const penstock::Call&, const penstock::ViewRef&, const std::vector<std::string_view>& keys) override;

 private:
  const std::shared_ptr<Store> store_;
  const uint64_t max_profiles_;
};

}  // namespace connector
