#include "platform/run_id.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <random>
#include <sys/random.h>

namespace penstock::host {
namespace {

using Bytes = std::array<uint8_t, 16>;

void fill_randomly(Bytes& bytes) {
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<size_t>(got);
    if (got < 0 && errno != EINTR) break;
  }
  // A sandbox may forbid the system call.
  if (filled < bytes.size()) {
    std::random_device device;
    for (; filled < bytes.size(); ++filled) bytes[filled] = static_cast<uint8_t>(device());
  }
}

std::string to_text(const Bytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string new_run_id(const Clock& clock) {
  const int64_t now = clock.wall_ns();
  const uint64_t nanoseconds = now < 0 ? 0 : static_cast<uint64_t>(now);
  const uint64_t milliseconds = nanoseconds / 1'000'000;
  // The 12 bits after the version hold the part below a millisecond (RFC 9562, 6.2, method 3), so that ids made one after
  // the other sort in that order.
  const uint64_t fraction = nanoseconds % 1'000'000 * 4096 / 1'000'000;

  Bytes bytes;
  fill_randomly(bytes);
  for (size_t i = 0; i < 6; ++i) bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  bytes[6] = static_cast<uint8_t>(0x70 | fraction >> 8);
  bytes[7] = static_cast<uint8_t>(fraction);
  bytes[8] = static_cast<uint8_t>(0x80 | (bytes[8] & 0x3f));
  return to_text(bytes);
}

}  // namespace penstock::host
