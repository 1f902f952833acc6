// The encrypted transport.
#pragma once

#include "sink_redis/transport.hpp"

namespace penstock::redis {

// Agrees on TLS 1.2 or newer over a connected socket, which it then owns (and closes when it throws), and checks who answers
// before anything is said. Throws as open_transport does.
std::unique_ptr<Transport> open_tls(const Call&, int fd, const Endpoint&, const TlsSettings&, SteadyTime until);

}  // namespace penstock::redis
