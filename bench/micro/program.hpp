// What the programs that drive a plugin by itself have in common.
#pragma once

#include "base/failure.hpp"

#include <sys/resource.h>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace penstock::bench {

// The value, or the end of the program with the message.
template <class T>
T must(host::Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.failure().message.c_str());
  std::exit(1);
}
inline void must(const host::Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.failure().message.c_str());
  std::exit(1);
}

inline rusage used() {
  rusage out{};
  getrusage(RUSAGE_SELF, &out);
  return out;
}
inline double cpu_seconds(const rusage& used) {
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace penstock::bench
