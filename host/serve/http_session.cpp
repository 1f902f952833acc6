#include "serve/http_session.hpp"

#include "serve/host_header.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <optional>

namespace penstock::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// Read ahead of the header; a body streams through it.
constexpr size_t kReadAheadBytes = 16 << 10;
// Thrown away after the last answer, so that the other side reads it instead of a reset.
constexpr size_t kDrainBytes = 1 << 20;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

class Session final : public HttpSession, public std::enable_shared_from_this<Session> {
 public:
  Session(asio::ip::tcp::socket socket, std::shared_ptr<HttpContext> context, std::function<void(HttpSession*)> finished)
      : stream_(std::move(socket)),
        context_(std::move(context)),
        finished_(std::move(finished)),
        buffer_(context_->limits.header_bytes + kReadAheadBytes) {}

  void start() override {
    error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    wait_for_request();
  }

  void refuse() override {
    started_ns_ = context_->clock.steady_ns();
    refuse(503, "too_many_connections",
           "the limit of " + std::to_string(context_->limits.connections) + " connections is reached; try again later");
  }

  void stop() override {
    if (idle_) close();
  }

  void abort() override { close(); }

 private:
  void wait_for_request() {
    if (context_->stopping) return close();
    if (buffer_.size() > 0) return read_header();  // pipelined
    idle_ = true;
    stream_.expires_after(context_->limits.idle_timeout);
    stream_.async_read_some(buffer_.prepare(kReadAheadBytes), [self = shared_from_this()](error_code error, size_t size) {
      self->idle_ = false;
      if (error) return self->close();
      self->buffer_.commit(size);
      self->read_header();
    });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(context_->limits.header_bytes));
    parser_->body_limit(context_->limits.body_bytes);
    label_ = "other";
    started_ns_ = context_->clock.steady_ns();
    stream_.expires_after(context_->limits.read_timeout);
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->fail(error);
      self->check_header();
    });
  }

  void check_header() {
    const auto& request = parser_->get();
    head_only_ = request.method() == http::verb::head;
    if (request.count(http::field::host) != 1) return refuse(400, "bad_request", "exactly one Host header is needed");
    switch (check_host(view(request[http::field::host]), context_->address)) {
      case HostCheck::malformed: return refuse(400, "bad_request", "the Host header is malformed");
      case HostCheck::foreign:
        return refuse(421, "misdirected_request", "the Host header names neither a loopback address nor the configured one");
      case HostCheck::ours: break;
    }
    if (!request.target().starts_with('/')) return refuse(400, "bad_request", "the target must be a path");
    if (parser_->is_done()) return handle();
    if (beast::iequals(request[http::field::expect], "100-continue")) return ask_for_body();
    read_body();
  }

  void ask_for_body() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue), [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->close();
      self->read_body();
    });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->fail(error);
      self->handle();
    });
  }

  void fail(error_code error) {
    // Timeouts, resets and ends: nobody is there to be told.
    const bool protocol = error.category() == http::make_error_code(http::error::bad_method).category();
    if (!protocol || error == http::error::end_of_stream || error == http::error::partial_message) return close();
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(431, "headers_too_large", "the headers exceed " + std::to_string(context_->limits.header_bytes) + " bytes");
    if (error == http::error::body_limit)
      return refuse(413, "body_too_large", "the body exceeds " + std::to_string(context_->limits.body_bytes) + " bytes");
    refuse(400, "bad_request", "the request is malformed: " + error.message());
  }

  void refuse(unsigned status, std::string_view code, std::string_view message) {
    // Where the next request would begin is unknown.
    last_ = true;
    respond(error_response(status, code, message));
  }

  void handle() {
    const auto& request = parser_->get();
    last_ = !request.keep_alive();
    started_ns_ = context_->clock.steady_ns();
    Router::Match match = context_->router.match(view(request.method_string()), view(request.target()));
    label_ = match.label;
    if (match.route == nullptr) return respond(std::move(*match.refusal));
    if (!match.route->blocking) return respond(call(*match.route, match.path));
    // The loop must not run out of work while the pool has the request.
    auto on_loop = asio::prefer(stream_.get_executor(), asio::execution::outstanding_work.tracked);
    asio::post(context_->pool, [self = shared_from_this(), route = match.route, path = match.path, on_loop]() mutable {
      auto response = self->call(*route, path);
      // Moved, so that the session is never destroyed on this thread.
      asio::post(on_loop, [moved = std::move(self), response = std::move(response)]() mutable { moved->respond(std::move(response)); });
    });
  }

  // [any thread] The request stays as it is until respond().
  HttpResponse call(const Route& route, std::string_view path) {
    try {
      return route.handle({.path = path, .body = parser_->get().body()});
    } catch (const std::exception& error) {
      context_->log.error("http: " + route.path + ": " + error.what());
      return error_response(500, "internal", "an internal error; see the host's log");
    }
  }

  void respond(HttpResponse response) {
    if (closed_) return;
    last_ = last_ || context_->stopping;
    response_ = std::move(response);
    const auto reason = http::obsolete_reason(static_cast<http::status>(response_.status));
    head_ = "HTTP/1.1 " + std::to_string(response_.status) + " ";
    head_.append(reason.data(), reason.size()).append("\r\nContent-Type: ").append(response_.content_type);
    head_.append("\r\nContent-Length: ").append(std::to_string(response_.body.size()));
    head_ += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    if (!response_.allow.empty()) head_.append("Allow: ").append(response_.allow).append("\r\n");
    head_ += last_ ? "Connection: close\r\n\r\n" : keep_alive_10() ? "Connection: keep-alive\r\n\r\n" : "\r\n";
    std::array<asio::const_buffer, 2> buffers = {asio::buffer(head_), asio::buffer(response_.body)};
    if (head_only_) buffers[1] = {};
    stream_.expires_after(context_->limits.write_timeout);
    asio::async_write(stream_, buffers, [self = shared_from_this()](error_code error, size_t) { self->answered(error); });
  }

  bool keep_alive_10() const { return parser_ && parser_->is_header_done() && parser_->get().version() < 11; }

  void answered(error_code error) {
    if (context_->observe)
      context_->observe(label_, response_.status, static_cast<double>(context_->clock.steady_ns() - started_ns_) / 1e9);
    if (error) return close();
    head_only_ = false;
    if (!last_) return wait_for_request();
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    buffer_.clear();
    stream_.expires_after(context_->limits.linger_timeout);
    drain(0);
  }

  void drain(size_t drained) {
    stream_.async_read_some(buffer_.prepare(kReadAheadBytes), [self = shared_from_this(), drained](error_code error, size_t size) {
      if (error || drained + size > kDrainBytes) return self->close();
      self->drain(drained + size);
    });
  }

  void close() {
    if (closed_) return;
    closed_ = true;
    stream_.close();
    const auto finished = std::move(finished_);
    finished(this);
  }

  beast::tcp_stream stream_;
  std::shared_ptr<HttpContext> context_;
  std::function<void(HttpSession*)> finished_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpResponse response_;
  std::string head_;
  std::string_view label_ = "other";  // of the router's, which the context owns
  int64_t started_ns_ = 0;
  bool idle_ = false;
  bool head_only_ = false;
  bool last_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<HttpSession> make_http_session(asio::ip::tcp::socket socket, std::shared_ptr<HttpContext> context,
                                               std::function<void(HttpSession*)> finished) {
  return std::make_shared<Session>(std::move(socket), std::move(context), std::move(finished));
}

}  // namespace penstock::host
