// What came of a check.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host::conformance {

// From good to bad; a check has the worst of its findings.
enum class Verdict : uint8_t {
  pass,
  skip,     // not offered by the plugin, or the suite was not told what it needs
  warn,     // allowed, but users will stumble over it
  fail,     // a promise of the ABI is broken
  timeout,  // the check did not come back
  crash,    // the process ended in the middle of the check
};

// "PASS"
std::string_view verdict_name(Verdict verdict);

// Does it make the plugin unfit?
inline bool is_bad(Verdict verdict) { return verdict >= Verdict::fail; }

struct Finding {
  Verdict verdict = Verdict::fail;
  std::string expected;  // empty: the check's promise
  std::string seen;      // of a skip: why
};

// Something that was measured on the way: "cancel during scan, p99", 1.4, "ms".
struct Measure {
  std::string name;
  double value = 0;
  std::string unit;
};

struct Outcome {
  std::string check;
  std::string component;  // `source "file"`; empty: the file or the module
  std::string promise;
  std::string rule;       // "docs/abi.md#window"
  Verdict verdict = Verdict::pass;
  std::vector<Finding> findings;
  std::vector<Measure> measures;
  std::string output;     // the end of what the process wrote to its standard output and error, when it is bad
  std::chrono::nanoseconds took{0};
};

}  // namespace penstock::host::conformance
