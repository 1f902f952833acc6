// A module that was started, and the calls of a check into it.
//
// What a plugin does wrong on the way (a function of the host called with a call that is over, a hook that is left behind, an error
// without a message) is noted and not judged here: the checks of these promises report it, so that one flaw is one finding.
#pragma once

#include "conformance/option_set.hpp"
#include "conformance/trial.hpp"

#include <penstock/testing/fake_call.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::host::conformance {

using testing::FakeBuffer;
using testing::FakeCall;
using testing::HostShape;

// What came of one call.
struct Answer {
  std::string slot;
  penstock_status status = PENSTOCK_STATUS_OK;  // as returned
  testing::RecordedError error = {};            // as reported; status OK: nothing was
  std::vector<std::string> violations = {};     // of this call, so far
  std::chrono::nanoseconds took{0};

  bool ok() const { return status == PENSTOCK_STATUS_OK; }
  bool is(penstock_status expected) const { return status == expected; }
  // For what was seen: `describe answered not_found: "no such table"`.
  std::string text() const;
};

// Calls may be made from several threads at once.
class Session {
 public:
  // Loads the module and runs init; a failure ends the check. `shape`: which host to play.
  explicit Session(Trial& trial, const HostShape& shape = {});
  // Runs deinit. Whatever was opened must be closed.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Trial& trial() const { return trial_; }
  const HostShape& shape() const { return shape_; }
  // From now on each call comes from a thread of its own.
  void use_threads() { shape_.thread_per_call = true; }
  const penstock_component& component() const { return trial_.component(); }
  // The component's options as the quirks file gives them; ends the check as skipped when a required one is not given.
  const OptionSet& options();
  // Others in their place.
  void use(const OptionSet& options) { options_ = std::make_unique<OptionSet>(options); }

  // Calls body with a call, on the thread that the shape asks for, between start() and end() of the call. Without `given`, the call
  // is one of the session's, which it keeps, so that a late use of it is seen.
  Answer call(const std::string& slot, const std::function<penstock_status(penstock_call*)>& body, FakeCall* given = nullptr,
              std::initializer_list<const FakeBuffer*> buffers = {});
  // The same for a call that goes on, as that of a scan: end_call is for the caller to say. Functions of a stream run in `within`.
  Answer start_call(const std::string& slot, const std::function<penstock_status(penstock_call*)>& body, FakeCall& used,
                    std::initializer_list<const FakeBuffer*> buffers = {});
  Answer within(const std::string& slot, const std::function<penstock_status()>& body, FakeCall& used);
  void end_call(FakeCall& used);

  // Ends the check as failed unless the call went well.
  void require(const Answer& answer) const;

  // What the plugin did against the rules in all calls so far, each with its slot, in order; also late, after its call had ended.
  std::vector<std::string> violations();
  // Notes what was written behind the end of a struct that the host of this shape has room for.
  template <class... Structs>
  void expect_intact(const std::string& slot, const Structs&... structs) {
    if (!(structs.intact() && ...)) notice(slot + ": " + kWroteBehind);
  }
  // Notes an Arrow object whose release is still set after it was released.
  template <class Arrow>
  void expect_released(const std::string& what, const Arrow& object) {
    if (object.release != nullptr) notice(what + ": " + kReleaseStays);
  }
  static constexpr const char* kWroteBehind = "wrote behind the struct_size of a struct, or changed it";
  static constexpr const char* kReleaseStays = "its release did not set release to NULL";
  // Everything that the plugin has said in logs, errors, details, rejects and metrics' names, a line each.
  const std::string& said() const { return said_; }
  // Lets go of everything that was noted, for a check that measures memory.
  void forget();
  // What else it has handed out, to be searched like the above: statements, positions, tokens.
  void heard(const std::string& text) {
    const std::lock_guard lock(mutex_);
    said_ += text + "\n";
  }

 private:
  void run(const std::function<void()>& body) const;
  void note(FakeCall& used, Answer& answer);
  void notice(const std::string& violation);
  // Adds what the call has not told yet.
  std::vector<std::string> take_violations(FakeCall& used);

  Trial& trial_;
  HostShape shape_;
  // Of init: what a module keeps of the host must live as long as it.
  FakeCall init_call_;
  std::mutex mutex_;  // guards what is noted
  std::deque<std::unique_ptr<FakeCall>> calls_;
  std::vector<std::string> violations_;
  std::string said_;
  std::unique_ptr<OptionSet> options_;
};

// Runs each on a thread of its own, at the same time, and throws what one of them has thrown.
void run_at_once(std::initializer_list<std::function<void()>> bodies);

}  // namespace penstock::host::conformance
