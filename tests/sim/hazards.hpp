// What may go wrong inside a call, by the seed's faults.
#pragma once

#include "setup.hpp"

#include "base/failure.hpp"

#include <optional>

namespace penstock::sim {

// Thrown out of a call when the host dies there. Not a std::exception, so that no code of the host can catch it.
struct HostCrash {};

class Hazards {
 public:
  Hazards(const Setup& setup, Chance& chance) : setup_(setup), chance_(chance) {}

  // No faults any more.
  void stop() { stopped_ = true; }
  bool happens(FaultKind kind, int64_t one_in) { return !stopped_ && setup_.has(kind) && chance_.one_in(one_in); }
  // Around every effect that a host has on the world: it may die before or after it.
  void crash_point() {
    if (happens(kHostCrash, 60)) throw HostCrash();
  }
  std::optional<host::Failure> source_failure() {
    crash_point();
    if (!happens(kSourceFails, 25)) return {};
    return host::Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "the warehouse is not there"};
  }

 private:
  const Setup& setup_;
  Chance& chance_;
  bool stopped_ = false;
};

}  // namespace penstock::sim
