#include "run/machine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace penstock::host {
namespace {

Position position(int64_t ordinal, std::string detail = {}) { return {ordinal, std::move(detail), "p" + std::to_string(ordinal)}; }
Horizon horizon(int64_t ordinal, std::string detail = {}) { return {position(ordinal, std::move(detail)), GuaranteeClass::a, "why", ""}; }
Marker marker(std::optional<Position> at, std::string store_id = "S") { return {std::move(at), 3, std::move(store_id)}; }
PositionRecord local(Position at, std::string store = "profiles", std::string store_id = "S") {
  return {std::move(at), std::move(store), std::move(store_id), 2, 99};
}
Failure failure(std::string message = "boom", penstock_status status = PENSTOCK_STATUS_UNAVAILABLE) {
  return {status, PENSTOCK_RETRY_SAFE, std::move(message)};
}

constexpr SinkCapabilities kDurable{PENSTOCK_SINK_DURABLE};
constexpr SinkCapabilities kForgetful{0};

RunRequest request() {
  RunRequest made;
  made.view.id = {"users", 1};
  made.view.store = "profiles";
  return made;
}

// Leads a machine up to a step by the usual way.
RunMachine at_step(Step step, RunRequest asked = request()) {
  RunMachine machine(std::move(asked));
  if (machine.step() != step) machine.connected(kDurable, true);
  if (machine.step() != step) machine.marker_loaded(marker(position(10)));
  if (machine.step() != step) machine.horizon_known(horizon(20));
  if (machine.step() != step) machine.scan_opened(true);
  if (machine.step() != step) machine.begun(4);
  if (machine.step() != step && machine.step() == Step::check_marker) machine.marker_checked(marker(position(10)));
  if (machine.step() != step && step == Step::abort) machine.failed(failure());
  if (machine.step() != step) machine.transferred({5, 2, 1, 1, 1, 0});
  if (machine.step() != step) machine.flushed();
  if (machine.step() != step) machine.refused_saved();
  if (machine.step() != step) machine.marker_committed();
  if (machine.step() != step) machine.recorded();
  return machine;
}

constexpr Step kSteps[] = {Step::connect, Step::load_marker, Step::ask_horizon, Step::open_scan, Step::begin, Step::check_marker,
                           Step::transfer, Step::flush,   Step::save_refused, Step::commit_marker, Step::abort,     Step::record,    Step::finish};

struct Event {
  const char* name;
  std::function<void(RunMachine&)> tell;
};
const std::vector<Event>& events() {
  static const std::vector<Event> all{{"connected with marker", [](RunMachine& m) { m.connected(kDurable, true); }},
                                      {"connected without marker", [](RunMachine& m) { m.connected(kDurable, false); }},
                                      {"marker loaded", [](RunMachine& m) { m.marker_loaded(marker(position(10))); }},
                                      {"horizon known", [](RunMachine& m) { m.horizon_known(horizon(20)); }},
                                      {"horizon the same", [](RunMachine& m) { m.horizon_known(horizon(10)); }},
                                      {"scan with rows", [](RunMachine& m) { m.scan_opened(true); }},
                                      {"scan without rows", [](RunMachine& m) { m.scan_opened(false); }},
                                      {"begun", [](RunMachine& m) { m.begun(4); }},
                                      {"marker checked", [](RunMachine& m) { m.marker_checked(marker(position(10))); }},
                                      {"transferred", [](RunMachine& m) { m.transferred({1, 1, 0, 0, 0, 0}); }},
                                      {"flushed", [](RunMachine& m) { m.flushed(); }},
                                      {"refused saved", [](RunMachine& m) { m.refused_saved(); }},
                                      {"marker committed", [](RunMachine& m) { m.marker_committed(); }},
                                      {"aborted", [](RunMachine& m) { m.aborted(); }},
                                      {"recorded", [](RunMachine& m) { m.recorded(); }},
                                      {"failed", [](RunMachine& m) { m.failed(failure()); }}};
  return all;
}

TEST(RunMachine, GoesFromStepToStepByEachEvent) {
  const std::map<std::pair<std::string, Step>, Step> table{
      {{"connected with marker", Step::connect}, Step::load_marker},
      {{"connected without marker", Step::connect}, Step::ask_horizon},
      {{"marker loaded", Step::load_marker}, Step::ask_horizon},
      {{"horizon known", Step::ask_horizon}, Step::open_scan},
      {{"horizon the same", Step::ask_horizon}, Step::record},
      {{"scan with rows", Step::open_scan}, Step::begin},
      {{"scan without rows", Step::open_scan}, Step::record},
      {{"begun", Step::begin}, Step::check_marker},
      {{"marker checked", Step::check_marker}, Step::transfer},
      {{"transferred", Step::transfer}, Step::flush},
      {{"flushed", Step::flush}, Step::save_refused},
      {{"refused saved", Step::save_refused}, Step::commit_marker},
      {{"marker committed", Step::commit_marker}, Step::record},
      {{"aborted", Step::abort}, Step::record},
      {{"recorded", Step::record}, Step::finish},
      // Nothing was begun yet, so there is nothing to abort.
      {{"failed", Step::connect}, Step::record},
      {{"failed", Step::load_marker}, Step::record},
      {{"failed", Step::ask_horizon}, Step::record},
      {{"failed", Step::open_scan}, Step::record},
      {{"failed", Step::begin}, Step::record},
      {{"failed", Step::check_marker}, Step::abort},
      {{"failed", Step::transfer}, Step::abort},
      {{"failed", Step::flush}, Step::abort},
      {{"failed", Step::save_refused}, Step::abort},
      {{"failed", Step::commit_marker}, Step::abort},
      {{"failed", Step::abort}, Step::record},
      {{"failed", Step::record}, Step::finish}};
  for (const auto& [from, to] : table) {
    RunMachine machine = at_step(from.second);
    ASSERT_EQ(machine.step(), from.second);
    for (const Event& event : events())
      if (event.name == from.first) event.tell(machine);
    EXPECT_EQ(static_cast<int>(machine.step()), static_cast<int>(to)) << from.first << " at " << static_cast<int>(from.second);
  }
}

TEST(RunMachineDeathTest, RefusesAnEventThatDoesNotBelongToTheStep) {
  const std::map<std::string, Step> belongs{
      {"connected with marker", Step::connect}, {"connected without marker", Step::connect}, {"marker loaded", Step::load_marker},
      {"horizon known", Step::ask_horizon},     {"horizon the same", Step::ask_horizon},     {"scan with rows", Step::open_scan},
      {"scan without rows", Step::open_scan},   {"begun", Step::begin},                      {"marker checked", Step::check_marker},
      {"transferred", Step::transfer},
      {"flushed", Step::flush},                 {"marker committed", Step::commit_marker},   {"aborted", Step::abort},
      {"recorded", Step::record}};
  // One wrong step each: the one after, where a driver that told twice would be.
  for (const Event& event : events()) {
    const auto step = belongs.find(event.name);
    if (step == belongs.end()) continue;
    RunMachine machine = at_step(step->second == Step::record ? Step::finish : Step::record);
    EXPECT_DEATH(event.tell(machine), "step_ ==") << event.name;
  }
}

TEST(RunMachine, EndsWhateverFails) {
  for (const Step step : kSteps) {
    if (step == Step::finish) continue;
    RunMachine machine = at_step(step);
    for (int i = 0; machine.step() != Step::finish; ++i) {
      ASSERT_LT(i, 4);
      machine.failed(failure(i == 0 ? "first" : "later"));
    }
    EXPECT_EQ(machine.outcome(), RunOutcome::failed);
    EXPECT_EQ(machine.failure()->message, step == Step::abort ? "boom" : "first");
    EXPECT_EQ(machine.new_position(1), std::nullopt) << "a failed run moves nothing, even if only the record failed";
  }
}

// A run that loaded a marker at position 10, and finds another once it has taken the view over.
std::string checked(const Marker& now) {
  RunMachine machine(request());
  machine.connected(kDurable, true);
  machine.marker_loaded(marker(position(10)));
  machine.horizon_known(horizon(20));
  machine.scan_opened(true);
  machine.begun(4);
  machine.marker_checked(now);
  return machine.step() == Step::transfer ? "goes on" : machine.failure()->message;
}

TEST(RunMachine, GoesOnOnlyWithAStoreThatStillHasWhatItStartsFrom) {
  const std::string stopped =
      "the store was emptied, restored or written to by another host since this run read its marker: the next run starts from what the marker says now";
  EXPECT_EQ(checked(marker(position(10))), "goes on");
  EXPECT_EQ(checked(marker(position(9))), stopped) << "restored from a dump, or failed over";
  EXPECT_EQ(checked(marker(position(15))), stopped) << "another run moved it on";
  EXPECT_EQ(checked(marker(position(10, "files"))), stopped) << "and what a detail says cannot be compared";
  EXPECT_EQ(checked(marker(std::nullopt)), stopped) << "emptied";
  EXPECT_EQ(checked(marker(position(10), "T")), stopped) << "another store";
  EXPECT_EQ(checked({position(10), 3, "S", 2}), stopped) << "another run committed the same position";
}

TEST(RunMachine, ChecksNoMarkerInADryRun) {
  RunMachine machine = at_step(Step::begin);
  machine.begun({});
  EXPECT_EQ(static_cast<int>(machine.step()), static_cast<int>(Step::transfer));
}

TEST(RunMachine, CallsACancelledRunCancelled) {
  RunMachine machine = at_step(Step::transfer);
  machine.failed(failure("stop", PENSTOCK_STATUS_CANCELLED));
  machine.aborted();
  EXPECT_EQ(machine.outcome(), RunOutcome::cancelled);
}

TEST(RunMachine, MovesThePositionToTheHorizon) {
  RunMachine machine = at_step(Step::record);
  EXPECT_EQ(machine.outcome(), RunOutcome::completed);
  EXPECT_EQ(machine.new_position(77), (PositionRecord{position(20), "profiles", "S", 4, 77}));
  EXPECT_EQ(machine.counts().read, 5);
}

TEST(RunMachine, RemembersNoPositionForAStoreThatForgets) {
  RunMachine machine(request());
  machine.connected(kForgetful, true);
  machine.marker_loaded(marker(position(10)));
  machine.horizon_known(horizon(20));
  machine.scan_opened(true);
  machine.begun(4);
  machine.marker_checked(marker(position(10)));
  machine.transferred({});
  machine.flushed();
  EXPECT_EQ(machine.step(), Step::save_refused) << "its marker moves all the same";
  machine.refused_saved();
  machine.marker_committed();
  EXPECT_EQ(machine.new_position(77), std::nullopt);
}

TEST(RunMachine, FailsWhenRowsDoNotAddUp) {
  RunMachine machine = at_step(Step::transfer);
  machine.transferred({10, 5, 1, 1, 1, 0});
  EXPECT_EQ(machine.step(), Step::abort);
  EXPECT_EQ(machine.failure()->message, "the rows do not add up: read 10, written 5, unchanged 1, stale 1, rejected 1");
  EXPECT_EQ(machine.failure()->retry, PENSTOCK_RETRY_NEVER);
}

// Where a run starts.

struct Start {
  std::optional<PositionRecord> local;
  SinkCapabilities capabilities = kDurable;
  bool has_marker = true;
  std::optional<Position> marker_at = {};
  std::string marker_store = "S";
};

// "since < … <= until" by texts, and the notice.
std::string window_of(const Start& start, RunRequest asked = request(), const Horizon& until = horizon(100)) {
  asked.local = start.local;
  RunMachine machine(std::move(asked));
  machine.connected(start.capabilities, start.has_marker);
  if (start.has_marker) machine.marker_loaded(marker(start.marker_at, start.marker_store));
  machine.horizon_known(until);
  std::string text = machine.step() == Step::open_scan ? "" : "nothing: ";
  text += (machine.window().since ? machine.window().since->text : "start") + " to " + machine.window().until.text;
  return machine.notice().empty() ? text : text + "; " + machine.notice();
}

const char* const kWiped = "; the store has no marker for this view (wiped, or another store): reading everything again";
const char* const kWentBack = "; the store went back from p20 to p10 (restored, or failed over): reading again from there";
const char* const kOther = "; the store is not the one of the last run: starting from what its marker says";

TEST(RunStart, IsTheSmallerOfLocalAndMarker) {
  EXPECT_EQ(window_of({local(position(10)), kDurable, true, position(20)}), "p10 to p100");
  EXPECT_EQ(window_of({local(position(20)), kDurable, true, position(10)}), std::string("p10 to p100") + kWentBack);
  EXPECT_EQ(window_of({local(position(20)), kDurable, true, position(20)}), "p20 to p100");
}

TEST(RunStart, IsTheMarkerWhenNothingIsKnownLocally) {
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}), "p20 to p100");
}

TEST(RunStart, IsTheBeginningWhenTheStoreHasNoMarker) {
  EXPECT_EQ(window_of({{}, kDurable, true, {}}), "start to p100") << "a first run";
  EXPECT_EQ(window_of({local(position(10)), kDurable, true, {}}), std::string("start to p100") + kWiped);
}

TEST(RunStart, IsTheLocalPositionForADurableStoreWithoutMarkers) {
  EXPECT_EQ(window_of({local(position(10)), kDurable, false}), "p10 to p100");
  EXPECT_EQ(window_of({{}, kDurable, false}), "start to p100");
}

TEST(RunStart, BelievesNoLocalPositionForAStoreThatForgets) {
  EXPECT_EQ(window_of({local(position(10)), kForgetful, false}), "start to p100");
  EXPECT_EQ(window_of({local(position(10)), kForgetful, true, position(20)}), "p20 to p100");
  EXPECT_EQ(window_of({local(position(10)), kForgetful, true, {}}), "start to p100");
}

TEST(RunStart, BelievesNoLocalPositionOfAnotherStore) {
  EXPECT_EQ(window_of({local(position(10), "elsewhere"), kDurable, false}), "start to p100");
  EXPECT_EQ(window_of({local(position(10), "elsewhere"), kDurable, true, position(20)}), "p20 to p100");
  EXPECT_EQ(window_of({local(position(10), "elsewhere"), kDurable, true, {}}), "start to p100");
}

TEST(RunStart, SaysWhenTheStoreIsNotTheOneOfTheLastRun) {
  EXPECT_EQ(window_of({local(position(30)), kDurable, true, position(20), "T"}), std::string("p20 to p100") + kOther);
  EXPECT_EQ(window_of({local(position(10)), kDurable, true, position(20), "T"}), std::string("p10 to p100") + kOther);
}

TEST(RunStart, TakesTheMarkersDetailWhenOrdinalsAreEqual) {
  RunRequest asked = request();
  asked.local = local(position(20, "local"));
  RunMachine machine(asked);
  machine.connected(kDurable, true);
  machine.marker_loaded(marker(position(20, "marker")));
  machine.horizon_known(horizon(100, "horizon"));
  EXPECT_EQ(machine.window().since, position(20, "marker"));
}

TEST(RunStart, ReadsNothingWhenTheHorizonHasNotMoved) {
  const Start start{{}, kDurable, true, position(20, "d")};
  EXPECT_EQ(window_of(start, request(), horizon(20, "d")), "nothing: p20 to p20");
  EXPECT_EQ(window_of(start, request(), horizon(20, "e")), "p20 to p20") << "the detail has moved";
}

// Up to the horizon, with rows to be tried again that the store refused.
RunMachine with_rejects(Position from, Position to) {
  RunRequest asked = request();
  asked.local = local(from);
  RunMachine machine(std::move(asked));
  machine.connected(kDurable, true, true);
  machine.marker_loaded(marker(std::move(from)));
  machine.horizon_known({std::move(to), GuaranteeClass::a, "why", ""});
  return machine;
}

TEST(RunStart, BeginsForWhatTheStoreRefusedAlthoughNothingIsNew) {
  RunMachine machine = with_rejects(position(20), position(20));
  EXPECT_EQ(machine.step(), Step::begin) << "there is nothing to scan";
  machine.begun(4);
  machine.marker_checked({position(20), 4, "S"});
  machine.transferred({.read = 1, .written = 1, .retried = 1});
  machine.flushed();
  EXPECT_EQ(machine.step(), Step::save_refused) << "so that a store that goes back to before this run can be told";
  machine.refused_saved();
  machine.marker_committed();
  EXPECT_EQ(machine.new_position(1), (PositionRecord{position(20), "profiles", "S", 4, 1, 4})) << "what was refused says nothing about the source";

  machine = with_rejects(position(20), position(30));
  EXPECT_EQ(machine.step(), Step::open_scan);
  machine.scan_opened(false);
  EXPECT_EQ(machine.step(), Step::begin);
}

TEST(RunStart, TriesNothingAgainWhileTheHorizonIsBehind) {
  EXPECT_EQ(with_rejects(position(20), position(19)).step(), Step::record);
}

TEST(RunStart, ReadsNothingAndSaysSoWhenTheHorizonIsBehind) {
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}, request(), horizon(19)),
            "nothing: p20 to p20; the source's horizon p19 is behind the position p20 (its clock went back, or another server answers): "
            "nothing is read until it has caught up");
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}, request(), {position(19), GuaranteeClass::a, "", "pid 7"}),
            "nothing: p20 to p20; nothing is read while the horizon is held back by pid 7");
}

TEST(RunStart, MovesNothingWhenNothingIsRead) {
  for (const int64_t ordinal : {19, 20}) {
    RunRequest asked = request();
    asked.local = local(position(20));
    RunMachine machine(asked);
    machine.connected(kDurable, true);
    machine.marker_loaded(marker(position(20)));
    machine.horizon_known(horizon(ordinal));
    EXPECT_EQ(machine.new_position(1), std::nullopt);
    machine.recorded();
    EXPECT_EQ(machine.outcome(), RunOutcome::completed);
  }
}

TEST(RunStart, StepsBackByTheLookback) {
  RunRequest asked = request();
  asked.view.lookback = std::chrono::nanoseconds(5'000'000'000);
  const Position at{1'700'000'000'000'000'000, "", "T"};
  EXPECT_EQ(window_of({{}, kDurable, true, at}, asked, horizon(1'800'000'000'000'000'000)), "2023-11-14T22:13:15Z to p1800000000000000000");
  EXPECT_EQ(window_of({{}, kDurable, true, at}, asked, {at, GuaranteeClass::b, "", ""}), "2023-11-14T22:13:15Z to T")
      << "late rows may lie there though the horizon has not moved";
}

TEST(RunStart, DoesNotStepBackUnderADetail) {
  RunRequest asked = request();
  asked.view.lookback = std::chrono::hours(1);
  EXPECT_EQ(window_of({{}, kDurable, true, position(20, "file:7")}, asked, horizon(100, "file:9")), "p20 to p100");
}

TEST(RunStart, StopsALookbackAtTheBeginningOfTime) {
  RunRequest asked = request();
  asked.view.lookback = std::chrono::hours(24 * 365);
  asked.local = local(position(std::numeric_limits<int64_t>::min() + 1));
  RunMachine machine(asked);
  machine.connected(kDurable, false);
  machine.horizon_known(horizon(0));
  EXPECT_EQ(machine.window().since->ordinal, std::numeric_limits<int64_t>::min());
}

TEST(RunStart, StartsAFirstRunAfterTheBackfillDate) {
  RunRequest asked = request();
  asked.view.backfill_since_ns = 1'700'000'000'000'000'000;
  EXPECT_EQ(window_of({{}, kDurable, true, {}}, asked), "2023-11-14T22:13:20Z to p100");
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}, asked), "p20 to p100") << "later runs know better";
}

// What was read before, and what the last run that wrote refused rows left behind.
PositionRecord with_retries(int64_t fence, std::string store = "profiles") {
  PositionRecord record = local(position(20), std::move(store));
  record.retried_fence = fence;
  return record;
}
std::string window_with(const PositionRecord& record, const Marker& found) {
  RunRequest asked = request();
  asked.local = record;
  RunMachine machine(std::move(asked));
  machine.connected(kDurable, true);
  machine.marker_loaded(found);
  machine.horizon_known(horizon(100));
  EXPECT_EQ(machine.window().everything, !machine.window().since);
  return machine.window().since ? machine.window().since->text : "everything: " + machine.notice();
}

TEST(RunStart, ReadsEverythingWhenTheStoreWentBackToBeforeItTookRefusedRows) {
  const char* const back =
      "everything: the store went back to before it took rows that it had refused (restored, or failed over): reading everything again";
  EXPECT_EQ(window_with(with_retries(7), {position(20), 9, "S", 6}), back);
  EXPECT_EQ(window_with(with_retries(7), {position(10), 9, "S", 6}), back) << "a refused row may be older than that";
  EXPECT_EQ(window_with(with_retries(7), {position(20), 9, "S", 7}), "p20");
  EXPECT_EQ(window_with(with_retries(7), {position(30), 9, "S", 8}), "p20") << "a host died between the marker and its record";
  EXPECT_EQ(window_with(with_retries(7), {position(20), 9, "S", 0}), "p20") << "it does not say";
  EXPECT_EQ(window_with(with_retries(0), {position(20), 9, "S", 6}), "p20") << "nothing was ever refused";
  EXPECT_EQ(window_with(with_retries(7, "other"), {position(20), 9, "S", 6}), "p20") << "of another store";
  EXPECT_EQ(window_with(with_retries(7), {position(20), 9, "T", 8}),
            "everything: the store is not the one of the last run, which had rows that it refused at first: reading everything again");
}

// The fence that a run with or without retries leaves behind.
int64_t retried_fence_after(RunRequest asked, RunCounts counts, int64_t committed = 3, int64_t before = 3) {
  asked.local = with_retries(before);
  RunMachine machine(std::move(asked));
  machine.connected(kDurable, true, counts.retried > 0);
  machine.marker_loaded({position(20), 3, "S", committed});
  machine.horizon_known(horizon(100));
  machine.scan_opened(true);
  machine.begun(4);
  machine.marker_checked({position(20), 4, "S", committed});
  machine.transferred(counts);
  machine.flushed();
  machine.refused_saved();
  machine.marker_committed();
  return machine.new_position(1)->retried_fence;
}

TEST(RunStart, RemembersTheLastRunThatTriedRefusedRowsAgain) {
  EXPECT_EQ(retried_fence_after(request(), {}), 3);
  EXPECT_EQ(retried_fence_after(request(), {.read = 1, .written = 1, .retried = 1}), 4);
  EXPECT_EQ(retried_fence_after(request(), {}, 2), 4) << "everything was read, and the store may go back to before that";
  EXPECT_EQ(retried_fence_after(request(), {}, 2, 0), 0);
  RunRequest moved = request();
  moved.view.store = "other";
  EXPECT_EQ(retried_fence_after(moved, {}), 0);
}

TEST(RunStart, ReadsEverythingForAFullRun) {
  RunRequest asked = request();
  asked.full = true;
  asked.view.lookback = std::chrono::seconds(1);
  EXPECT_EQ(window_of({local(position(10)), kDurable, true, position(20)}, asked), "start to p100");
  EXPECT_EQ(window_of({local(position(10)), kDurable, true, position(200)}, asked), "start to p100") << "even behind the position";
  asked.view.backfill_since_ns = 1'700'000'000'000'000'000;
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}, asked), "2023-11-14T22:13:20Z to p100");
}

TEST(RunStart, ReadsEverythingWhenTransactionIdsMeanSomethingElse) {
  RunRequest asked = request();
  asked.cursor = CursorKind::xid;
  asked.view.order_by = {"at"};
  const char* const expected =
      "start to p15; the transaction ids are those of another server, or this one was promoted or restored (system=1 timeline=1, now system=1 "
      "timeline=2): reading everything again";
  const Position old = position(20, "system=1 timeline=1");
  const Position promoted = position(10, "system=1 timeline=2");
  const Horizon now = horizon(15, "system=1 timeline=2");
  EXPECT_EQ(window_of({{}, kDurable, true, old}, asked, now), expected) << "also where the ids have gone back";
  EXPECT_EQ(window_of({local(old), kDurable, false, {}}, asked, now), expected);
  EXPECT_EQ(window_of({local(promoted), kDurable, true, old}, asked, now), expected) << "the marker alone is of the other server";
  EXPECT_EQ(window_of({local(promoted), kDurable, true, promoted}, asked, now), "p10 to p15");
  asked.view.backfill_since_ns = 1'700'000'000'000'000'000;
  EXPECT_EQ(window_of({{}, kDurable, true, old}, asked, now).substr(0, 27), "2023-11-14T22:13:20Z to p15");
  asked.view.backfill_since_ns = {};
  asked.view.order_by.clear();
  EXPECT_EQ(window_of({{}, kDurable, true, old}, asked, now),
            std::string(expected) + "; where the store has a greater id it keeps its row, unless order_by names a time");
}

TEST(RunStart, ReadsEverythingWhenThePositionIsThatOfAnotherKindOfSource) {
  const char* const expected = "start to p100; the position p20 is that of another kind of source: reading everything again";
  EXPECT_EQ(window_of({{}, kDurable, true, position(20)}, request(), horizon(100, "file:9")), expected);
  EXPECT_EQ(window_of({{}, kDurable, true, position(20, "file:7")}, request(), horizon(100)), expected);
  EXPECT_EQ(window_of({{}, kDurable, true, position(200, "file:7")}, request(), horizon(100)),
            "start to p100; the position p200 is that of another kind of source: reading everything again");
}

TEST(RunStart, CommitsThePositionOfTheNewServerAlsoWhenItHasNoRows) {
  RunRequest asked = request();
  asked.cursor = CursorKind::xid;
  RunMachine machine(asked);
  machine.connected(kDurable, true);
  machine.marker_loaded(marker(position(20, "system=1")));
  machine.horizon_known(horizon(5, "system=2"));
  machine.scan_opened(false);
  EXPECT_EQ(machine.step(), Step::begin) << "or every run would read everything";
}

TEST(RunStart, RefusesASliceByTimeOfTransactionIds) {
  RunRequest asked = request();
  asked.cursor = CursorKind::xid;
  asked.from_ns = 1;
  const RunMachine machine = at_step(Step::record, asked);
  ASSERT_TRUE(machine.failure());
  EXPECT_EQ(machine.failure()->message, "--from and --to are times, and cursor = \"xid\" does not count in times; use --full");
}

TEST(RunStart, ReadsASliceWhateverThePosition) {
  RunRequest asked = request();
  asked.from_ns = 1'000'000'000;
  const Start start{local(position(10)), kDurable, true, position(20)};
  const Horizon until = {{9'000'000'000, "", "H"}, GuaranteeClass::a, "", ""};
  EXPECT_EQ(window_of(start, asked, until), "1970-01-01T00:00:01Z to H");
  asked.to_ns = 2'000'000'000;
  EXPECT_EQ(window_of(start, asked, until), "1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z");
  asked.from_ns.reset();
  EXPECT_EQ(window_of(start, asked, until), "start to 1970-01-01T00:00:02Z");
  asked.to_ns = 10'000'000'000;
  EXPECT_EQ(window_of(start, asked, until), "start to H") << "never beyond the horizon";
  asked.view.backfill_since_ns = 0;
  EXPECT_EQ(window_of(start, asked, until), "start to H");
}

TEST(RunStart, OfASliceCommitsNoPosition) {
  RunRequest asked = request();
  asked.from_ns = 5;
  asked.local = local(position(10));
  RunMachine machine = at_step(Step::flush, asked);
  machine.flushed();
  EXPECT_EQ(machine.step(), Step::record);
  EXPECT_EQ(machine.new_position(1), std::nullopt);
}

TEST(RunStart, WritesTheMarkerOfAnEmptyTableOnce) {
  RunMachine first(request());
  first.connected(kDurable, true);
  first.marker_loaded(marker(std::nullopt));
  first.horizon_known(horizon(20));
  first.scan_opened(false);
  EXPECT_EQ(first.step(), Step::begin);

  RunRequest known = request();
  known.local = local(position(10));
  RunMachine later = at_step(Step::open_scan, known);
  later.scan_opened(false);
  EXPECT_EQ(later.step(), Step::record);
  EXPECT_EQ(later.new_position(1), std::nullopt) << "a run of zero rows keeps its position";

  RunRequest slice = request();
  slice.to_ns = 5;
  RunMachine sliced(slice);
  sliced.connected(kDurable, true);
  sliced.marker_loaded(marker(std::nullopt));
  sliced.horizon_known(horizon(20));
  sliced.scan_opened(false);
  EXPECT_EQ(sliced.step(), Step::record);
}

TEST(RunStart, RemembersTheMarkerWhenNothingIsKnownLocally) {
  for (const bool slice : {false, true}) {
    RunRequest asked = request();
    if (slice) asked.from_ns = 5;
    RunMachine machine = at_step(Step::open_scan, asked);
    machine.scan_opened(false);
    EXPECT_EQ(machine.new_position(77), (PositionRecord{position(10), "profiles", "S", 3, 77}));
  }
  RunMachine forgetful(request());
  forgetful.connected(kForgetful, true);
  forgetful.marker_loaded(marker(position(10)));
  forgetful.horizon_known(horizon(10));
  EXPECT_EQ(forgetful.new_position(77), std::nullopt);
}

// What a view forbids.

std::string verdict(const View& view, const RunCounts& counts) {
  RunRequest asked = request();
  asked.view = view;
  const auto failed = RunMachine(asked).judge(counts);
  if (!failed) return "";
  EXPECT_EQ(failed->retry, PENSTOCK_RETRY_NEVER);
  return failed->message;
}

TEST(RunJudge, EndsARunWithRowsWithoutATimeIfTheyAreAFailure) {
  View view;
  EXPECT_EQ(verdict(view, {.read = 3, .written = 3, .null_cursors = 2}),
            "2 rows without a value in the timestamp field: set null_timestamp to \"skip\" or \"always\", or fix the rows");
  EXPECT_EQ(verdict(view, {.read = 1, .written = 1}), "");
  view.null_timestamp = NullTimestamp::always;
  EXPECT_EQ(verdict(view, {.read = 1, .written = 1, .null_cursors = 1}), "");
}

TEST(RunJudge, EndsARunAtItsFirstRejectIfTheViewSaysSo) {
  View view;
  EXPECT_EQ(verdict(view, {.read = 1, .rejected = 1}), "");
  view.on_reject = OnReject::fail;
  EXPECT_EQ(verdict(view, {.read = 1, .rejected = 1}), "a row was rejected and on_reject is \"fail\"; `penstock history` shows the reason");
  EXPECT_EQ(verdict(view, {.read = 1, .written = 1}), "");
}

TEST(RunJudge, EndsARunWithTooManyRejectsAmongAHundredRowsOrMore) {
  View view;
  view.max_reject_ratio = 0.1;
  EXPECT_EQ(verdict(view, {.read = 99, .rejected = 99}), "");
  EXPECT_EQ(verdict(view, {.read = 100, .written = 90, .rejected = 10}), "");
  EXPECT_EQ(verdict(view, {.read = 100, .written = 89, .rejected = 11}), "11 of 100 rows were rejected, more than max_reject_ratio = 0.1");
  view.max_reject_ratio = 0;
  EXPECT_EQ(verdict(view, {.read = 1000, .written = 999, .rejected = 1}), "1 of 1000 rows were rejected, more than max_reject_ratio = 0");
  view.max_reject_ratio = 1;
  EXPECT_EQ(verdict(view, {.read = 1000, .rejected = 1000}), "");
}

}  // namespace
}  // namespace penstock::host
