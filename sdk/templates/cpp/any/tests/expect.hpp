// As much of a test framework as these tests need; take the one that you are used to.
#pragma once

#include <penstock/testing/recorded.hpp>

#include <cstdio>

inline int failed = 0;

// `sentence` says what the connector does.
inline void expect(const char* sentence, bool holds) {
  std::printf("%s: %s\n", holds ? "ok" : "FAILED", sentence);
  if (!holds) ++failed;
}

// The status that `action` fails with; OK when it does not.
template <class Action>
penstock_status status_of(const Action& action) {
  try {
    action();
    return PENSTOCK_STATUS_OK;
  } catch (const penstock::testing::CallFailed& failure) {
    return failure.error.status;
  }
}
