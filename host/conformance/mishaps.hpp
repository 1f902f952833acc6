// Calls that are meant to fail: what a component does then.
#pragma once

#include "conformance/session.hpp"

#include <vector>

namespace penstock::host::conformance {

struct Mishap {
  Answer answer;
  bool out_touched = false;  // an out-parameter was written to, and the call failed
};

// Asks an opened component for what is not there, and each of its functions within calls that were cancelled before. Those that
// answer OK all the same are among them.
std::vector<Mishap> provoke(Session& session);

}  // namespace penstock::host::conformance
