#include "sink_redis/crc64.hpp"

#include "sink_redis/short_copy.hpp"

#include <array>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace penstock::redis {
namespace {

// A word's lowest bit is the coefficient of x^63: this multiplies by x, modulo the polynomial.
constexpr uint64_t times_x(uint64_t word) { return (word >> 1) ^ ((word & 1) != 0 ? 0x95ac9329ac4bc9b5u : 0); }

using Tables = std::array<std::array<uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = times_x(crc);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < 8; ++slice)
    for (size_t byte = 0; byte < 256; ++byte) tables[slice][byte] = (tables[slice - 1][byte] >> 8) ^ tables[0][tables[slice - 1][byte] & 255];
  return tables;
}
constexpr Tables kTables = make_tables();

}  // namespace

uint64_t crc64_by_table(const uint8_t* bytes, size_t size) {
  uint64_t crc = 0;
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    crc ^= word;
    uint64_t next = 0;
    for (size_t i = 0; i < 8; ++i) next ^= kTables[7 - i][(crc >> (8 * i)) & 255];
    crc = next;
  }
  for (; size > 0; ++bytes, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 255];
  return crc;
}

#ifdef __x86_64__
namespace {

constexpr size_t kBlock = 16;

constexpr uint64_t power_of_x(int exponent) {
  uint64_t word = uint64_t{1} << 63;
  for (; exponent > 0; --exponent) word = times_x(word);
  return word;
}

}  // namespace

bool can_fold() { return __builtin_cpu_supports("pclmul") != 0; }

// Takes a block at a time: what came before stands 128 bits further to the left, so it is multiplied by x^128, its first half by x^192,
// and replaced by what is left of that modulo the polynomial. The product of two reflected words is one bit short, hence the one less.
__attribute__((target("pclmul"))) uint64_t crc64_by_folding(const uint8_t* bytes, size_t size) {
  const __m128i powers = _mm_set_epi64x(static_cast<int64_t>(power_of_x(127)), static_cast<int64_t>(power_of_x(191)));
  // Zeros in front change nothing, so the block that is not whole is the first.
  const size_t odd = size % kBlock;
  uint8_t block[kBlock] = {};
  copy_short(block + kBlock - odd, bytes, odd);
  __m128i rest = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
  for (const uint8_t *at = bytes + odd, *const end = bytes + size; at != end; at += kBlock) {
    const __m128i folded = _mm_xor_si128(_mm_clmulepi64_si128(rest, powers, 0x00), _mm_clmulepi64_si128(rest, powers, 0x11));
    rest = _mm_xor_si128(folded, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(block), rest);
  return crc64_by_table(block, kBlock);
}
#else
bool can_fold() { return false; }
uint64_t crc64_by_folding(const uint8_t* bytes, size_t size) { return crc64_by_table(bytes, size); }
#endif

uint64_t crc64(const uint8_t* bytes, size_t size) { return can_fold() ? crc64_by_folding(bytes, size) : crc64_by_table(bytes, size); }

}  // namespace penstock::redis
