// IANA time zones, for naive timestamps.
#pragma once

#include "base/failure.hpp"

#include <memory>
#include <string>

namespace penstock::host {

// Shares the process-wide zone database; cheap to copy; thread-safe.
class TimeZone {
 public:
  // INVALID_ARGUMENT for a name that the system's tzdata does not have.
  static Result<TimeZone> find(const std::string& name);

  // The instant of a local time. A time that happened twice (clocks set back) is the first one; one that never happened
  // (clocks set forward) is the instant of the change. Both keep the order of local times. What lies outside int64 becomes its end.
  int64_t to_utc_ns(int64_t local_ns) const;

  const std::string& name() const { return name_; }

 private:
  TimeZone(std::string name, const void* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const void* zone_;  // date::time_zone, owned by the database
};

}  // namespace penstock::host
