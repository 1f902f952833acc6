// JSON values as text that has lost nothing: numbers keep their digits. The only user of simdjson.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>

namespace penstock::files {

enum class JsonKind : unsigned char { null, string, number, boolean, nested };

// Gets a member's name and value. The views are valid until the parser's next call. Returns NULL, or what is wrong with it.
// `nested` is the text of an array or object.
using OnMember = std::function<const char*(std::string_view name, JsonKind kind, std::string_view text)>;
using OnItem = std::function<const char*(JsonKind kind, std::string_view text)>;

class JsonParser {
 public:
  JsonParser();
  ~JsonParser();

  // One object, all of the text. `padding` bytes behind the text are readable. Returns NULL, or what is wrong.
  const char* read_object(std::string_view text, size_t padding, const OnMember& on_member);
  // One array, all of the text; copies it, so it needs no padding.
  const char* read_array(std::string_view text, const OnItem& on_item);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

bool is_utf8(std::string_view text);

// Cheaper than is_utf8 for the short texts of which tables are made.
inline bool is_ascii(std::string_view text) {
  uint64_t high = 0;
  const char* p = text.data();
  size_t left = text.size();
  for (uint64_t word; left >= sizeof word; left -= sizeof word, p += sizeof word) {
    std::memcpy(&word, p, sizeof word);
    high |= word;
  }
  for (; left > 0; --left, ++p) high |= static_cast<unsigned char>(*p);
  return (high & 0x8080808080808080u) == 0;
}

}  // namespace penstock::files
