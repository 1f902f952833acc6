// The markers of a view: one, or in a cluster one for each bucket, which together say what one would.
#pragma once

#include "sink_redis/nodes.hpp"

namespace penstock::redis {

// EVALSHA for a session that has the script.
void append_script(Buffer& out, const Session&, Script, std::span<const std::string> keys, std::span<const std::string> arguments);

// In the order of the layouts. Gives each part an identity that has none.
std::vector<Marker> read_markers(const Call&, Nodes&, const std::vector<Layout>&);

// What the parts' markers say of the whole: the position that all have reached, and none if one has none; the greatest fence, which a
// new run has to exceed; of what was committed the earliest; an identity that changes when that of any part does.
Marker merged(const std::vector<Marker>& parts);

// As MarkerStore::compare_and_store_marker. Where a part is refused after others were not, the position is the earlier of the two.
void store_markers(const Call&, Nodes&, const std::vector<Layout>&, int64_t expected_fence, const std::optional<Position>&);

}  // namespace penstock::redis
