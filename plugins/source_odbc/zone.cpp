#include "zone.hpp"

#include "time_text.hpp"

#include <penstock/error.hpp>

#include <date/tz.h>
#include <algorithm>
#include <limits>

namespace penstock::odbc {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kMaxDriftNs = int64_t{3} * 3600 * kSecondNs;  // no zone sets its clock back by more
// Near the ends of the range there is no room for an offset and the drift, and no data.
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max() - int64_t{48} * 3600 * kSecondNs;

}  // namespace

Zone::Zone(const std::string& name) {
  if (name == "UTC" || name == "Etc/UTC") return;
  try {
    zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "time zone \"" + name + "\" is not known");
  }
}

int64_t Zone::wall_ns(int64_t utc_ns) const {
  const int64_t ns = std::clamp(utc_ns, -kEnd, kEnd);
  if (zone_ == nullptr) return ns;
  const date::sys_seconds second{std::chrono::seconds(floor_div(ns, kSecondNs))};
  return ns + zone_->get_info(second).offset.count() * kSecondNs;
}

int64_t Zone::utc_ns(int64_t wall_ns) const {
  const int64_t ns = std::clamp(wall_ns, -kEnd, kEnd);
  if (zone_ == nullptr) return ns;
  const date::local_info info = zone_->get_info(date::local_seconds{std::chrono::seconds(floor_div(ns, kSecondNs))});
  if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count() * kSecondNs;
  return ns - info.first.offset.count() * kSecondNs;
}

int64_t Zone::least_wall_after(int64_t utc_ns) const {
  const int64_t ns = std::clamp(utc_ns, -kEnd, kEnd);
  return std::min(wall_ns(ns), wall_ns(ns + kMaxDriftNs) - kMaxDriftNs);
}

int64_t Zone::greatest_wall_until(int64_t utc_ns) const {
  const int64_t ns = std::clamp(utc_ns, -kEnd, kEnd);
  return std::max(wall_ns(ns), wall_ns(ns - kMaxDriftNs) + kMaxDriftNs);
}

}  // namespace penstock::odbc
