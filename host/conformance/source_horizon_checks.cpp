// The horizon, positions, and the plan of a scan.
#include "conformance/source_groups.hpp"
#include "conformance/source_scene.hpp"

#include <algorithm>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxDetail = 4096;
constexpr int kAsked = 5;

void check_horizon(Trial& trial) {
  SourceScene scene(trial);
  const HorizonResult& horizon = scene.horizon();
  trial.expect(horizon.guarantee >= PENSTOCK_CLASS_A && horizon.guarantee <= PENSTOCK_CLASS_C, std::to_string(horizon.guarantee),
               "the guarantee class is PENSTOCK_CLASS_A, _B or _C");
  trial.expect(!horizon.why.empty(), "nothing", "why says in one sentence what the class rests on");
}

void check_horizon_monotone(Trial& trial) {
  SourceScene scene(trial);
  int64_t last = scene.horizon().ordinal;
  for (int i = 0; i < kAsked; ++i) {
    const int64_t next = scene.source.horizon(scene.subject.table(), scene.subject.cursor()).ordinal;
    if (!trial.expect(next >= last, "after " + std::to_string(last) + " it was " + std::to_string(next), "the horizon does not go back")) return;
    last = next;
    if (i == 0) scene.read(scene.whole());
  }
}

void check_positions(Trial& trial) {
  SourceScene scene(trial);
  const bool has_detail = !scene.horizon().detail.empty();
  for (int i = 0; i < kAsked; ++i) {
    const HorizonResult horizon = scene.source.horizon(scene.subject.table(), scene.subject.cursor());
    trial.expect(horizon.detail.size() <= kMaxDetail, std::to_string(horizon.detail.size()) + " bytes", "the detail of a position has at most 4096 bytes");
    trial.expect(!horizon.text.empty(), "nothing", "a position has a text for people");
    if (!trial.expect(horizon.detail.empty() != has_detail, has_detail ? "then without" : "then with them", has_detail ? "positions have details always" : "positions have details never"))
      return;
  }
}

// Bounds between which no row lies.
Bounds nothing(const SourceScene& scene) { return {scene.horizon().ordinal, scene.horizon().ordinal}; }

void check_plan(Trial& trial) {
  SourceScene scene(trial);
  const PlanResult whole = scene.source.plan(scene.whole());
  trial.expect(!whole.tokens.empty(), "not once", "plan calls add at least once");
  if (whole.statement.empty()) trial.warn("it stays empty", "plan fills statement with what would be run, for `penstock plan` and logs");
  trial.step("plan a window without rows");
  const PlanResult none = scene.source.plan(scene.within(nothing(scene)));
  trial.expect(!none.tokens.empty(), "not once", "plan calls add at least once, also when no row lies in the window");
}

void check_cursor_unit(Trial& trial) {
  SourceScene scene(trial);
  const ScanSpec spec = scene.whole();
  const PlanResult plan = scene.source.plan(spec);
  const bool may_count = scene.counts_time() && scene.cursor().type >= Type::int8 && scene.cursor().type <= Type::uint64;
  trial.expect(plan.cursor_unit_ns >= 0 && (may_count || plan.cursor_unit_ns == 0), std::to_string(plan.cursor_unit_ns),
               may_count ? "cursor_unit_ns is not negative" : "cursor_unit_ns is 0 for a cursor that is no integer column");
  for (const std::string& token : plan.tokens) {
    TrialScan scan(scene.session);
    scene.session.require(scene.source.start(spec, token, scan));
    if (!trial.expect(scan.cursor_unit_ns == plan.cursor_unit_ns, std::to_string(scan.cursor_unit_ns), "scan says the same cursor_unit_ns as plan, " + std::to_string(plan.cursor_unit_ns)))
      return;
  }
}

constexpr Check kChecks[] = {
    {"source.horizon", Subject::source, "a horizon says what it promises and why", "horizon", check_horizon},
    {"source.horizon_monotone", Subject::source, "the horizon does not go back", "horizon-monotone", check_horizon_monotone},
    {"source.positions", Subject::source, "positions have a text, and details always or never", "positions", check_positions},
    {"source.plan", Subject::source, "plan gives at least one partition", "plan", check_plan},
    {"source.cursor_unit", Subject::source, "plan and scan say alike what an integer cursor counts", "cursor-unit", check_cursor_unit},
};

}  // namespace

std::span<const Check> source_horizon_checks() { return kChecks; }

}  // namespace penstock::host::conformance
