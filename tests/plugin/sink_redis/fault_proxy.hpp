// A TCP server on a loopback port whose connections a test handles: by a script of its own, or as a proxy to a real server that
// cuts the conversation into pieces or breaks it off.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <climits>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace penstock::test {

// Runs `serve(fd)` on a thread for each connection, one after the other, until the object goes. serve must return when the
// other side closes.
class TcpServer {
 public:
  explicit TcpServer(std::function<void(int fd)> serve) : serve_(std::move(serve)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 8);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (;;) {
        const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        serve_(fd);
        close(fd);
      }
    });
  }
  ~TcpServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

 private:
  std::function<void(int)> serve_;
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

// What FaultProxy does to a connection, from the moment that it is set.
struct Faults {
  std::atomic<size_t> reply_piece{65536};    // replies are passed on in pieces of this size
  std::atomic<int> late_pieces{0};           // so many of them are passed on 600 ms apart
  std::atomic<long> replies_left{LONG_MAX};  // after so many bytes of replies the connection is closed
  std::atomic<size_t> forwarded{0};          // bytes of commands, only read by the test
};

// Forwards to a server's port, with faults that may be set while it runs.
class FaultProxy {
 public:
  explicit FaultProxy(int port) : port_(port), server_([this](int fd) { forward(fd); }) {}

  std::string url() const { return server_.url(); }
  Faults faults;

 private:
  void forward(int client) {
    const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = TcpServer::loopback(port_);
    connect(upstream, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    std::vector<char> bytes(65536);
    for (;;) {
      pollfd fds[2] = {{client, POLLIN, 0}, {upstream, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0) break;
      if (fds[0].revents != 0) {
        const ssize_t n = recv(client, bytes.data(), bytes.size(), 0);
        if (n <= 0 || send(upstream, bytes.data(), static_cast<size_t>(n), MSG_NOSIGNAL) != n) break;
        faults.forwarded += static_cast<size_t>(n);
      }
      if (fds[1].revents != 0) {
        const ssize_t n = recv(upstream, bytes.data(), faults.reply_piece, 0);
        if (n <= 0) break;
        if (faults.late_pieces > 0) {
          --faults.late_pieces;
          std::this_thread::sleep_for(std::chrono::milliseconds(600));
        }
        const long left = faults.replies_left;
        if (left != LONG_MAX) faults.replies_left = left - n;
        if (left <= n) break;
        if (send(client, bytes.data(), static_cast<size_t>(n), MSG_NOSIGNAL) != n) break;
      }
    }
    close(upstream);
  }

  int port_;
  TcpServer server_;
};

}  // namespace penstock::test
