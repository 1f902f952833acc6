// What the host answers over HTTP:
//   GET  /healthz                        200 {"status":"ok"} while the loop turns
//   GET  /readyz                         200 {"status":"ready"} or 503 with what is not ready
//   GET  /metrics                        Prometheus text
//   GET  /api/v1/status                  a line a view, as `penstock status --json`
//   POST /api/v1/get-online-attributes   profiles, see online_read.hpp
#pragma once

#include "serve/http_types.hpp"
#include "serve/profile_reader.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::host {

struct ReadyReport {
  struct Unready {
    std::string object;  // `view "users" v1`
    std::string reason;
  };
  std::vector<Unready> not_ready = {};  // empty: ready
};

struct HostEndpoints {
  std::function<ReadyReport()> ready;        // on the loop: must be quick
  std::function<std::string()> metrics;      // [any thread]
  std::function<Result<std::string>()> status;  // [any thread] JSON; may block
  // [any thread] The configuration now; an answer uses one from beginning to end, so a reload swaps it whole. Null: not yet.
  std::function<std::shared_ptr<const Configuration>()> configuration;
  ProfileReader* reader = nullptr;           // outlives the server
};

std::vector<Route> host_routes(HostEndpoints endpoints);

inline constexpr std::string_view kOnlineReadPath = "/api/v1/get-online-attributes";
inline constexpr std::string_view kStatusPath = "/api/v1/status";

}  // namespace penstock::host
