// An entity's key as the one text that a store knows a profile by.
#pragma once

#include "base/failure.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

// One part is the key itself. Several parts are joined as <bytes>:<part><bytes>:<part>, so that ("a", "bc") and ("ab", "c")
// differ whatever the parts contain. An entity always has the same number of parts, so its keys never collide.
std::string encode_key(std::span<const std::string_view> parts);

// The parts again. INVALID_ARGUMENT when `key` is not one that encode_key makes of that many parts.
Result<std::vector<std::string>> decode_key(std::string_view key, size_t parts);

}  // namespace penstock::host
