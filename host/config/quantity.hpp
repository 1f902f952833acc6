// Durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host {

// What parse_duration and parse_size accept, as patterns for editors.
inline constexpr std::string_view kDurationPattern = "^[0-9]+(d|h|m|s|ms|us|ns)$";
inline constexpr std::string_view kSizePattern = "^[0-9]+(TiB|GiB|MiB|KiB|B)$";

// "90s", "5m", "1h", "365d", "500ms" (also "us" and "ns"): a whole number and one unit. Zero is allowed; negative numbers and
// more than 292 years are not.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// The shortest text that parse_duration reads back as the same duration. Expects no negative duration.
std::string format_duration(std::chrono::nanoseconds duration);

// "123B", "8KiB", "64MiB", "2GiB", "1TiB": bytes.
std::optional<int64_t> parse_size(std::string_view text);

// The shortest text that parse_size reads back as the same size.
std::string format_size(int64_t bytes);

// What to say to text that is neither.
std::string not_a_duration(std::string_view text);
std::string not_a_size(std::string_view text);

}  // namespace penstock::host
