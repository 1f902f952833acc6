// What a plugin says, made safe for logs, terminals and reports.
#pragma once

#include <penstock/base.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::host {

enum class Lines { escape, keep };  // keep: newlines and tabs stay, for statements shown in full

// A copy of at most max_bytes (then "…" follows): well-formed UTF-8 without control characters. Those, and bytes that are not
// UTF-8, are written as \n, \t or \x1b. Never reads more of the text than it needs.
std::string printable(std::string_view text, size_t max_bytes, Lines lines = Lines::escape);

// The same for what comes over the ABI; data may be null whatever the size says.
std::string printable(penstock_str text, size_t max_bytes);

}  // namespace penstock::host
