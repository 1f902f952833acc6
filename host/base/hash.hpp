// A 64-bit hash for keys and values. Stable for ever: the value hash is stored next to the data, as the tie-break of the order
// key and to tell unchanged rows.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::host {

inline uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xd6e8feb86659fd93u);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Continues `seed` with the bytes; the length is part of it, so ("a","bc") and ("ab","c") differ.
inline uint64_t hash_bytes(uint64_t seed, std::string_view bytes) {
  uint64_t h = mix(seed, bytes.size());
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = mix(h ^ word, 0xa0761d6478bd642fu);
  }
  if (left > 0) {
    uint64_t word = 0;
    std::memcpy(&word, p, left);
    h = mix(h ^ word, 0xe7037ed1a0b428dbu);
  }
  return h;
}

}  // namespace penstock::host
