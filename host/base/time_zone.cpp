#include "base/time_zone.hpp"

#include <date/tz.h>

#include <exception>
#include <limits>

namespace penstock::host {

Result<TimeZone> TimeZone::find(const std::string& name) {
  try {
    return TimeZone(name, date::locate_zone(name));
  } catch (const std::exception&) {
    return invalid("timezone \"" + name + "\" is not an IANA time zone that this machine knows (package tzdata)");
  }
}

int64_t TimeZone::to_utc_ns(int64_t local_ns) const {
  const auto& zone = *static_cast<const date::time_zone*>(zone_);
  const date::local_time<std::chrono::nanoseconds> local{std::chrono::nanoseconds(local_ns)};
  const date::local_info info = zone.get_info(local);
  // nonexistent: `second.begin` is the instant of the change.
  if (info.result == date::local_info::nonexistent)
    return std::chrono::nanoseconds(info.second.begin.time_since_epoch()).count();
  int64_t utc_ns = 0;
  const int64_t offset_ns = std::chrono::nanoseconds(info.first.offset).count();
  if (__builtin_sub_overflow(local_ns, offset_ns, &utc_ns))
    return offset_ns > 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  return utc_ns;
}

}  // namespace penstock::host
