#include "conformance/canary.hpp"

#include <algorithm>
#include <random>

namespace penstock::host::conformance {
namespace {

constexpr size_t kSize = 24;
constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

}  // namespace

std::string canary(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out;
  for (size_t i = 0; i < kSize; ++i) out += kLetters[random() % kLetters.size()];
  return out;
}

std::optional<std::string> line_with(std::string_view text, std::string_view secret, size_t part) {
  if (secret.empty()) return std::nullopt;
  part = std::min(part, secret.size());
  for (size_t at = 0; at + part <= secret.size(); ++at) {
    const size_t found = text.find(secret.substr(at, part));
    if (found == std::string_view::npos) continue;
    const size_t begin = found == 0 ? 0 : text.rfind('\n', found - 1) + 1;
    return std::string(text.substr(begin, text.find('\n', found) - begin));
  }
  return std::nullopt;
}

}  // namespace penstock::host::conformance
