// What a connector told the host, as plain values, and what the drivers throw.
#pragma once

#include <penstock/call.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace penstock::testing {

struct RecordedError {
  penstock_status status = PENSTOCK_STATUS_OK;
  int32_t retry = PENSTOCK_RETRY_NEVER;
  int32_t vendor_code = 0;
  int64_t retry_after_ns = 0;
  std::string sqlstate = {};
  std::string message = {};
  std::map<std::string, std::string> details = {};
};

struct RecordedReject {
  int64_t row;
  int32_t column;
  std::string reason;
  bool retryable;
};

// The connector answered other than OK: what it reported.
class CallFailed : public std::runtime_error {
 public:
  explicit CallFailed(RecordedError recorded) : std::runtime_error(recorded.message), error(std::move(recorded)) {}
  RecordedError error;
};

// The connector broke the contract of the ABI; one sentence for each breach. Never what a test should expect of a good one.
class ContractViolated : public std::logic_error {
 public:
  explicit ContractViolated(std::vector<std::string> found) : std::logic_error(joined(found)), violations(std::move(found)) {}
  std::vector<std::string> violations;

 private:
  static std::string joined(const std::vector<std::string>& found) {
    std::string out = "the connector broke the contract:";
    for (const std::string& one : found) out += "\n  " + one;
    return out;
  }
};

}  // namespace penstock::testing
