#include "serve/http_types.hpp"

#include "base/json_writer.hpp"

namespace penstock::host {
namespace {

unsigned http_status(penstock_status status) {
  switch (status) {
    case PENSTOCK_STATUS_INVALID_ARGUMENT: return 400;
    case PENSTOCK_STATUS_UNAUTHENTICATED: return 401;
    case PENSTOCK_STATUS_PERMISSION_DENIED: return 403;
    case PENSTOCK_STATUS_NOT_FOUND: return 404;
    case PENSTOCK_STATUS_NOT_SUPPORTED: return 501;
    case PENSTOCK_STATUS_UNAVAILABLE:
    case PENSTOCK_STATUS_CANCELLED:
    case PENSTOCK_STATUS_FAILED_PRECONDITION:
    case PENSTOCK_STATUS_RESOURCE_EXHAUSTED: return 503;
    case PENSTOCK_STATUS_DEADLINE_EXCEEDED: return 504;
    default: return 500;
  }
}

}  // namespace

HttpResponse error_response(unsigned status, std::string_view code, std::string_view message) {
  HttpResponse response{.status = status};
  JsonWriter json(response.body);
  json.begin_object();
  json.key("error");
  json.begin_object();
  json.member("code", code);
  json.member("message", message);
  json.end_object();
  json.end_object();
  return response;
}

HttpResponse error_response(const Failure& failure) {
  return error_response(http_status(failure.status), status_name(failure.status), failure.message);
}

}  // namespace penstock::host
