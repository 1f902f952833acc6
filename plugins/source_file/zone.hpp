// Time zones: from the clock on the wall to the instant. The only user of date-tz.
#pragma once

#include <cstdint>
#include <string>

namespace date {
class time_zone;
}

namespace penstock::files {

class Zone {
 public:
  // "UTC", "Z", "+02:00" or an IANA name. Throws INVALID_ARGUMENT for anything else.
  explicit Zone(const std::string& name);

  // Seconds since the epoch of a wall-clock time (as if it were UTC). A time that a clock shows twice is the earlier instant; one
  // that it skips is the instant of the skip.
  int64_t to_utc(int64_t local_seconds);

 private:
  const date::time_zone* zone_ = nullptr;  // NULL: a fixed offset; the data lives as long as the process
  int64_t offset_ = 0;                     // s
  // While begin <= local < end the offset is certain: a look-up a row costs more than the rest of the row.
  int64_t certain_begin_ = 0;
  int64_t certain_end_ = 0;
};

}  // namespace penstock::files
