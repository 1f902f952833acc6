// How a connector written in C++ reports a failure: it throws penstock::Error. The guard at each slot of the vtable turns it,
// and any other exception, into a status and a host-owned error; no exception leaves the plugin.
#pragma once

#include <penstock/base.h>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

inline penstock_str to_c(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view to_view(penstock_str text) {
  return text.size == 0 ? std::string_view{} : std::string_view{text.data, static_cast<size_t>(text.size)};
}
inline std::string_view to_view(penstock_bytes bytes) {
  return bytes.size == 0 ? std::string_view{}
                         : std::string_view{reinterpret_cast<const char*>(bytes.data), static_cast<size_t>(bytes.size)};
}
inline penstock_bytes to_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A failure with everything the host wants to know. The message is one sentence without secrets: action and cause. The host
// puts the view and the object in front of it.
class Error : public std::exception {
 public:
  Error(penstock_status status, int32_t retry, std::string message)
      : status_(status), retry_(retry), message_(std::move(message)) {}

  // For "do not try again": a human has to change something.
  Error(penstock_status status, std::string message) : Error(status, PENSTOCK_RETRY_NEVER, std::move(message)) {}

  Error& sqlstate(std::string value) { return sqlstate_ = std::move(value), *this; }
  Error& vendor_code(int32_t value) { return vendor_code_ = value, *this; }
  Error& retry_after_ns(int64_t value) { return retry_ = PENSTOCK_RETRY_AFTER, retry_after_ns_ = value, *this; }
  Error& detail(std::string key, std::string value) {
    return details_.emplace_back(std::move(key), std::move(value)), *this;
  }

  const char* what() const noexcept override { return message_.c_str(); }
  penstock_status status() const { return status_; }
  int32_t retry() const { return retry_; }
  int32_t vendor_code() const { return vendor_code_; }
  int64_t retry_after_ns() const { return retry_after_ns_; }
  const std::string& sqlstate() const { return sqlstate_; }
  const std::string& message() const { return message_; }
  const std::vector<std::pair<std::string, std::string>>& details() const { return details_; }

 private:
  penstock_status status_;
  int32_t retry_;
  int32_t vendor_code_ = 0;
  int64_t retry_after_ns_ = 0;
  std::string sqlstate_;
  std::string message_;
  std::vector<std::pair<std::string, std::string>> details_;
};

}  // namespace penstock
