// What an error reply of the server means for the host.
#pragma once

#include <penstock/error.hpp>

#include <chrono>

namespace penstock::redis {

inline constexpr std::chrono::nanoseconds kRetryPause = std::chrono::seconds(1);

// The code of an error reply: its first word ("OOM", "NOPERM"), also where a script wraps it in another error.
std::string_view error_code(std::string_view reply);

// An Error for an error reply. `action` is what was tried, such as "write". The reply's text is shortened and escaped; what a
// server echoes of our arguments is left out.
Error server_error(std::string_view action, std::string_view reply);

// Text from outside for a message: control characters and bytes outside ASCII as \xNN, cut at `limit`.
std::string printable(std::string_view text, size_t limit = 200);

}  // namespace penstock::redis
