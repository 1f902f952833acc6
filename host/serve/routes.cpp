#include "serve/routes.hpp"

#include "base/json_writer.hpp"
#include "serve/online_read.hpp"

#include <utility>

namespace penstock::host {
namespace {

HttpResponse ready_response(const ReadyReport& report) {
  HttpResponse response{.status = report.not_ready.empty() ? 200u : 503u};
  JsonWriter json(response.body);
  json.begin_object();
  json.member("status", report.not_ready.empty() ? "ready" : "not_ready");
  if (!report.not_ready.empty()) {
    json.key("not_ready");
    json.begin_array();
    for (const ReadyReport::Unready& one : report.not_ready) {
      json.begin_object();
      json.member("object", one.object);
      json.member("reason", one.reason);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return response;
}

HttpResponse json_response(Result<std::string> json) {
  if (!json) return error_response(json.failure());
  return {.body = std::move(*json)};
}

}  // namespace

std::vector<Route> host_routes(HostEndpoints endpoints) {
  using enum Route::Method;
  const auto shared = std::make_shared<const HostEndpoints>(std::move(endpoints));
  return {
      {get, "/healthz", false, [](const HttpRequest&) { return HttpResponse{.body = R"({"status":"ok"})"}; }},
      {get, "/readyz", false, [shared](const HttpRequest&) { return ready_response(shared->ready()); }},
      {get, "/metrics", true,
       [shared](const HttpRequest&) {
         return HttpResponse{.body = shared->metrics(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
       }},
      {get, std::string(kStatusPath), true, [shared](const HttpRequest&) { return json_response(shared->status()); }},
      {post, std::string(kOnlineReadPath), true,
       [shared](const HttpRequest& request) {
         const auto configuration = shared->configuration();
         if (configuration == nullptr) return error_response(503, "unavailable", "the host is still starting");
         return json_response(answer_online_read(*configuration, request.body, *shared->reader));
       }},
  };
}

}  // namespace penstock::host
