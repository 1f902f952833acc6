// CRC-64 as Redis computes it: Jones's polynomial, reflected, starting from 0. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock::redis {

uint64_t crc64(const uint8_t* bytes, size_t size);

// The two ways to it: crc64 takes the second where the processor can multiply without carries, which is many times as fast.
uint64_t crc64_by_table(const uint8_t* bytes, size_t size);
bool can_fold();
uint64_t crc64_by_folding(const uint8_t* bytes, size_t size);  // only where can_fold()

}  // namespace penstock::redis
