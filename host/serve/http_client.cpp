#include "serve/http_client.hpp"

#include "base/escape.hpp"
#include "serve/host_header.hpp"
#include "serve/http_types.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace penstock::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using asio::ip::tcp;

class Exchange {
 public:
  explicit Exchange(const HttpCall& call) : stream_(loop_) {
    const bool v6 = call.address.find(':') != std::string::npos;
    request_.method(call.body.empty() ? http::verb::get : http::verb::post);
    request_.target(call.target);
    request_.set(http::field::host, (v6 ? "[" + call.address + "]:" : call.address + ":") + std::to_string(call.port));
    request_.set(http::field::connection, "close");
    if (!call.body.empty()) request_.set(http::field::content_type, std::string(kJsonType));
    request_.body() = call.body;
    request_.prepare_payload();
    parser_.body_limit(kMaxReplyBytes);
  }

  error_code run(const tcp::endpoint& endpoint, std::chrono::milliseconds timeout) {
    // A fixed point in time: it holds for connecting, writing and reading together.
    stream_.expires_after(timeout);
    stream_.async_connect(endpoint, [this](error_code error) { ended(error) ? void() : write(); });
    loop_.run();
    return error_;
  }

  HttpReply reply() { return {parser_.get().result_int(), std::move(parser_.get().body())}; }

 private:
  bool ended(error_code error) {
    error_ = error;
    return error.failed();
  }
  void write() {
    http::async_write(stream_, request_, [this](error_code error, size_t) { ended(error) ? void() : read(); });
  }
  void read() {
    http::async_read(stream_, buffer_, parser_, [this](error_code error, size_t) { ended(error); });
  }

  asio::io_context loop_{1};
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{256 << 10};
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  error_code error_;
};

}  // namespace

Result<HttpReply> http_call(const HttpCall& call) {
  const std::string where = "host at " + call.address + " port " + std::to_string(call.port);
  if (!is_loopback(call.address)) return invalid(where + ": not a loopback address");
  try {
    error_code error;
    const auto address = asio::ip::make_address(call.address, error);
    if (error) return invalid(where + ": " + error.message());
    Exchange exchange(call);
    error = exchange.run({address, call.port}, call.timeout);
    if (!error) return exchange.reply();
    if (error == beast::error::timeout)
      return Failure{PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE,
                     where + ": no answer within " + std::to_string(call.timeout.count()) + " ms"};
    const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
    const bool protocol = error.category() == http::make_error_code(http::error::bad_method).category();
    if (protocol && !ended) return Failure{PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_NEVER, where + ": not a usable answer: " + error.message()};
    return Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, where + ": " + (ended ? "the connection was closed" : error.message())};
  } catch (const std::exception& error) {
    return internal(where + ": " + error.what());
  }
}

std::string error_message(const HttpReply& reply) {
  boost::json::error_code error;
  const auto value = boost::json::parse(boost::json::string_view(reply.body), error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* inner = object == nullptr ? nullptr : object->if_contains("error");
  const auto* fields = inner == nullptr ? nullptr : inner->if_object();
  const auto* message = fields == nullptr ? nullptr : fields->if_contains("message");
  if (message != nullptr && message->is_string()) return printable({message->get_string().data(), message->get_string().size()});
  constexpr size_t kShown = 200;
  return "HTTP " + std::to_string(reply.status) + ": " + printable(reply.body.substr(0, kShown));
}

}  // namespace penstock::host
