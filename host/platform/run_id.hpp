// Names for runs that no two hosts ever share.
#pragma once

#include "platform/clock.hpp"

#include <string>

namespace penstock::host {

// A UUIDv7 (RFC 9562) as 36 lower-case characters: the wall clock to a quarter of a microsecond, then 62 random bits from the
// kernel. Sorts as text in the order of the clock.
std::string new_run_id(const Clock& clock);

}  // namespace penstock::host
