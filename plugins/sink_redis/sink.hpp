// A Redis server as a Profiles Store.
#pragma once

#include "sink_redis/nodes.hpp"
#include "sink_redis/settings.hpp"

#include <penstock/module.hpp>

namespace penstock::redis {

// One connection, or one to each node of a cluster, made anew when one was lost; but a writer keeps to those that it began on.
class RedisSink final : public Sink, public MarkerStore, public ProfileLookup, public ProfileDelete, public ProfileTtl, public KeyLayout {
 public:
  static constexpr ComponentInfo kInfo = {"redis", "Redis", "One hash or packed value a profile in a Redis server (6 or newer), written newest-wins."};
  static constexpr auto& kOptions = kSinkOptions;

  RedisSink(const Call&, const Options&);
  static void validate(const Options& options) { settings_from(options); }

  void ping(const Call&) override;
  SinkCapabilities capabilities(const Call&) override;
  std::unique_ptr<Writer> begin(const Call&, const RunSpec&) override;
  Marker load_marker(const Call&, const ViewRef&) override;
  std::vector<Marker> load_markers(const Call&, const std::vector<ViewRef>&) override;
  void compare_and_store_marker(const Call&, const ViewRef&, int64_t expected_fence, const std::optional<Position>&) override;
  void read_profiles(const Call&, const ViewRef&, const Schema& fields, const std::vector<std::string_view>& keys,
                     BatchBuilder& out) override;
  uint64_t remove_profiles(const Call&, const ViewRef&, const std::vector<std::string_view>& keys) override;
  uint64_t set_ttl(const Call&, const ViewRef&, const std::vector<std::string_view>& keys, int64_t ttl_ms) override;
  std::string describe_keys(const ViewRef&) override;

 private:
  enum class Repeat { allowed, never };
  // Runs body(nodes). A failure is reported as one after which nothing has to be started over. If it may be repeated: when a
  // connection that was idle turns out to be lost, it is run once more on a new one.
  template <class Body>
  auto repeatable(const Call&, const Body& body, Repeat repeat = Repeat::allowed);
  Nodes& nodes(const Call&);
  uint64_t count_over(const Call&, const ViewRef&, Script, const std::vector<std::string_view>& keys,
                      const std::vector<std::string>& arguments);

  Settings settings_;
  std::shared_ptr<Nodes> nodes_;  // shared with the writers
  std::vector<Endpoint> known_;   // nodes of the cluster when it was last seen
  bool cluster_ = false;
};

}  // namespace penstock::redis
