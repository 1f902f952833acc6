#include "oracle.hpp"

#include <algorithm>
#include <limits>

namespace penstock::sim {
namespace {

std::string times_of_profile(const Store::Profile& profile) { return {profile.order.data(), 16}; }

// Eight bytes that compare like the time.
std::string sortable(int64_t time) {
  const uint64_t flipped = static_cast<uint64_t>(time) + (uint64_t{1} << 63);
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(flipped >> shift);
  return out;
}

}  // namespace

// The order of a version: the event time if the view orders by it, then the cursor; no cursor is before every other.
std::string Oracle::times_of(const Version& version) const {
  const std::string cursor = sortable(version.cursor.value_or(std::numeric_limits<int64_t>::min()));
  return (setup_.order_by_event ? sortable(version.event) : std::string(8, '\0')) + cursor;
}

std::string Oracle::label(const Version& version) const {
  return "row " + std::to_string(version.row) + " of e" + std::to_string(version.entity) + " at " +
         (version.cursor ? std::to_string(*version.cursor) : "null") + " with value " + std::to_string(version.value) + ", committed in event " +
         std::to_string(version.committed_in);
}

// Does the marker say that this version was delivered?
bool Oracle::covered(const Version& version, const Store::Marker& marker) const {
  if (!version.promised || (version.cursor && *version.cursor > marker.position)) return false;
  if (setup_.class_a() && version.cursor && !version.again) return true;
  return version.committed_in <= marker.snapshot_event;
}

bool Oracle::existed(size_t entity, const Store::Profile& profile) const {
  const auto& versions = database_.versions();
  return std::any_of(versions.begin(), versions.end(), [&](const Version& version) {
    return version.entity == static_cast<int64_t>(entity) && version.value == profile.value && times_of(version) == times_of_profile(profile);
  });
}

std::optional<std::string> Oracle::check(const Store::Data& store, bool store_lost_something) {
  for (size_t entity = 0; entity < kMostEntities; ++entity) {
    const Store::Profile &now = store.profiles[entity], &before = before_[entity];
    if (before.there && !store_lost_something && (!now.there || times_of_profile(now) < times_of_profile(before)))
      return "the profile of e" + std::to_string(entity) + " became older";
    const bool changed = now.there && (!before.there || now.order != before.order || now.value != before.value);
    if (changed && !existed(entity, now)) return "the profile of e" + std::to_string(entity) + " is no version that ever existed";
  }
  before_ = store.profiles;
  const Store::Marker& marker = store.marker;
  if (!marker.there || !marker.positioned || marker.store_id != store.store_id) return {};
  for (const size_t index : database_.snapshot()) {
    const Version& version = database_.versions()[index];
    if (!covered(version, marker) || store_.ever_refused(static_cast<size_t>(version.entity))) continue;
    const Store::Profile& profile = store.profiles[static_cast<size_t>(version.entity)];
    if (!profile.there || times_of_profile(profile) < times_of(version))
      return "the marker says " + std::to_string(marker.position) + ", and the store has not " + label(version);
  }
  return {};
}

std::optional<std::string> Oracle::check_rest(const Store::Data& store) const {
  for (size_t entity = 0; entity < kMostEntities; ++entity) {
    const Store::Profile& profile = store.profiles[entity];
    std::string newest;
    std::vector<int64_t> values;
    for (const size_t index : database_.snapshot()) {
      const Version& version = database_.versions()[index];
      if (version.entity != static_cast<int64_t>(entity) || !version.promised) continue;
      const std::string times = times_of(version);
      if (times < newest) continue;
      if (times > newest) values.clear();
      newest = times;
      values.push_back(version.value);
    }
    if (newest.empty()) continue;
    const std::string name = "e" + std::to_string(entity);
    if (!profile.there) return name + " is missing";
    if (times_of_profile(profile) < newest) return name + " is older than the table";
    if (!exact()) continue;
    if (times_of_profile(profile) != newest) return name + " is newer than the table";
    if (std::find(values.begin(), values.end(), profile.value) == values.end())
      return name + " has the value " + std::to_string(profile.value) + ", which no newest row has";
  }
  return {};
}

}  // namespace penstock::sim
