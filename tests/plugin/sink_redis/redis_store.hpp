// One private server for the whole program, and shorthands that every test of this folder uses.
#pragma once

#include "support/redis_server.hpp"
#include "support/sink_suite.hpp"

namespace penstock::test {

// Started on first use, emptied by whoever wants it empty.
inline RedisServer& shared_server() {
  static RedisServer server;
  return server;
}

inline std::unique_ptr<SinkDriver> open_redis(const std::map<std::string, std::string>& options, FakeCall* call = nullptr) {
  return std::make_unique<SinkDriver>(component(load_plugin("sink_redis"), "redis"), options, call);
}

inline std::unique_ptr<SinkDriver> open_redis(const RedisServer& server, std::map<std::string, std::string> options = {}) {
  options.emplace("url", server.url());
  return open_redis(options);
}

}  // namespace penstock::test
