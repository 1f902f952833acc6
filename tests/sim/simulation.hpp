// One seed, from its first event to rest.
#pragma once

#include "setup.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace penstock::sim {

struct Outcome {
  std::optional<std::string> broken;  // what is wrong, if anything is
  uint64_t hash = 0;                  // of everything that happened, in order
  int64_t events = 0;
  int64_t runs = 0;
  int64_t completed = 0;
  int64_t host_deaths = 0;
  int64_t store_losses = 0;  // wiped, restored, failed over
  int64_t shared_looks = 0;  // runs that ended by what another view's run saw
  int64_t versions = 0;      // row versions that were committed
};

// Pure but for `trace`, which is told each event when it is given.
Outcome simulate(const Setup& setup, const std::function<void(const std::string&)>& trace = {});

}  // namespace penstock::sim
