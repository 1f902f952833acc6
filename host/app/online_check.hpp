// Does a view work with the real servers? For `validate --online` and `plan`.
#pragma once

#include "base/failure.hpp"
#include "run/connections.hpp"
#include "state/state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

struct ViewCheck {
  ViewId view;
  std::optional<Failure> failure;  // its message begins with the view
  Location where;                  // of what has to be changed; no file: the failure is not the configuration's
  std::string guarantee;           // "A", "B", "C"
  std::string why;
  std::string horizon;             // text of the position
  std::string holder;
  std::string marker;              // text of the marker's position, "none", or "not offered by the store"
  std::string statement;           // what the next run would execute
  std::string notice;              // what that run would say about where it starts
  std::optional<Problem> advice;   // what makes its scans slow
  std::string keys;                // what a profile's key in the store looks like; empty when the store does not say
};

// Every materialized view, in the order of the configuration. Blocks. `state`: where the last runs ended; null: not known.
std::vector<ViewCheck> check_online(const Configuration& configuration, Connections& connections, State* state);

}  // namespace penstock::host
