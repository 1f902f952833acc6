// Host names to addresses, without blocking past a cancelled call.
#pragma once

#include <penstock/call.hpp>

#include <chrono>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace penstock::redis {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

// Waits until fd has one of the poll(2) events; false: `until` came first. Throws CANCELLED or DEADLINE_EXCEEDED with the
// given retry class.
bool wait_for(const Call&, int fd, short events, SteadyTime until, int32_t retry);
// The same until any of them has; their revents say which. A cancelled call is noticed before them.
bool wait_for_any(const Call&, std::vector<pollfd>& fds, SteadyTime until, int32_t retry);

// The addresses of a host, at least one, in the system's order. A numeric address is answered at once. Throws UNAVAILABLE.
std::vector<Address> resolve(const Call&, const std::string& host, int port, SteadyTime until);

}  // namespace penstock::redis
