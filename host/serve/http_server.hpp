// HTTP/1.1 on a loopback address: limits, routes, a graceful end.
#pragma once

#include "observe/log.hpp"
#include "platform/clock.hpp"
#include "serve/http_types.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::host {

struct HttpLimits {
  size_t header_bytes = 8 << 10;   // more: 431
  size_t body_bytes = 256 << 10;   // more: 413
  size_t connections = 256;        // more: 503
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(30);    // between requests
  std::chrono::milliseconds read_timeout = std::chrono::seconds(30);    // a whole request, from its first byte
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);   // a whole answer
  std::chrono::milliseconds linger_timeout = std::chrono::seconds(1);   // for the other side to close, after the last answer
  std::chrono::milliseconds stop_timeout = std::chrono::seconds(5);     // from stop() to its end
};

struct HttpOptions {
  std::string address = "127.0.0.1";  // 127.x.x.x or ::1; anything else is refused
  uint16_t port = 0;                  // 0: any free one
  HttpLimits limits = {};
};

// Told of each answered request, on the loop. `route` is a route's path or "other".
using HttpObserver = std::function<void(std::string_view route, unsigned status, double seconds)>;

// Connections live on `loop`; only blocking handlers run on `pool`. A connection answers one request after the other, in order,
// so `connections` also bounds what the pool is given. No compression, no cookies, no CORS, no file is served.
//
// Order of the end: stop(), let the loop run until it is done, join the pool, then destroy the loop; the server may be destroyed
// once stop() is done, or once loop and pool do not run any more. Clock, log and what the handlers refer to live as long.
class HttpServer {
 public:
  // Listens when it returns. INVALID_ARGUMENT for an address that is not a loopback address, UNAVAILABLE when the port is taken.
  static Result<std::unique_ptr<HttpServer>> open(boost::asio::any_io_executor loop, boost::asio::thread_pool& pool,
                                                  const Clock& clock, Log& log, const HttpOptions& options,
                                                  std::vector<Route> routes, HttpObserver observe = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;

  // [any thread] Takes no more connections, closes the idle ones, lets the others get their answer for at most stop_timeout, then
  // calls `done` on the loop. Only the first call counts.
  void stop(std::function<void()> done);

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace penstock::host
