// Copies of a few bytes whose number is known only at run time: keys, names, values. The library's function costs more than such a copy.
#pragma once

#include <cstddef>
#include <cstring>

namespace penstock::redis {

// What is copied and where to do not overlap.
inline void copy_short(void* to, const void* from, size_t size) {
  auto* const out = static_cast<char*>(to);
  const auto* const in = static_cast<const char*>(from);
  constexpr size_t kShort = 64;
  if (size > kShort) {
    std::memcpy(out, in, size);
  } else if (size >= 16) {
    // The last piece overlaps the one before.
    for (size_t at = 0; at + 16 < size; at += 16) std::memcpy(out + at, in + at, 16);
    std::memcpy(out + size - 16, in + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(out, in, 8);
    std::memcpy(out + size - 8, in + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(out, in, 4);
    std::memcpy(out + size - 4, in + size - 4, 4);
  } else {
    for (size_t at = 0; at < size; ++at) out[at] = in[at];
  }
}

}  // namespace penstock::redis
