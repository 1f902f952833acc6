// Reading profiles back.
#pragma once

#include "sink_redis/nodes.hpp"

namespace penstock::redis {

// Fills `out` as ProfileLookup::read_profiles promises. A key that holds something else is missing. A value that is not one
// of its field's type is null; returns how many of those there were, and the first such field's name in *first_bad.
size_t read_profiles(const Call&, Nodes&, const std::vector<Layout>&, bool packed, const Schema& fields,
                     const std::vector<std::string_view>& keys, BatchBuilder& out, std::string* first_bad);

}  // namespace penstock::redis
