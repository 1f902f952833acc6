#include "sink_redis/transport.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/tls.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

namespace penstock::redis {
namespace {

// Owns a descriptor until a transport does.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class PlainTransport : public Transport {
 public:
  explicit PlainTransport(int fd) : Transport(fd) {}

  size_t send(const uint8_t* data, size_t size) override {
    const ssize_t n = retried([&] { return ::send(fd(), data, size, MSG_NOSIGNAL); });
    return n < 0 ? 0 : static_cast<size_t>(n);
  }

  size_t receive(char* data, size_t size) override {
    const ssize_t n = retried([&] { return recv(fd(), data, size, 0); });
    if (n == 0) throw Broken{"the server closed it"};
    return n < 0 ? 0 : static_cast<size_t>(n);
  }

  short events(bool to_send) const override { return to_send ? POLLIN | POLLOUT : POLLIN; }

  void wake_at(size_t bytes) override {
    if (bytes == wakes_at_) return;
    wakes_at_ = bytes;
    // A socket that has no such mark wakes at the first byte.
    const int mark = static_cast<int>(bytes);
    setsockopt(fd(), SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
  }

 private:
  size_t wakes_at_ = 1;

  // -1: nothing for now.
  template <class Operation>
  static ssize_t retried(const Operation& operation) {
    for (;;) {
      const ssize_t n = operation();
      if (n >= 0) return n;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return -1;
      if (errno != EINTR) throw Broken{std::strerror(errno)};
    }
  }
};

Error unreachable(const Endpoint& endpoint, const std::string& why) {
  return Error(PENSTOCK_STATUS_UNAVAILABLE, "cannot connect to " + endpoint.text() + ": " + why).retry_after_ns(kRetryPause.count());
}

std::vector<Address> addresses_of(const Call& call, const Endpoint& endpoint, SteadyTime until) {
  if (endpoint.path.empty()) return resolve(call, endpoint.host, endpoint.port, until);
  Address address;
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  if (endpoint.path.size() >= sizeof local.sun_path) throw unreachable(endpoint, "the path is too long");
  std::memcpy(local.sun_path, endpoint.path.data(), endpoint.path.size());
  std::memcpy(&address.bytes, &local, sizeof local);
  address.size = sizeof local;
  return {address};
}

// A connected non-blocking socket, or -1 and the reason.
Socket connect_to(const Call& call, const Address& address, SteadyTime until, std::string* why) {
  Socket socket(::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) {
    *why = std::strerror(errno);
    return socket;
  }
  int error = 0;
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0) error = errno;
  if (error == EINPROGRESS || error == EINTR) {
    socklen_t size = sizeof error;
    if (!wait_for(call, socket.get(), POLLOUT, until, PENSTOCK_RETRY_SAFE))
      error = ETIMEDOUT;
    else if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
      error = errno;
  }
  if (error != 0) {
    *why = std::strerror(error);
    return Socket(-1);
  }
  if (address.bytes.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  return socket;
}

}  // namespace

std::string Endpoint::text() const {
  if (!path.empty()) return "unix:" + path;
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Transport::~Transport() { close(fd_); }

std::unique_ptr<Transport> open_transport(const Call& call, const Endpoint& endpoint, const TlsSettings& tls, SteadyTime until) {
  std::string why;
  for (const Address& address : addresses_of(call, endpoint, until)) {
    Socket socket = connect_to(call, address, until, &why);
    if (socket.get() < 0) continue;
    if (!tls.enabled) return std::make_unique<PlainTransport>(socket.release());
    return open_tls(call, socket.release(), endpoint, tls, until);
  }
  throw unreachable(endpoint, why);
}

}  // namespace penstock::redis
