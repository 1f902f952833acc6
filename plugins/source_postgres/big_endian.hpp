// Numbers as PostgreSQL sends them.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace penstock::postgres {

// The number whose first byte is at `data`, which need not be aligned.
template <class T>
T load_big_endian(const char* data) {
  using Bits = std::make_unsigned_t<T>;
  Bits bits;
  std::memcpy(&bits, data, sizeof bits);
  if constexpr (sizeof bits == 2) bits = __builtin_bswap16(bits);
  if constexpr (sizeof bits == 4) bits = __builtin_bswap32(bits);
  if constexpr (sizeof bits == 8) bits = __builtin_bswap64(bits);
  return static_cast<T>(bits);
}

}  // namespace penstock::postgres
