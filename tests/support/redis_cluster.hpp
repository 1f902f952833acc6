// A private Redis Cluster for tests: three masters, with a replica each if asked for.
#pragma once

#include "support/redis_server.hpp"

#include <memory>
#include <set>

namespace penstock::test {

// Like RedisServer otherwise. Nodes are numbered: masters from 0, then their replicas in the same order.
class RedisCluster {
 public:
  static constexpr int kMasters = 3;

  explicit RedisCluster(bool replicas = false, const std::vector<std::string>& config = {});

  RedisServer& node(int number) { return *nodes_[static_cast<size_t>(number)]; }
  // "redis://" and the address of each node.
  std::string url() const;
  // Of the masters as they were at first, that are up.
  void flush_all();
  // Whoever has the key's slot answers; commands without a key go to node 0.
  std::string command(const std::vector<std::string>& argv);
  // The keys of all nodes that are masters now.
  std::set<std::string> keys(const std::string& pattern = "*");

  int slot_of(const std::string& key) { return std::stoi(node(0).command({"CLUSTER", "KEYSLOT", key})); }
  // The master that has the slot, as node 0 or the next that is up sees it.
  int owner_of(int slot);

  // The steps of a resharding. Between the first and the last, both nodes have the slot in part.
  void begin_move(int slot, int to);
  void move_keys(int slot, int to, int count = 1'000'000);
  void end_move(int slot, int to);
  void move(int slot, int to) {
    begin_move(slot, to);
    move_keys(slot, to);
    end_move(slot, to);
  }

  // Waits until the replica of this master has taken its place and the cluster works again.
  void await_promotion(int master);

 private:
  const std::string& id(int number);
  bool up(int number) { return node(number).pid() > 0; }

  std::vector<std::unique_ptr<RedisServer>> nodes_;
  std::vector<std::string> ids_;
};

}  // namespace penstock::test
