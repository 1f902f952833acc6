#include "support/redis_cluster.hpp"

#include <sstream>
#include <stdexcept>

namespace penstock::test {
namespace {

constexpr int kSlots = 16384;
constexpr const char* kHost = "127.0.0.1";

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("the test's Redis Cluster: " + what); }

void expect_ok(RedisServer& server, const std::vector<std::string>& argv) {
  const std::string reply = server.command(argv);
  if (reply != "OK") fail(argv[0] + " " + argv[1] + ": " + reply);
}

// The texts of a reply such as ["a", "b"]; none of them has a quote in it.
std::vector<std::string> texts_of(const std::string& reply) {
  std::vector<std::string> out;
  for (size_t at = reply.find('"'); at != std::string::npos; at = reply.find('"', at + 1)) {
    const size_t end = reply.find('"', at + 1);
    out.push_back(reply.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}

}  // namespace

RedisCluster::RedisCluster(bool replicas, const std::vector<std::string>& config) {
  // Where nobody takes a node's place, a busy machine should not make it look dead either.
  std::vector<std::string> lines = {"cluster-enabled yes", "cluster-config-file nodes.conf", std::string("cluster-node-timeout ") + (replicas ? "1500" : "5000"),
                                    "cluster-replica-validity-factor 0", "repl-diskless-sync-delay 0"};
  lines.insert(lines.end(), config.begin(), config.end());
  const int count = replicas ? 2 * kMasters : kMasters;
  for (int i = 0; i < count; ++i) nodes_.push_back(std::make_unique<RedisServer>(RedisSettings{.config = lines}));
  ids_.resize(nodes_.size());
  for (int i = 0; i < count; ++i) {
    expect_ok(node(i), {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    // Each with each: that they hear of each other from the first would take seconds.
    for (int other = 0; other < i; ++other) expect_ok(node(i), {"CLUSTER", "MEET", kHost, std::to_string(node(other).port())});
    if (i < kMasters)
      expect_ok(node(i), {"CLUSTER", "ADDSLOTSRANGE", std::to_string(kSlots * i / kMasters), std::to_string(kSlots * (i + 1) / kMasters - 1)});
  }
  for (int i = 0; i < count; ++i) node(i).await_reply({"CLUSTER", "INFO"}, "cluster_known_nodes:" + std::to_string(count) + "\r\n");
  for (int i = kMasters; i < count; ++i) expect_ok(node(i), {"CLUSTER", "REPLICATE", id(i - kMasters)});
  for (int i = kMasters; i < count; ++i) {
    node(i).reconnect();
    node(i).await_reply({"INFO", "replication"}, "master_link_status:up");
  }
  for (int i = 0; i < count; ++i) node(i).await_reply({"CLUSTER", "INFO"}, "cluster_state:ok");
}

std::string RedisCluster::url() const {
  std::string out = "redis://";
  for (const auto& one : nodes_) out += (one == nodes_.front() ? "" : ",") + std::string(kHost) + ":" + std::to_string(one->port());
  return out;
}

void RedisCluster::flush_all() {
  for (int i = 0; i < kMasters; ++i)
    if (up(i)) node(i).flush_all();
}

std::string RedisCluster::command(const std::vector<std::string>& argv) {
  std::string reply;
  for (int i = 0; i < static_cast<int>(nodes_.size()); ++i) {
    if (!up(i)) continue;
    reply = node(i).command(argv);
    if (!reply.starts_with("(error) MOVED")) return reply;
  }
  return reply;
}

std::set<std::string> RedisCluster::keys(const std::string& pattern) {
  std::set<std::string> out;
  for (int i = 0; i < static_cast<int>(nodes_.size()); ++i) {
    if (!up(i) || node(i).command({"ROLE"}).find("[\"master\"") != 0) continue;
    for (std::string& key : texts_of(node(i).command({"KEYS", pattern}))) out.insert(std::move(key));
  }
  return out;
}

const std::string& RedisCluster::id(int number) {
  std::string& known = ids_[static_cast<size_t>(number)];
  if (known.empty()) known = node(number).command({"CLUSTER", "MYID"});
  return known;
}

int RedisCluster::owner_of(int slot) {
  for (int asked = 0; asked < static_cast<int>(nodes_.size()); ++asked) {
    if (!up(asked)) continue;
    std::istringstream lines(node(asked).command({"CLUSTER", "NODES"}));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string node_id, word;
      words >> node_id;
      for (int skipped = 0; skipped < 7; ++skipped) words >> word;
      while (words >> word) {
        const size_t dash = word.find('-');
        if (word[0] == '[') break;
        const int first = std::stoi(word), last = dash == std::string::npos ? first : std::stoi(word.substr(dash + 1));
        if (slot < first || slot > last) continue;
        for (int i = 0; i < static_cast<int>(nodes_.size()); ++i)
          if (id(i) == node_id) return i;
      }
    }
    break;
  }
  fail("nobody has slot " + std::to_string(slot));
}

void RedisCluster::begin_move(int slot, int to) {
  const int from = owner_of(slot);
  expect_ok(node(to), {"CLUSTER", "SETSLOT", std::to_string(slot), "IMPORTING", id(from)});
  expect_ok(node(from), {"CLUSTER", "SETSLOT", std::to_string(slot), "MIGRATING", id(to)});
}

void RedisCluster::move_keys(int slot, int to, int count) {
  RedisServer& from = node(owner_of(slot));
  std::vector<std::string> migrate = {"MIGRATE", kHost, std::to_string(node(to).port()), "", "0", "5000", "KEYS"};
  const std::vector<std::string> keys = texts_of(from.command({"CLUSTER", "GETKEYSINSLOT", std::to_string(slot), std::to_string(count)}));
  if (keys.empty()) return;
  migrate.insert(migrate.end(), keys.begin(), keys.end());
  const std::string reply = from.command(migrate);
  if (reply != "OK" && reply != "NOKEY") fail("MIGRATE: " + reply);
}

void RedisCluster::end_move(int slot, int to) {
  const int from = owner_of(slot);
  // As redis-cli does it: first the one that gets it, then the one that had it. The others are told as well, or what they believe might prevail.
  for (int i : {to, from, kMasters - to - from})
    if (i >= 0 && i < kMasters) expect_ok(node(i), {"CLUSTER", "SETSLOT", std::to_string(slot), "NODE", id(to)});
  // The claim has an epoch. Before all have heard of it the next node would make its claims with the same, and the two might take slots back.
  const std::string info = node(to).command({"CLUSTER", "INFO"});
  const size_t at = info.find("cluster_current_epoch:");
  const std::string epoch = info.substr(at, info.find('\n', at) - at);
  for (int i = 0; i < kMasters; ++i)
    if (up(i)) node(i).await_reply({"CLUSTER", "INFO"}, epoch);
}

void RedisCluster::await_promotion(int master) {
  RedisServer& replica = node(master + kMasters);
  // It closes every connection when it becomes a master.
  for (bool promoted = false; !promoted;) {
    try {
      replica.await_reply({"ROLE"}, "[\"master\"");
      promoted = true;
    } catch (const std::runtime_error& error) {
      if (std::string(error.what()).find("closed") == std::string::npos) throw;
    }
  }
  for (int i = 0; i < static_cast<int>(nodes_.size()); ++i)
    if (up(i)) node(i).await_reply({"CLUSTER", "INFO"}, "cluster_state:ok");
}

}  // namespace penstock::test
