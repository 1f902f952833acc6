#include "plugin/printable.hpp"

#include "batch/batch.hpp"

namespace penstock::host {
namespace {

// Length of the well-formed character at the front, 0 if there is none.
size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return length <= text.size() && is_utf8(text.substr(0, length)) ? length : 0;
}

// How much of the front is visible ASCII: nearly always everything.
size_t plain_length(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && text[length] >= ' ' && text[length] < 0x7f) ++length;
  return length;
}

// C0, DEL, and C1 (which terminals obey as well).
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

std::string escaped(std::string_view bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text, size_t max_bytes, Lines lines) {
  std::string out;
  while (!text.empty()) {
    const size_t plain = plain_length(text.substr(0, max_bytes - out.size()));
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = character_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    const bool kept = lines == Lines::keep && (character == "\n" || character == "\t");
    const std::string piece = length != 0 && (kept || !is_control(character)) ? std::string(character) : escaped(character);
    if (out.size() + piece.size() > max_bytes) return out += "…";
    out += piece;
    text.remove_prefix(character.size());
  }
  return out;
}

std::string printable(penstock_str text, size_t max_bytes) {
  if (text.data == nullptr) return {};
  return printable(std::string_view(text.data, static_cast<size_t>(text.size)), max_bytes);
}

}  // namespace penstock::host
