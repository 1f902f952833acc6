// Time zones: what an instant is on the wall, and back. The only user of date-tz.
#pragma once

#include <cstdint>
#include <string>

namespace date {
class time_zone;
}

namespace penstock::odbc {

class Zone {
 public:
  // An IANA name; "UTC" needs no database. Throws INVALID_ARGUMENT for anything else.
  explicit Zone(const std::string& name);

  // Nanoseconds that the clock on the wall shows, as if it were UTC.
  int64_t wall_ns(int64_t utc_ns) const;
  // The first instant at which the clock on the wall shows that, or has passed it.
  int64_t utc_ns(int64_t wall_ns) const;

  // The least wall time of all later instants, and the greatest of all earlier ones. Where the clock is set back, these are not
  // the wall time of the instant itself: bounds widened like this read rows twice rather than never.
  int64_t least_wall_after(int64_t utc_ns) const;
  int64_t greatest_wall_until(int64_t utc_ns) const;

 private:
  const date::time_zone* zone_ = nullptr;  // NULL: UTC; the data lives as long as the process
};

}  // namespace penstock::odbc
