#include "base/entity_key.hpp"

#include <charconv>

namespace penstock::host {

std::string encode_key(std::span<const std::string_view> parts) {
  if (parts.size() == 1) return std::string(parts[0]);
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size() + 8;
  std::string key;
  key.reserve(size);
  for (const std::string_view part : parts) key.append(std::to_string(part.size())).append(":").append(part);
  return key;
}

Result<std::vector<std::string>> decode_key(std::string_view key, size_t parts) {
  if (parts == 1) return std::vector{std::string(key)};
  const auto wrong = [&] { return invalid("the key is not made of " + std::to_string(parts) + " length-prefixed parts"); };
  std::vector<std::string> out;
  for (size_t i = 0; i < parts; ++i) {
    size_t size = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), size);
    const auto digits = static_cast<size_t>(end - key.data());
    // "01:x" would be a second spelling of "1:x".
    if (error != std::errc() || (digits > 1 && key[0] == '0')) return wrong();
    key.remove_prefix(digits);
    if (!key.starts_with(':') || key.size() - 1 < size) return wrong();
    out.emplace_back(key.substr(1, size));
    key.remove_prefix(1 + size);
  }
  if (!key.empty()) return wrong();
  return out;
}

}  // namespace penstock::host
