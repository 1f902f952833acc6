// A component at work, phase by phase, while something goes wrong.
#pragma once

#include "conformance/exercise.hpp"
#include "conformance/server_proxy.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host::conformance {

// How soon "soon" is: for a call that was cancelled, or whose time is up.
inline constexpr std::chrono::milliseconds kSoon{1000};

// Opened, and what a host does with it in order; the first phase is not open.
class Work {
 public:
  explicit Work(Session& session);
  const std::vector<Phase>& phases() const { return phases_; }
  // Null: it is a sink.
  SourceWork* source() { return source_ ? &*source_ : nullptr; }

 private:
  std::optional<SourceWork> source_;
  std::optional<SinkWork> sink_;
  std::vector<Phase> phases_;
};

// Calls `each` for open and for every phase, with its name and with what runs it, in a new object that has come as far as this phase.
// `before` runs when the object is ready; for open too. What is in the way on the way there ends the check as skipped.
using RunPhase = std::function<Answer(FakeCall*)>;
void at_each_phase(Session& session, const std::function<void()>& before, const std::function<void(const std::string& phase, const RunPhase& run)>& each);

// Options that lead to the server of the quirks file by way of a proxy; the session uses them from now on. Ends the check as skipped
// where the quirks file names no server.
std::unique_ptr<ServerProxy> put_proxy(Session& session);

}  // namespace penstock::host::conformance
