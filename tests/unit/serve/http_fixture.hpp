// A server with its loop and pool in threads, and a client that sends whatever bytes a test wants.
#pragma once

#include "serve/http_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace penstock::host::test {

inline constexpr int kPatienceMs = 10'000;  // a test fails after it; nothing waits for it

struct ClientResponse {
  unsigned status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void shutdown_write() { ::shutdown(fd_, SHUT_WR); }

  // False when the other side has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next response; nothing when the connection ended, or broke, before it was whole.
  std::optional<ClientResponse> receive(bool head = false) {
    while (buffer_.find("\r\n\r\n") == std::string::npos)
      if (!more(kPatienceMs)) return {};
    ClientResponse response;
    const size_t end = buffer_.find("\r\n\r\n");
    std::string lines = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    response.status = static_cast<unsigned>(std::stoul(lines.substr(lines.find(' ') + 1)));
    for (size_t at = lines.find("\r\n") + 2; at < lines.size();) {
      const size_t stop = lines.find("\r\n", at);
      const std::string line = lines.substr(at, stop - at);
      const size_t colon = line.find(": ");
      response.headers[line.substr(0, colon)] = line.substr(colon + 2);
      at = stop + 2;
    }
    const size_t size = response.status == 100 || head ? 0 : std::stoul(response.headers["Content-Length"]);
    while (buffer_.size() < size)
      if (!more(kPatienceMs)) return {};
    response.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return response;
  }

  std::optional<ClientResponse> ask(std::string_view request) {
    if (!send(request)) return {};
    return receive();
  }

  // Everything until the other side closes; nothing when it does not.
  std::optional<std::string> rest() {
    while (more(kPatienceMs)) {
    }
    if (!ended_) return {};
    return buffer_;
  }
  // Waits until the other side has closed; false when it sent something else instead, or nothing for too long.
  bool ended() {
    while (more(kPatienceMs)) {
    }
    return ended_ && buffer_.empty();
  }
  // Did it close within this time?
  bool ended_within(int milliseconds) { return !more(milliseconds) && ended_; }

 private:
  bool more(int milliseconds) {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, milliseconds) <= 0) return false;
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

inline std::string get(const std::string& target, const std::string& more_headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + more_headers + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost:80\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Served {
 public:
  explicit Served(std::vector<Route> routes, const HttpLimits& limits = {}, HttpObserver observe = {}) {
    auto opened = HttpServer::open(loop_.get_executor(), pool_, clock_, log_, {.limits = limits}, std::move(routes), std::move(observe));
    if (!opened) throw std::runtime_error(opened.failure().message);
    server_ = std::move(*opened);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Served() {
    if (!stopped_.valid()) stop();
    stopped_.wait();
    work_.reset();
    thread_.join();
    pool_.join();
  }

  uint16_t port() const { return server_->port(); }
  HttpServer& server() { return *server_; }
  std::vector<std::string> log_lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  std::future<void>& stop() {
    auto done = std::make_shared<std::promise<void>>();
    stopped_ = done->get_future();
    server_->stop([done] { done->set_value(); });
    return stopped_;
  }

 private:
  SystemClock clock_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  Log log_{clock_, LogLevel::debug, LogFormat::text, [this](std::string_view line) {
             const std::lock_guard lock(mutex_);
             lines_.emplace_back(line);
           }};
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  boost::asio::thread_pool pool_{4};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::future<void> stopped_;
};

// A gate that handlers wait at.
class Gate {
 public:
  void open() { promise_.set_value(); }
  void wait() { future_.wait(); }
  std::promise<void> reached;

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

}  // namespace penstock::host::test
