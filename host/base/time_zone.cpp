#include "base/time_zone.hpp"

#include <date/tz.h>

#include <exception>

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
  return local_ns - std::chrono::nanoseconds(info.first.offset).count();
}

}  // namespace penstock::host
