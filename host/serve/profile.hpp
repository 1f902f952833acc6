// One profile as people and programs see it.
#pragma once

#include "base/json_writer.hpp"
#include "base/view_id.hpp"
#include "batch/batch.hpp"
#include "config/definitions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::host {

enum class ProfileState : uint8_t { missing, found, expired };

// "missing", "found", "expired"
std::string_view profile_state_name(ProfileState state);

// What the three columns in front of the fields say about one row of a lookup.
struct ProfileFacts {
  ProfileState state = ProfileState::missing;
  std::optional<int64_t> as_of_ns = {};  // when the row was last modified in the warehouse; since the epoch, UTC; see ages
  std::optional<int64_t> ttl_ms = {};    // left; nothing: never expires

  bool operator==(const ProfileFacts&) const = default;
};

// Checks that the batch is what a ProfileReader promises for these fields and this many keys.
Result<void> check_profiles(const View& view, const std::vector<std::string>& fields, size_t keys, const Batch& batch);

// Do the order keys of the view begin with a time, so that a profile has an age? Not where transaction ids come first.
bool ages(const Configuration& configuration, const View& view);

// Of a checked batch. `aged`: ages() of the view.
ProfileFacts profile_facts(const BatchView& batch, int64_t row, bool aged);

// A value as JSON:
//   int32, int64: exact integers                    double, float: shortest digits that read back; "NaN", "Infinity", "-Infinity"
//   bool: true, false                               string: a string
//   bytes: a base64 string                          unix_timestamp: seconds, a number with the exact fraction
//   a list: an array of these                       null: null
void append_value(JsonWriter& json, const ColumnView& column, int64_t row);

// A profile on its own; the values are JSON text, in the order of the view's fields.
struct Profile {
  ViewId view;
  std::string entity;
  std::string key;  // JSON text, as it was asked for
  ProfileFacts facts;
  std::vector<std::pair<std::string, std::string>> values;

  bool operator==(const Profile&) const = default;
};

// A row of a lookup of `fields`; `aged`: ages() of the view. INTERNAL when the batch is not what a ProfileReader promises.
Result<Profile> profile_at(const View& view, std::string_view key_json, const std::vector<std::string>& fields, const Batch& batch,
                           int64_t row, bool aged);

// {"view":"users","version":1,"entity":"domain_userid","key":"u1","state":"found","as_of":"…","age_seconds":12.5,
//  "ttl_seconds":null,"values":{"orders":3}}; the values are all null unless found.
std::string profile_json(const Profile& profile, int64_t now_ns);

// The same for people: a sentence, then a line a field.
std::string profile_table(const Profile& profile, int64_t now_ns);

}  // namespace penstock::host
