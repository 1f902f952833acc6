// A port for a server of the test's own.
#pragma once

#include <cstdint>

namespace penstock::test {

// A TCP port on 127.0.0.1 that nobody listens on now, with room above it for the bus of a Redis Cluster node (port + 10000).
uint16_t free_port();

}  // namespace penstock::test
