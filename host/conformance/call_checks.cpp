// What a component does within calls, whatever it is asked for.
#include "conformance/exercise.hpp"
#include "conformance/lifecycle_groups.hpp"
#include "conformance/mishaps.hpp"
#include "conformance/process_state.hpp"

#include "plugin/printable.hpp"

#include <set>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxShown = 256;

bool is_about_errors(const std::string& violation) {
  return violation.find("set_error") != std::string::npos || violation.find("add_error_detail") != std::string::npos;
}

// Everything that a host does, and what goes wrong; then everything is closed. The violations, each once.
std::set<std::string> violations_of(Trial& trial) {
  Session session(trial);
  exercise(session);
  provoke(session);
  const auto found = session.violations();
  return {found.begin(), found.end()};
}

void check_calls(Trial& trial) {
  for (const std::string& violation : violations_of(trial)) {
    if (is_about_errors(violation) || violation.ends_with(Session::kWroteBehind) || violation.ends_with(Session::kReleaseStays)) continue;
    trial.fail(printable(std::string_view(violation), kMaxShown));
  }
}

void check_errors(Trial& trial) {
  for (const std::string& violation : violations_of(trial))
    if (is_about_errors(violation)) trial.fail(printable(std::string_view(violation), kMaxShown));
}

void check_releases(Trial& trial) {
  for (const std::string& violation : violations_of(trial))
    if (violation.ends_with(Session::kReleaseStays)) trial.fail(violation);
}

void check_out_params(Trial& trial) {
  Session session(trial);
  size_t failed = 0;
  for (const Mishap& mishap : provoke(session)) {
    failed += mishap.answer.ok() ? 0 : 1;
    if (mishap.out_touched) trial.fail(mishap.answer.text() + ", and wrote to an out-parameter");
  }
  if (failed == 0) trial.skip("no call has failed, not even those that were cancelled before");
}

void check_side_effects(Trial& trial) {
  Session session(trial);
  const CaughtOutput output;
  const ProcessSettings before = process_settings();
  exercise(session);
  provoke(session);
  for (const std::string& difference : differences(before, process_settings())) trial.fail(difference);
  if (const std::string text = output.text(); !text.empty()) trial.fail("it printed \"" + printable(std::string_view(text), kMaxShown) + "\"", "nothing is written to the host's output");
}

constexpr Check kChecks[] = {
    {"lifecycle.calls", Subject::component, "the host's functions are called with a call that is running, and what was registered is taken back", "call-lifetime", check_calls},
    {"lifecycle.errors", Subject::component, "whatever fails says why, with the status that it returns", "errors", check_errors},
    {"lifecycle.out_params", Subject::component, "out-parameters are untouched unless the status is OK", "out-parameters", check_out_params},
    {"lifecycle.releases", Subject::component, "an Arrow object that is released says so", "batch-ownership", check_releases},
    {"lifecycle.side_effects", Subject::component, "the calls leave the process as it is", "side-effects", check_side_effects},
};

}  // namespace

std::span<const Check> call_checks() { return kChecks; }

}  // namespace penstock::host::conformance
