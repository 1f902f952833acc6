// A request and its answer as the routes see them: no sockets, no library.
#pragma once

#include "base/failure.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace penstock::host {

inline constexpr std::string_view kJsonType = "application/json";

// Borrowed for the duration of the handler.
struct HttpRequest {
  std::string_view path;  // without the query
  std::string_view body;
};

struct HttpResponse {
  unsigned status = 200;
  std::string body = {};
  std::string_view content_type = kJsonType;  // of static duration
  std::string allow = {};                     // for 405
};

struct Route {
  enum class Method { get, post } method = Method::get;  // get also answers HEAD
  std::string path;
  // A blocking handler runs on the pool, several at once; the others run on the loop and must be quick.
  bool blocking = false;
  // An exception becomes a 500 and an error in the log.
  std::function<HttpResponse(const HttpRequest&)> handle;
};

// {"error":{"code":"…","message":"…"}}
HttpResponse error_response(unsigned status, std::string_view code, std::string_view message);
// The status that fits: INVALID_ARGUMENT 400, NOT_FOUND 404, UNAVAILABLE 503 …; the code is the status' name.
HttpResponse error_response(const Failure& failure);

}  // namespace penstock::host
