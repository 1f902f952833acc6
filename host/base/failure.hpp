// How things fail inside the host: a Failure says what, whether trying again may help, and why; Result<T> carries it.
#pragma once

#include <penstock/base.h>

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace penstock::host {

struct Failure {
  penstock_status status = PENSTOCK_STATUS_INTERNAL;  // PENSTOCK_STATUS_*, never OK
  int32_t retry = PENSTOCK_RETRY_NEVER;               // PENSTOCK_RETRY_*
  std::string message = {};
  int64_t retry_after_ns = 0;
  int32_t vendor_code = 0;
  std::string sqlstate = {};
  std::vector<std::pair<std::string, std::string>> details = {};

  // The same failure with "context: " in front of its message.
  Failure in(std::string_view context) && {
    message = std::string(context) + ": " + message;
    return std::move(*this);
  }
};

inline Failure invalid(std::string message) { return {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, std::move(message)}; }
inline Failure internal(std::string message) { return {PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, std::move(message)}; }

// "unavailable", "not_found" …: for --json and metrics.
std::string_view status_name(penstock_status status);

// A value or a Failure.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}               // NOLINT: implicit on purpose
  Result(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}     // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return assert(ok()), std::get<0>(state_); }
  const T& value() const { return assert(ok()), std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Failure& failure() { return assert(!ok()), std::get<1>(state_); }
  const Failure& failure() const { return assert(!ok()), std::get<1>(state_); }

 private:
  std::variant<T, Failure> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failure_(std::move(failure)), ok_(false) {}  // NOLINT

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  Failure& failure() { return assert(!ok_), failure_; }
  const Failure& failure() const { return assert(!ok_), failure_; }

 private:
  Failure failure_;
  bool ok_ = true;
};

}  // namespace penstock::host
