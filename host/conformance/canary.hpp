// Secrets that can be recognised wherever they come up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host::conformance {

// 24 letters and digits, drawn by the seed.
std::string canary(uint64_t seed);

// The first line of the text that holds `part` bytes in a row of the secret; of a shorter secret, all of it.
std::optional<std::string> line_with(std::string_view text, std::string_view secret, size_t part);

}  // namespace penstock::host::conformance
