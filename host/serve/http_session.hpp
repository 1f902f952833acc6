// One connection of the HTTP server.
#pragma once

#include "serve/http_server.hpp"
#include "serve/router.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>

namespace penstock::host {

// What the connections of a server share. Constant but for `stopping`, which only the server's strand touches.
struct HttpContext {
  Router router;
  HttpLimits limits;
  std::string address;
  const Clock& clock;
  Log& log;
  boost::asio::thread_pool& pool;
  HttpObserver observe;
  bool stopping = false;
};

// All functions on the server's strand, which is the socket's executor. Keeps itself alive while something is under way.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  virtual void start() = 0;
  // Answers 503, whatever is asked.
  virtual void refuse() = 0;
  // Closes now when no request is under way, otherwise after its answer.
  virtual void stop() = 0;
  // Closes now.
  virtual void abort() = 0;
};

// `finished` is called once, on the strand, when the connection is closed.
std::shared_ptr<HttpSession> make_http_session(boost::asio::ip::tcp::socket socket, std::shared_ptr<HttpContext> context,
                                               std::function<void(HttpSession*)> finished);

}  // namespace penstock::host
