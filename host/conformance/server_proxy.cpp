#include "conformance/server_proxy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxHeld = 1 << 20;     // bytes of one direction; a peer that sends more waits
constexpr int64_t kByteByByte = 4096;    // of all answers
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

void set_nodelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// False when the peer has ended.
bool take(int fd, std::string& into, std::atomic<int64_t>& count) {
  std::array<char, 16384> bytes;
  const ssize_t size = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  into.append(bytes.data(), static_cast<size_t>(size));
  count += size;
  return size > 0;
}

// False when the peer does not take any more.
bool give(int fd, std::string& from, size_t most) {
  const ssize_t size = send(fd, from.data(), std::min(from.size(), most), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  from.erase(0, static_cast<size_t>(size));
  return true;
}

void end_connection(int fd, bool reset) {
  const linger at_once{1, 0};
  std::array<char, 4096> unread;
  if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  else shutdown(fd, SHUT_WR);
  // With something unread, close would be a reset.
  while (!reset && recv(fd, unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
  }
  close(fd);
}

}  // namespace

Result<std::unique_ptr<ServerProxy>> ServerProxy::start(const std::string& host, const std::string& port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return invalid("the server " + host + ":" + port + " cannot be found: " + gai_strerror(error));
  const std::string address(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen);
  freeaddrinfo(found);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof own;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto* const raw = reinterpret_cast<sockaddr*>(&own);
  if (listener < 0 || bind(listener, raw, size) != 0 || listen(listener, 64) != 0 || getsockname(listener, raw, &size) != 0)
    return internal(std::string("a port to listen on: ") + std::strerror(errno));
  return std::unique_ptr<ServerProxy>(new ServerProxy(listener, ntohs(own.sin_port), address));
}

ServerProxy::ServerProxy(int listener, uint16_t port, std::string address)
    : listener_(listener), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), port_(port), address_(std::move(address)), cut_at_(kNever) {
  // Signals are for the thread that calls the plugin.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ServerProxy::~ServerProxy() {
  stop_ = true;
  wake();
  thread_.join();
  for (Route& route : routes_) drop(route, Cut::close);
  close(listener_);
  close(wake_);
}

void ServerProxy::wake() const { eventfd_write(wake_, 1); }

void ServerProxy::set(Mode mode) {
  mode_ = mode;
  if (mode == Mode::pass) cut_at_ = kNever;
  wake();
}

void ServerProxy::cut_after(int64_t bytes, Cut how) {
  cut_ = how;
  cut_at_ = received_ + bytes;
  wake();
}

void ServerProxy::drop(Route& route, Cut how) {
  answered_ += static_cast<int64_t>(route.to_client.size());
  if (route.client >= 0) end_connection(route.client, how == Cut::reset);
  if (route.server >= 0) close(route.server);
  route.client = route.server = -1;
}

void ServerProxy::accept_one() {
  Route route;
  route.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (route.client < 0) return;
  route.server = socket(reinterpret_cast<const sockaddr*>(address_.data())->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(route.server, reinterpret_cast<const sockaddr*>(address_.data()), static_cast<socklen_t>(address_.size())) == 0;
  if (!connected || mode_ == Mode::reset) return drop(route, Cut::reset);
  set_nodelay(route.client);
  set_nodelay(route.server);
  routes_.push_back(std::move(route));
}

void ServerProxy::answer(Route& route) {
  size_t most = route.to_client.size();
  if (mode_ == Mode::slow) {
    most = slowly_ < kByteByByte ? 1 : 13 + static_cast<size_t>(slowly_ % 7) * 97;
    // So that the reader comes in between.
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  const int64_t left = cut_at_ - answered_;
  most = std::min(most, static_cast<size_t>(std::max<int64_t>(left, 0)));
  const size_t before = route.to_client.size();
  const bool taken = most == 0 || give(route.client, route.to_client, most);
  answered_ += static_cast<int64_t>(before - route.to_client.size());
  slowly_ += static_cast<int64_t>(before - route.to_client.size());
  if (answered_ >= cut_at_) drop(route, cut_);
  else if (!taken) drop(route, Cut::reset);
}

void ServerProxy::serve(Route& route, short client_ready, short server_ready) {
  if (mode_ == Mode::reset) return drop(route, Cut::reset);
  if ((client_ready & (POLLIN | POLLHUP | POLLERR)) != 0 && !take(route.client, route.to_server, asked_)) return drop(route, Cut::close);
  if ((server_ready & (POLLIN | POLLHUP | POLLERR)) != 0 && !route.server_ended && !take(route.server, route.to_client, received_)) route.server_ended = true;
  if (!route.to_server.empty() && !give(route.server, route.to_server, route.to_server.size())) route.server_ended = true;
  if (mode_ == Mode::stall) return;
  if (!route.to_client.empty()) answer(route);
  else if (route.server_ended) drop(route, Cut::close);
}

void ServerProxy::run() {
  while (!stop_) {
    std::vector<pollfd> fds = {{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Route& route : routes_) {
      const bool answers = !route.to_client.empty() && mode_ != Mode::stall;
      const bool room = route.to_client.size() < kMaxHeld;
      fds.push_back({route.client, static_cast<short>((route.to_server.size() < kMaxHeld ? POLLIN : 0) | (answers ? POLLOUT : 0)), 0});
      fds.push_back({route.server_ended || !room ? -1 : route.server, static_cast<short>(POLLIN | (route.to_server.empty() ? 0 : POLLOUT)), 0});
    }
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    eventfd_t ignored;
    if (fds[0].revents != 0) eventfd_read(wake_, &ignored);
    for (size_t i = 0; i < routes_.size(); ++i) serve(routes_[i], fds[2 + 2 * i].revents, fds[3 + 2 * i].revents);
    if (fds[1].revents != 0) accept_one();
    std::erase_if(routes_, [](const Route& route) { return route.client < 0; });
  }
}

}  // namespace penstock::host::conformance
