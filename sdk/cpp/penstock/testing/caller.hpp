// How the drivers call a slot: with a call of its own or one that the test gave, and with a look at what the plugin did meanwhile.
#pragma once

#include <penstock/testing/fake_call.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <initializer_list>

namespace penstock::testing {

class Caller {
 public:
  // Ended calls that are kept, so that a callback that comes late is seen.
  static constexpr size_t kKeptCalls = 256;

  explicit Caller(const HostShape& shape = {}) : shape_(shape) {}
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  const HostShape& shape() const { return shape_; }

  // Everything that was logged or reported as an error or reject so far, a line each.
  const std::string& said() const { return said_; }

  // Calls body(penstock_call*), which calls the slot and returns its status, on the thread that the shape asks for. Returns the call
  // that was used. Throws ContractViolated, or CallFailed with what was reported.
  template <class Body>
  FakeCall& call(const char* slot, FakeCall* given, std::initializer_list<const FakeBuffer*> buffers, const Body& body) {
    FakeCall& used = start(slot, given, buffers);
    penstock_status status = PENSTOCK_STATUS_INTERNAL;
    run([&] { status = body(used.get()); });
    used.end();
    finish(used, status);
    return used;
  }

  // As call, but the call goes on when the slot succeeded, until its stream is released.
  template <class Body>
  void start_call(const char* slot, FakeCall& used, std::initializer_list<const FakeBuffer*> buffers, const Body& body) {
    start(slot, &used, buffers);
    penstock_status status = PENSTOCK_STATUS_INTERNAL;
    run([&] { status = body(used.get()); });
    if (status != PENSTOCK_STATUS_OK) used.end();
    finish(used, status);
  }

  // Runs `body` on the thread that the shape asks for.
  template <class Body>
  void run(const Body& body) const {
    if (!shape_.thread_per_call) return body();
    std::exception_ptr thrown;
    std::thread([&] {
      try {
        body();
      } catch (...) {
        thrown = std::current_exception();
      }
    }).join();
    if (thrown) std::rethrow_exception(thrown);
  }

  // Notes what was said in a call, and throws ContractViolated or CallFailed where there is reason to.
  void finish(FakeCall& used, penstock_status status) {
    const RecordedError error = used.error();
    note(used, error);
    if (status != error.status && status != PENSTOCK_STATUS_OK)
      used.violate("returned status " + std::to_string(status) + " and reported " + std::to_string(error.status) + " (\"" + error.message + "\")");
    check(used);
    if (status != PENSTOCK_STATUS_OK) throw CallFailed(error);
  }

  // Throws ContractViolated when the call, or one that ended before, has violations that no test has tolerated.
  void check(FakeCall& used) {
    std::vector<std::string> found = untold(&used);
    for (const auto& kept : kept_) {
      const auto late = untold(kept.get());
      found.insert(found.end(), late.begin(), late.end());
    }
    if (!found.empty()) throw ContractViolated(std::move(found));
  }
  void check() {
    FakeCall none;
    check(none);
  }

 private:
  FakeCall& start(const char* slot, FakeCall* given, std::initializer_list<const FakeBuffer*> buffers) {
    if (given == nullptr) {
      if (kept_.size() == kKeptCalls) kept_.pop_front();
      given = kept_.emplace_back(std::make_unique<FakeCall>(shape_)).get();
    }
    given->start(slot);
    for (const FakeBuffer* buffer : buffers) given->give(*buffer);
    return *given;
  }

  void note(const FakeCall& used, const RecordedError& error) {
    for (const std::string& line : used.logs()) said_ += line + "\n";
    for (const RecordedReject& reject : used.rejects()) said_ += reject.reason + "\n";
    if (!error.message.empty()) said_ += error.message + "\n";
    for (const auto& [key, value] : error.details) said_ += key + "=" + value + "\n";
  }

  // Violations that were not thrown yet: each is told once.
  static std::vector<std::string> untold(FakeCall* call) {
    return call->tolerates_violations() ? std::vector<std::string>{} : call->take_untold_violations();
  }

  HostShape shape_;
  std::string said_;
  std::deque<std::unique_ptr<FakeCall>> kept_;
};

// Throws ContractViolated when something was written behind the host's structs.
template <class... Structs>
void require_intact(const std::string& slot, const Structs&... structs) {
  if (!(structs.intact() && ...)) throw ContractViolated({slot + ": wrote behind what a struct of the host has room for"});
}

namespace detail {
// For destructors of drivers: runs `end`, which may find violations and cannot throw them; the test must not pass all the same.
template <class End>
void end_or_abort(const End& end) noexcept {
  const bool unwinding = std::uncaught_exceptions() > 0;
  try {
    end();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    if (!unwinding) std::abort();
  }
}
}  // namespace detail

}  // namespace penstock::testing
