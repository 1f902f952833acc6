// Where things are in the store; docs/redis-layout.md is the description for other programs.
#pragma once

#include <penstock/sink.hpp>

#include <array>
#include <string>

namespace penstock::redis {

// The hash field that holds a profile's order key, in lower-case hex. What does not have it was not written by Penstock.
inline constexpr std::string_view kOrderField = "_o";

inline constexpr size_t kMaxFields = 1000;
inline constexpr size_t kMaxKeyBytes = 64 * 1024;

// In a cluster profiles are spread over so many buckets, each of which has a marker and a store identity of its own in the same slot.
inline constexpr size_t kBuckets = 64;
size_t bucket_of(std::string_view key);
// <prefix>{<bucket as two hex digits>}: stands in a cluster where the prefix does elsewhere.
std::string bucket_prefix(const std::string& prefix, size_t bucket);

struct Layout {
  std::string prefix;
  std::string store_key;   // <prefix>store
  std::string marker_key;  // <prefix>marker:<view>_v<version>
  std::string profiles;    // <prefix><view>_v<version>: and the profile's key follows

  // Throws INVALID_ARGUMENT for a view name that could make keys ambiguous.
  Layout(std::string prefix, const std::string& view, int32_t version);

  std::array<std::string, 2> marker_and_store() const { return {marker_key, store_key}; }
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
