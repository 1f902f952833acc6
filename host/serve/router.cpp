#include "serve/router.hpp"

#include "base/escape.hpp"

namespace penstock::host {

Router::Match Router::match(std::string_view method, std::string_view target) const {
  Match match{.path = target.substr(0, target.find('?'))};
  std::string allow;
  for (const Route& route : routes_) {
    if (route.path != match.path) continue;
    match.label = route.path;
    const bool get = route.method == Route::Method::get;
    if (get ? method == "GET" || method == "HEAD" : method == "POST") {
      match.route = &route;
      return match;
    }
    if (!allow.empty()) allow += ", ";
    allow += get ? "GET, HEAD" : "POST";
  }
  constexpr size_t kShown = 100;
  if (allow.empty()) {
    match.refusal = error_response(404, "not_found", "there is nothing at " + printable(match.path.substr(0, kShown)));
  } else {
    match.refusal = error_response(405, "method_not_allowed",
                                   std::string(match.label) + " answers " + allow + ", not " + printable(method.substr(0, kShown)));
    match.refusal->allow = std::move(allow);
  }
  return match;
}

}  // namespace penstock::host
