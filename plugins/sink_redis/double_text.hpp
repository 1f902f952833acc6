// The shortest text of a double that reads back as the same: to the last byte what std::to_chars writes, in a third of the instructions. Pure.
#pragma once

#include <cstddef>

namespace penstock::redis {

inline constexpr size_t kDoubleTextBytes = 48;  // the room that write_double needs; the text takes at most 24 of it

// Returns the end of the text. The value must not be NaN.
char* write_double(char* at, double value);

}  // namespace penstock::redis
