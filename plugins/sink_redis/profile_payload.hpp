// A profile as Redis's own serialized form of a small hash (what DUMP gives), so that the server takes it over in one piece instead of
// building the hash field by field: HSET costs the square of the fields, RESTORE does not. Redis 7.0 or newer has this form. Pure.
#pragma once

#include "sink_redis/value_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::redis {

// Larger hashes Redis keeps as a table by default, and this form would only be unpacked again.
inline constexpr size_t kPayloadFields = 128;
inline constexpr size_t kPayloadValueBytes = 64;

// Encodes the profiles of one run. Reuses its memory.
class ProfilePayload {
 public:
  // Can profiles with these fields have this form?
  static bool fits(const std::vector<std::string>& names);
  explicit ProfilePayload(const std::vector<std::string>& names);

  // Starts a profile with its order key in hex.
  void start(std::string_view order);
  // Adds a field, whose value has at most kPayloadValueBytes as text and is not null.
  void add(size_t field, std::string_view value);
  void add(size_t field, const ValueWriter& value, int64_t row);
  // The payload as one bulk string.
  void append_to(Buffer& out);

 private:
  static constexpr size_t kPiece = 16;
  struct Name {
    size_t size;
    uint8_t bytes[kPayloadValueBytes + kPiece];  // encoded as an entry
  };

  uint8_t* put_name(size_t field);

  std::vector<Name> names_;
  size_t fields_bytes_ = 0;         // that they and their values may take
  std::vector<uint8_t> list_;       // with room for the largest
  uint8_t* end_ = nullptr;          // of what is written
  size_t entries_ = 0;
  Buffer scratch_;
};

}  // namespace penstock::redis
