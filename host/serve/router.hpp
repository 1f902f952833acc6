// Which handler answers a request.
#pragma once

#include "serve/http_types.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace penstock::host {

class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  struct Match {
    const Route* route = nullptr;            // as long as the router; null: refused
    std::string_view label = "other";        // the route's path when the path is known: for metrics
    std::string_view path;                   // of the target, without the query
    std::optional<HttpResponse> refusal{};   // 404, 405
  };
  // `target` as in the request line, beginning with a slash.
  Match match(std::string_view method, std::string_view target) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace penstock::host
