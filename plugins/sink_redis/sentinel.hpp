// Finding the master of a store that Redis Sentinel watches.
#pragma once

#include "sink_redis/session.hpp"

namespace penstock::redis {

// A session with the master that the sentinels of the settings name. They are asked in order; the first whose answer leads to a server
// that says itself that it is a master decides. Each call asks anew, so that the one after a failover finds the new master. When none leads
// there, the error tells what each was asked and what came back.
std::shared_ptr<Session> open_master(const Call&, const Settings&);

}  // namespace penstock::redis
