#include "sink_redis/connection.hpp"

#include "sink_redis/errors.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

namespace penstock::redis {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr size_t kCompactBytes = 256 * 1024;
constexpr size_t kKeptBytes = 4u << 20;  // an output buffer larger than this is given back after use

Error unreachable(const std::string& server, const std::string& why) {
  return Error(PENSTOCK_STATUS_UNAVAILABLE, "cannot connect to " + server + ": " + why).retry_after_ns(kRetryPause.count());
}

// A connected non-blocking socket, or -1 and the reason.
int connect_to(const Call& call, const Address& address, SteadyTime until, std::string* why) {
  const int fd = socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *why = std::strerror(errno);
    return -1;
  }
  int error = 0;
  try {
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) != 0) error = errno;
    if (error == EINPROGRESS || error == EINTR) {
      socklen_t size = sizeof error;
      if (!wait_for(call, fd, POLLOUT, until, PENSTOCK_RETRY_SAFE))
        error = ETIMEDOUT;
      else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    }
  } catch (...) {
    ::close(fd);
    throw;
  }
  if (error != 0) {
    *why = std::strerror(error);
    ::close(fd);
    return -1;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return fd;
}

}  // namespace

Connection::Connection(const Call& call, std::string server, const std::string& host, int port,
                       std::chrono::nanoseconds connect_timeout, std::chrono::nanoseconds timeout)
    : server_(std::move(server)), timeout_(timeout) {
  const auto until = std::chrono::steady_clock::now() + connect_timeout;
  std::string why;
  for (const Address& address : resolve(call, host, port, until)) {
    fd_ = connect_to(call, address, until, &why);
    if (fd_ >= 0) return;
  }
  throw unreachable(server_, why);
}

Connection::~Connection() { close(); }

void Connection::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Connection::lost(const std::string& why) {
  close();
  throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the connection to " + server_ + " was lost: " + why);
}

void Connection::wipe_sent() {
  out_.clear();
  if (most_out_ != 0) explicit_bzero(out_.extend(most_out_), most_out_);
  out_.clear();
}

Reply Connection::request(const Call& call, std::span<const std::string_view> arguments) {
  bool first = true;
  pipeline(
      call, 1,
      [&](Buffer& out) {
        if (!std::exchange(first, false)) return false;
        append_array_header(out, arguments.size());
        for (const std::string_view argument : arguments) append_bulk(out, argument);
        return true;
      },
      [](const Reply&) {});
  return in_.reply();
}

void Connection::pipeline(const Call& call, size_t window, const std::function<bool(Buffer&)>& encode,
                          const std::function<void(const Reply&)>& handle) {
  if (!alive()) lost("it is closed");
  std::deque<size_t> unanswered;  // bytes of each command
  size_t unanswered_bytes = 0;
  bool more = true;
  progress_ = std::chrono::steady_clock::now();
  out_.clear();
  sent_ = most_out_ = 0;
  try {
    for (;;) {
      while (more && unanswered_bytes < window) {
        const size_t before = out_.size();
        more = encode(out_);
        if (!more) break;
        unanswered.push_back(out_.size() - before);
        unanswered_bytes += unanswered.back();
        most_out_ = std::max(most_out_, out_.size());
      }
      if (unanswered.empty()) break;
      bool moved = send_some();
      if (receive_some()) moved = true;
      while (!unanswered.empty() && next_reply()) {
        handle(in_.reply());
        unanswered_bytes -= unanswered.front();
        unanswered.pop_front();
        moved = true;
      }
      // A server that always has something for us must not keep us past the end of the call.
      wait(call, moved ? Wait::not_at_all : sent_ < out_.size() ? Wait::to_read_or_write : Wait::to_read);
    }
  } catch (...) {
    close();
    throw;
  }
  if (most_out_ > kKeptBytes) out_ = Buffer();
}

// Sends as much as the socket takes; true if that was anything.
bool Connection::send_some() {
  bool moved = false;
  while (sent_ < out_.size()) {
    const ssize_t n = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      lost(std::strerror(errno));
    }
    sent_ += static_cast<size_t>(n);
    moved = true;
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ >= kCompactBytes && sent_ >= out_.size() / 2) {
    const size_t rest = out_.size() - sent_;
    std::memmove(out_.data(), out_.data() + sent_, rest);
    out_.clear();
    out_.extend(rest);
    sent_ = 0;
  }
  if (moved) progress_ = std::chrono::steady_clock::now();
  return moved;
}

bool Connection::receive_some() {
  char bytes[kReceiveBytes];
  ssize_t n = 0;
  do n = recv(fd_, bytes, sizeof bytes, 0);
  while (n < 0 && errno == EINTR);
  if (n == 0) lost("the server closed it");
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    lost(std::strerror(errno));
  }
  in_.feed(bytes, static_cast<size_t>(n));
  progress_ = std::chrono::steady_clock::now();
  return true;
}

bool Connection::next_reply() {
  for (;;) {
    switch (in_.next()) {
      case RespDecoder::Progress::incomplete: return false;
      case RespDecoder::Progress::invalid:
        close();
        throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                    server_ + " does not speak the Redis protocol: " + in_.error());
      case RespDecoder::Progress::complete:
        // Out-of-band messages answer nothing.
        if (in_.reply().kind() != ReplyKind::push) return true;
    }
  }
}

void Connection::wait(const Call& call, Wait what) {
  if (what == Wait::not_at_all) {
    if (call.cancelled()) throw Error(PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "cancelled");
    if (call.remaining_ms() == 0)
      throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the deadline passed");
    return;
  }
  const short events = what == Wait::to_read ? POLLIN : POLLIN | POLLOUT;
  if (wait_for(call, fd_, events, progress_ + timeout_, PENSTOCK_RETRY_UNKNOWN_OUTCOME)) return;
  lost("no progress for " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(timeout_).count()) + " ms");
}

}  // namespace penstock::redis
