// Pipelines on several connections at once, by one thread.
#pragma once

#include "sink_redis/connection.hpp"

namespace penstock::redis {

// What goes over one connection, as for Connection::pipeline. The connection must outlive the exchange.
struct Exchange {
  Connection* connection;
  std::function<Encoded(Buffer&)> encode;
  std::function<void(const Reply&)> handle;
};

// Each of the connections, which are all different, gets its commands without waiting for the others, and at most about `window` bytes ahead
// of its own replies. When a connection is lost or a function throws, every connection that has not had all its replies is closed.
void exchange(const Call&, size_t window, const std::vector<Exchange>&);

}  // namespace penstock::redis
