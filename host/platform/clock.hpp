// What time it is, so that tests can say so.
#pragma once

#include <cstdint>

namespace penstock::host {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since 1970-01-01T00:00:00Z. Can jump either way when somebody sets it: for records and for people, never to
  // decide what is due, and never as the bound of a window.
  virtual int64_t wall_ns() const = 0;

  // Nanoseconds of CLOCK_MONOTONIC: never goes back, starts anywhere, stands still while the machine sleeps. The clock of
  // schedules, delays and deadlines; the same as penstock_host.deadline_ns.
  virtual int64_t steady_ns() const = 0;
};

// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  int64_t wall_ns() const override;
  int64_t steady_ns() const override;
};

}  // namespace penstock::host
