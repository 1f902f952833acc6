// A private Redis Sentinel for tests.
#pragma once

#include "support/redis_server.hpp"

namespace penstock::test {

// Alone decides that the masters it watches are down, and has a replica promoted then: a second or two after a master's death. Like
// RedisServer otherwise.
class RedisSentinel {
 public:
  explicit RedisSentinel(RedisSettings settings = {}) : server_(sentinel(std::move(settings))) {}

  // Begins to watch a master on a port of this machine, which it then knows by this name.
  void watch(const std::string& name, int port) {
    expect_ok({"SENTINEL", "MONITOR", name, "127.0.0.1", std::to_string(port), "1"});
    expect_ok({"SENTINEL", "SET", name, "down-after-milliseconds", "500", "failover-timeout", "1000"});
  }
  // Waits until it knows a healthy replica of the master.
  void await_replica(const std::string& name) {
    server_.await_reply({"SENTINEL", "REPLICAS", name}, R"("flags", "slave", )");
  }
  // Waits until it gives this port as the master's.
  void await_master(const std::string& name, int port) {
    server_.await_reply({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name}, "[\"127.0.0.1\", \"" + std::to_string(port) + "\"]");
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  std::string url(const std::string& name) const { return "redis-sentinel://" + address() + "/" + name; }
  RedisServer& server() { return server_; }

 private:
  static RedisSettings sentinel(RedisSettings settings) {
    settings.sentinel = true;
    return settings;
  }
  void expect_ok(const std::vector<std::string>& argv) {
    const std::string reply = server_.command(argv);
    if (reply != "OK") throw std::runtime_error(argv[1] + ": " + reply);
  }

  RedisServer server_;
};

}  // namespace penstock::test
