#include "zone.hpp"

#include "timestamp.hpp"

#include <penstock/error.hpp>

#include <date/tz.h>
#include <limits>

namespace penstock::files {
namespace {

constexpr int64_t kDay = 86400;

}  // namespace

Zone::Zone(const std::string& name) {
  if (name == "UTC" || name == "Etc/UTC") return;
  ParsedTime epoch;
  if (parse_timestamp("1970-01-01T00:00:00" + name, epoch) && epoch.has_offset) {
    offset_ = -epoch.seconds;
    return;
  }
  try {
    zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "time zone \"" + name + "\" is not known");
  }
}

int64_t Zone::to_utc(int64_t local_seconds) {
  if (zone_ == nullptr) return local_seconds - offset_;
  if (local_seconds >= certain_begin_ && local_seconds < certain_end_) return local_seconds - offset_;
  const date::local_seconds local{std::chrono::seconds(local_seconds)};
  const date::local_info info = zone_->get_info(local);
  if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count();
  offset_ = info.first.offset.count();
  // A day from either change nothing can be ambiguous or skipped. The ends of time would overflow.
  const int64_t begin = info.first.begin.time_since_epoch().count();
  const int64_t end = info.first.end.time_since_epoch().count();
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max() / 4;
  certain_begin_ = (begin < -kFar ? -kFar : begin) + kDay;
  certain_end_ = (end > kFar ? kFar : end) - kDay;
  return local_seconds - offset_;
}

}  // namespace penstock::files
