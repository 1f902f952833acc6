#include "serve/http_server.hpp"

#include "serve/host_header.hpp"
#include "serve/http_session.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <map>
#include <optional>

namespace penstock::host {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using asio::ip::tcp;

// Connections above the limit that are told so at the same time; beyond it they are closed without a word.
constexpr size_t kRefusals = 32;
// After an accept that failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptPause(100);

}  // namespace

// Everything but open() runs on one strand, so nothing needs a lock whatever number of threads runs the loop.
struct HttpServer::Impl : std::enable_shared_from_this<Impl> {
  Impl(const asio::any_io_executor& loop, std::shared_ptr<HttpContext> context_in)
      : strand(asio::make_strand(loop)), acceptor(strand), pause(strand), stop_timer(strand), context(std::move(context_in)) {}

  void accept() {
    acceptor.async_accept(strand, [self = shared_from_this()](error_code error, tcp::socket socket) {
      if (self->context->stopping || !self->acceptor.is_open()) return;
      if (error == asio::error::connection_aborted) return self->accept();
      if (error) return self->accept_later(error);
      self->failing = false;
      self->add(std::move(socket));
      self->accept();
    });
  }

  void accept_later(error_code error) {
    if (!failing) context->log.warn("http: accept a connection: " + error.message());
    failing = true;
    pause.expires_after(kAcceptPause);
    pause.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->accept();
    });
  }

  void add(tcp::socket socket) {
    const size_t limit = context->limits.connections;
    if (sessions.size() >= limit + kRefusals) return;
    const bool refused = sessions.size() >= limit;
    auto session = make_http_session(std::move(socket), context, [weak = weak_from_this()](HttpSession* finished) {
      if (const auto self = weak.lock()) self->remove(finished);
    });
    sessions.emplace(session.get(), session);
    refused ? session->refuse() : session->start();
  }

  void remove(HttpSession* session) {
    sessions.erase(session);
    if (sessions.empty() && context->stopping) finish();
  }

  void stop(std::function<void()> done_in) {
    if (context->stopping) return;
    context->stopping = true;
    done = std::move(done_in);
    error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    stop_timer.expires_after(context->limits.stop_timeout);
    stop_timer.async_wait([self = shared_from_this()](error_code cancelled) {
      if (cancelled) return;
      self->for_each([](HttpSession& session) { session.abort(); });
    });
    for_each([](HttpSession& session) { session.stop(); });
    if (sessions.empty()) finish();
  }

  // Sessions may remove themselves meanwhile.
  template <class Function>
  void for_each(Function function) {
    const auto all = sessions;
    for (const auto& [pointer, weak] : all)
      if (const auto session = weak.lock()) function(*session);
  }

  void finish() {
    stop_timer.cancel();
    if (!done) return;
    const auto call = std::move(done);
    done = nullptr;
    asio::post(strand, call);
  }

  asio::strand<asio::any_io_executor> strand;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  asio::steady_timer stop_timer;
  std::shared_ptr<HttpContext> context;
  // Weak: a session that waits for its socket is kept by that, and goes with the loop.
  std::map<HttpSession*, std::weak_ptr<HttpSession>> sessions;
  std::function<void()> done;
  bool failing = false;
  uint16_t port = 0;
};

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() { stop({}); }

Result<std::unique_ptr<HttpServer>> HttpServer::open(asio::any_io_executor loop, asio::thread_pool& pool, const Clock& clock,
                                                     Log& log, const HttpOptions& options, std::vector<Route> routes,
                                                     HttpObserver observe) {
  if (!is_loopback(options.address))
    return invalid("http: address \"" + options.address + "\" is not a loopback address (127.0.0.1 or ::1); any other needs TLS and a token");
  auto context = std::make_shared<HttpContext>(HttpContext{.router = Router(std::move(routes)),
                                                           .limits = options.limits,
                                                           .address = options.address,
                                                           .clock = clock,
                                                           .log = log,
                                                           .pool = pool,
                                                           .observe = std::move(observe)});
  auto impl = std::make_shared<Impl>(loop, std::move(context));
  error_code error;
  const tcp::endpoint endpoint(asio::ip::make_address(options.address, error), options.port);
  const auto failed = [&] {
    return Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE,
                   "http: listen on " + options.address + " port " + std::to_string(options.port) + ": " + error.message()};
  };
  if (error) return failed();
  if (impl->acceptor.open(endpoint.protocol(), error); error) return failed();
  if (impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error); error) return failed();
  if (impl->acceptor.bind(endpoint, error); error) return failed();
  if (impl->acceptor.listen(asio::socket_base::max_listen_connections, error); error) return failed();
  const tcp::endpoint bound = impl->acceptor.local_endpoint(error);
  if (error) return failed();
  impl->port = bound.port();
  asio::post(impl->strand, [impl] { impl->accept(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::stop(std::function<void()> done) {
  asio::post(impl_->strand, [impl = impl_, done = std::move(done)]() mutable { impl->stop(std::move(done)); });
}

}  // namespace penstock::host
