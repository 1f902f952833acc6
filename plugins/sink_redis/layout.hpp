// Where things are in the store; docs/redis-layout.md is the description for other programs.
#pragma once

#include <penstock/sink.hpp>

#include <string>

namespace penstock::redis {

// The hash field that holds a profile's order key, in lower-case hex. What does not have it was not written by Penstock.
inline constexpr std::string_view kOrderField = "_o";

inline constexpr size_t kMaxFields = 1000;
inline constexpr size_t kMaxKeyBytes = 64 * 1024;

struct Layout {
  std::string store_key;   // <prefix>store
  std::string marker_key;  // <prefix>marker:<view>_v<version>
  std::string profiles;    // <prefix><view>_v<version>: and the profile's key follows

  // Throws INVALID_ARGUMENT for a view name that could make keys ambiguous.
  Layout(const std::string& prefix, const std::string& view, int32_t version);
};

// Throws INVALID_ARGUMENT, naming the field, unless each is of one of the sixteen types and has a name that can be stored.
void check_fields(const Schema& schema, size_t first);

// The identity that a store gets when it has none: random, 128 bits in hex.
std::string new_store_id();

// Lower-case hex. `out` takes 2 * bytes.size() characters.
void write_hex(std::string_view bytes, char* out);
std::string to_hex(std::string_view bytes);
// False: not an even number of lower-case hex digits.
bool from_hex(std::string_view hex, std::string* bytes);

}  // namespace penstock::redis
