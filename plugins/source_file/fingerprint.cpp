#include "fingerprint.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace penstock::files {
namespace {

constexpr uint64_t kPrime1 = 0x9e3779b185ebca87u;
constexpr uint64_t kPrime2 = 0xc2b2ae3d27d4eb4fu;
constexpr uint64_t kPrime3 = 0x165667b19e3779f9u;
constexpr int64_t kBlock = 256 * 1024;  // part of what a fingerprint means: positions hold fingerprints
constexpr int64_t kEdge = 4096;

uint64_t rotl(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
uint64_t load(const char* p) {
  uint64_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
uint64_t round(uint64_t lane, uint64_t word) { return rotl(lane + word * kPrime2, 31) * kPrime1; }

}  // namespace

uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  const char* p = bytes.data();
  size_t left = bytes.size();
  // Four lanes keep the multiplier busy; one would run at a quarter of the speed.
  uint64_t a = seed + kPrime1 + kPrime2, b = seed + kPrime2, c = seed, d = seed - kPrime1;
  for (; left >= 32; left -= 32, p += 32) {
    a = round(a, load(p));
    b = round(b, load(p + 8));
    c = round(c, load(p + 16));
    d = round(d, load(p + 24));
  }
  uint64_t h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18) + bytes.size();
  for (; left > 0; --left, ++p) h = rotl(h ^ (static_cast<unsigned char>(*p) * kPrime3), 11) * kPrime1;
  h ^= h >> 33;
  h *= kPrime2;
  h ^= h >> 29;
  h *= kPrime3;
  return h ^ (h >> 32);
}

uint64_t fingerprint(const Call& call, const OpenFile& file, int64_t end, Appended how) {
  const auto block = std::make_unique<char[]>(kBlock);
  uint64_t h = static_cast<uint64_t>(end);
  const auto add = [&](int64_t from, int64_t to) {
    for (int64_t at = from; at < to;) {
      call.check();
      const auto size = static_cast<size_t>(std::min(kBlock, to - at));
      file.read_exactly(at, block.get(), size);
      h = hash_bytes({block.get(), size}, h);
      at += static_cast<int64_t>(size);
    }
  };
  if (how == Appended::verify || end <= 2 * kEdge) {
    add(0, end);
  } else {
    add(0, kEdge);
    add(end - kEdge, end);
  }
  return h;
}

}  // namespace penstock::files
