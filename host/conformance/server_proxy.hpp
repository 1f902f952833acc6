// Stands between a plugin and its server, and does what networks do.
#pragma once

#include "base/failure.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace penstock::host::conformance {

class ServerProxy {
 public:
  enum class Mode {
    pass,
    stall,  // connections are made and requests are taken; nothing is answered
    reset,  // connections are reset, new ones at once
    slow,   // answers come a byte at a time, after a while in small odd pieces
  };

  // How a connection is cut: by RST, as when a machine dies; by FIN, as when a server is shut down or a balancer has had enough.
  enum class Cut { reset, close };

  // Listens on a free port of 127.0.0.1; a thread of its own passes on to host and port.
  static Result<std::unique_ptr<ServerProxy>> start(const std::string& host, const std::string& port);
  ~ServerProxy();
  ServerProxy(const ServerProxy&) = delete;
  ServerProxy& operator=(const ServerProxy&) = delete;

  uint16_t port() const { return port_; }
  // From now on. Answers that were held are sent when it passes again.
  void set(Mode mode);
  // Cuts every connection when so many more bytes of answers were passed on.
  void cut_after(int64_t bytes, Cut how);
  // Bytes of answers that the server has given, counted before they are passed on, and of requests that were taken.
  int64_t answered() const { return received_; }
  int64_t asked() const { return asked_; }

 private:
  struct Route {
    int client = -1, server = -1;
    std::string to_client, to_server;
    bool server_ended = false;
  };

  ServerProxy(int listener, uint16_t port, std::string address);
  void run();
  void wake() const;
  void accept_one();
  void serve(Route& route, short client_ready, short server_ready);
  void answer(Route& route);
  void drop(Route& route, Cut how);

  const int listener_;
  const int wake_;
  const uint16_t port_;
  const std::string address_;  // a sockaddr
  std::atomic<Mode> mode_{Mode::pass};
  std::atomic<bool> stop_{false};
  std::atomic<Cut> cut_{Cut::reset};
  std::atomic<int64_t> received_{0}, asked_{0}, cut_at_;
  // Of what was received: passed on, or lost with its connection.
  int64_t answered_ = 0;
  int64_t slowly_ = 0;
  std::vector<Route> routes_;
  std::thread thread_;
};

}  // namespace penstock::host::conformance
