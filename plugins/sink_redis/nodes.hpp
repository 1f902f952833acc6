// The servers that hold a store: one, or the nodes of a Redis Cluster.
#pragma once

#include "sink_redis/layout.hpp"
#include "sink_redis/session.hpp"
#include "sink_redis/slots.hpp"

#include <set>

namespace penstock::redis {

// What stands in the way of a command and passes by itself is waited for, in steps that grow, as long as the timeout allows without progress.
class Patience {
 public:
  explicit Patience(std::chrono::nanoseconds limit) : limit_(limit) { progress(); }

  void progress();
  // Waits a little; the first time not at all. Throws `why` once there was no progress for too long, and when the call ends.
  void wait(const Call&, const Error& why);

 private:
  std::chrono::nanoseconds limit_;
  SteadyTime since_;
  std::chrono::nanoseconds pause_{};
};

// Not thread-safe. A connection that is lost ends it as a whole: alive() is then false. Connections to nodes that are met on the way,
// because a slot went there, are opened as needed.
class Nodes {
 public:
  // Connects: to the master that sentinels name, to the server of the settings, or to the first node of a cluster that answers; `known`
  // are nodes of an earlier life of the cluster, tried after those of the settings. Throws.
  Nodes(const Call&, const Settings&, const std::vector<Endpoint>& known = {});

  bool alive() const;
  bool is_cluster() const { return cluster_; }
  const std::vector<Endpoint>& known() const { return map_.nodes(); }

  // Where the parts of a view are: one layout, or one for each bucket.
  std::vector<Layout> layouts(const std::string& view, int32_t version) const;
  // Which of them a profile is in.
  size_t part_of(std::string_view key) const { return cluster_ ? bucket_of(key) : 0; }

  using Encode = std::function<void(size_t command, Session&, Buffer&)>;
  using Handle = std::function<void(size_t command, const Reply&)>;
  // Commands 0 … n - 1, in any order, each to the node that has the slot of its key, to all nodes at once, with as many detours as it takes; n is
  // the size of `keys`. A reply that `handle` gets may be an error, but not a detour. What `handle` throws is thrown once all are answered, so
  // that the connections stay usable.
  void each(const Call&, const std::vector<std::string_view>& keys, const Encode& encode, const Handle& handle);

  // The node that has this key's slot, as far as is known.
  std::shared_ptr<Session> at(const Call&, std::string_view key);

  // The detours that answers made necessary: gathered, then taken together.
  struct Detours {
    std::vector<std::pair<std::string_view, Detour>> all = {};  // with the key of the command
    std::optional<Error> why = {};                              // the last of the answers
    std::set<Session*> forgetful = {};                          // have forgotten their scripts
  };
  // If a node's answer is one, adds it.
  bool add_detour(std::string_view key, Session&, const Reply&, Detours&) const;
  // Learns from them, gives nodes their scripts again, and waits where that helps, for as long as patience allows; then the commands may be
  // sent again.
  void take(const Call&, const Detours&, Patience&);

 private:
  std::shared_ptr<Session> session(const Call&, const Endpoint&);
  std::shared_ptr<Session> first_session(const Call&, const std::vector<Endpoint>& known);
  void refresh(const Call&);

  const Settings& settings_;
  bool cluster_ = false;
  SlotMap map_;
  std::vector<std::pair<Endpoint, std::shared_ptr<Session>>> sessions_;
};

}  // namespace penstock::redis
