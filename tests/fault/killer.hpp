// Kills what a soak allows, at random.
#pragma once

#include "fault/polling_host.hpp"
#include "fault/soak.hpp"
#include "support/redis_proxy.hpp"

#include <random>

namespace penstock::test {

class Killer {
 public:
  // All must outlive it. `proxy`: null unless connections may be cut. What was killed is counted in `result`.
  Killer(const SoakOptions& options, const PostgresServer& postgres, PollingHost& host, RedisServer& redis, RedisProxy* proxy, SoakResult& result);

  std::chrono::milliseconds pause();  // until the next
  void kill();

 private:
  void kill_host();
  void kill_redis();
  void roll_back_redis();
  void cut_connections();
  void kill_backends();
  std::filesystem::path redis_data() const { return std::filesystem::path(redis_.folder()) / "appendonlydir"; }
  std::filesystem::path kept_data() const { return std::filesystem::path(redis_.folder()) / "kept"; }

  const SoakOptions& options_;
  const PostgresServer& postgres_;
  PollingHost& host_;
  RedisServer& redis_;
  RedisProxy* const proxy_;
  SoakResult& result_;
  std::mt19937_64 random_;
  std::vector<void (Killer::*)()> means_;
};

}  // namespace penstock::test
