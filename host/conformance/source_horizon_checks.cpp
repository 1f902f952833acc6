// The horizon, positions, and the plan of a scan.
#include "conformance/source_groups.hpp"
#include "conformance/source_scene.hpp"

#include "plugin/printable.hpp"

#include <algorithm>
#include <chrono>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxDetail = 4096;
constexpr size_t kMaxHolder = 256;  // shown
constexpr int kAsked = 5;
constexpr int64_t kHour = 3'600'000'000'000;  // ns
constexpr int64_t kDay = 24 * kHour;

std::string seconds_text(int64_t ns) { return std::to_string(ns / 1'000'000'000) + " s"; }

void check_horizon(Trial& trial) {
  SourceScene scene(trial);
  const HorizonResult& horizon = scene.horizon();
  trial.expect(horizon.guarantee >= PENSTOCK_CLASS_A && horizon.guarantee <= PENSTOCK_CLASS_C, std::to_string(horizon.guarantee),
               "the guarantee class is PENSTOCK_CLASS_A, _B or _C");
  trial.expect(!horizon.why.empty(), "nothing", "why says in one sentence what the class rests on");
  const int64_t now = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  if (scene.counts_time() && horizon.ordinal > now && horizon.ordinal - now > kHour)
    trial.warn(instant_text(horizon.ordinal) + " is " + seconds_text(horizon.ordinal - now) + " ahead of this machine's clock",
               "a horizon is not in the future: rows that are written later with a time below it are never read");
}

// An hour, or more where what the cursor counts is longer.
int64_t lag_to_try(SourceScene& scene) {
  const int64_t unit = scene.cursor().type == Type::date32 ? kDay : scene.source.plan(scene.whole()).cursor_unit_ns;
  return std::max(kHour, 4 * std::clamp<int64_t>(unit, 0, kDay));
}

// Class A, or one that source.horizon fails for, promises nothing about the lag; what is held back by a writer does not tell.
void need_lag(const Trial& trial, const HorizonResult& horizon) {
  if (horizon.guarantee != PENSTOCK_CLASS_B && horizon.guarantee != PENSTOCK_CLASS_C) trial.skip("the guarantee class is A: a lag may be ignored");
  if (!horizon.holder.empty()) trial.skip("not decided, since the horizon is held back by " + printable(std::string_view(horizon.holder), kMaxHolder));
}

void check_horizon_lag(Trial& trial) {
  SourceScene scene(trial);
  if (!scene.counts_time()) trial.skip("the cursor is a transaction id, from which no lag can be taken");
  const int64_t lag = lag_to_try(scene);
  CursorSpec cursor = scene.subject.cursor();
  cursor.lag_ns = 0;
  trial.step("ask for the horizon without a lag");
  const HorizonResult without = scene.source.horizon(scene.subject.table(), cursor);
  need_lag(trial, without);
  // The horizon of one source does not go back, so it is another one that is asked.
  TrialSource other(scene.session);
  cursor.lag_ns = lag;
  trial.step("ask for the horizon with a lag of " + seconds_text(lag));
  const HorizonResult with = other.horizon(scene.subject.table(), cursor);
  need_lag(trial, with);
  int64_t lower = 0;
  const bool fits = !__builtin_sub_overflow(without.ordinal, with.ordinal, &lower) && lower >= lag - lag / 4 && lower <= lag + lag / 4;
  trial.expect(fits, "it goes from " + instant_text(without.ordinal) + " to " + instant_text(with.ordinal),
               "with a lag of " + seconds_text(lag) + " the horizon is about that much lower than without, unless the class is A");
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
    {"source.horizon_lag", Subject::source, "the horizon keeps the lag from the source's clock", "guarantee-class", check_horizon_lag},
    {"source.positions", Subject::source, "positions have a text, and details always or never", "positions", check_positions},
    {"source.plan", Subject::source, "plan gives at least one partition", "plan", check_plan},
    {"source.cursor_unit", Subject::source, "plan and scan say alike what an integer cursor counts", "cursor-unit", check_cursor_unit},
};

}  // namespace

std::span<const Check> source_horizon_checks() { return kChecks; }

}  // namespace penstock::host::conformance
