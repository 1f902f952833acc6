#include "sink_redis/resolve.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace penstock::redis {
namespace {

// How often a call without a cancel descriptor is asked whether it is cancelled.
constexpr int kCancelPollMs = 50;

// getaddrinfo cannot be interrupted, so it runs on a thread of its own that is left behind when the call gives up. The
// plugin is never unloaded, so the thread's code stays.
struct Lookup {
  std::string host;
  std::string service;
  int done_fd = -1;
  std::mutex mutex;
  int code = 0;
  std::vector<Address> found;

  ~Lookup() {
    if (done_fd >= 0) close(done_fd);
  }
};

int look_up(const char* host, const char* service, int flags, std::vector<Address>& out) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host, service, &hints, &list);
  if (code != 0) return code;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    Address address;
    address.size = one->ai_addrlen;
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    out.push_back(address);
  }
  freeaddrinfo(list);
  return 0;
}

Error unresolved(const std::string& host, const char* why) {
  return Error(PENSTOCK_STATUS_UNAVAILABLE, "the host name \"" + printable(host) + "\" cannot be resolved: " + why)
      .retry_after_ns(kRetryPause.count());
}

}  // namespace

bool wait_for(const Call& call, int fd, short events, SteadyTime until, int32_t retry) {
  std::vector<pollfd> fds = {{fd, events, 0}};
  return wait_for_any(call, fds, until, retry);
}

bool wait_for_any(const Call& call, std::vector<pollfd>& fds, SteadyTime until, int32_t retry) {
  for (;;) {
    if (call.cancelled()) throw Error(PENSTOCK_STATUS_CANCELLED, retry, "cancelled while waiting for the server");
    const int remaining = call.remaining_ms();
    if (remaining == 0) throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, retry, "the deadline passed while waiting for the server");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    int timeout = static_cast<int>(std::min<int64_t>(left, 3'600'000));
    if (remaining > 0) timeout = std::min(timeout, remaining);
    if (call.cancel_fd() < 0) timeout = std::min(timeout, kCancelPollMs);
    fds.push_back({call.cancel_fd(), POLLIN, 0});
    const int ready = poll(fds.data(), fds.size(), timeout);
    const int error = errno;
    fds.pop_back();
    if (ready < 0 && error != EINTR)
      throw Error(PENSTOCK_STATUS_INTERNAL, retry, "poll: " + std::string(std::strerror(error)));
    if (ready > 0 && !call.cancelled() && std::any_of(fds.begin(), fds.end(), [](const pollfd& one) { return one.revents != 0; })) return true;
  }
}

std::vector<Address> resolve(const Call& call, const std::string& host, int port, SteadyTime until) {
  std::vector<Address> numeric;
  if (look_up(host.c_str(), std::to_string(port).c_str(), AI_NUMERICHOST | AI_NUMERICSERV, numeric) == 0 && !numeric.empty())
    return numeric;

  const auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = std::to_string(port);
  lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (lookup->done_fd < 0) throw unresolved(host, std::strerror(errno));
  std::thread([lookup] {
    std::vector<Address> found;
    const int code = look_up(lookup->host.c_str(), lookup->service.c_str(), AI_NUMERICSERV, found);
    {
      const std::lock_guard lock(lookup->mutex);
      lookup->code = code;
      lookup->found = std::move(found);
    }
    eventfd_write(lookup->done_fd, 1);
  }).detach();
  if (!wait_for(call, lookup->done_fd, POLLIN, until, PENSTOCK_RETRY_SAFE)) throw unresolved(host, "no answer in time");
  const std::lock_guard lock(lookup->mutex);
  if (lookup->code != 0 || lookup->found.empty()) throw unresolved(host, gai_strerror(lookup->code));
  return lookup->found;
}

}  // namespace penstock::redis
