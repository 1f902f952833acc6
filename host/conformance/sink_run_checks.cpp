// Runs: how they begin, take a view over, commit and end.
#include "conformance/sink_groups.hpp"
#include "conformance/sink_scene.hpp"

#include <csignal>

namespace penstock::host::conformance {
namespace {

std::string text(const penstock_sink_capabilities& capabilities) {
  return "{flags " + std::to_string(capabilities.flags) + ", batch_rows " + std::to_string(capabilities.batch_rows) + ", batch_bytes " +
         std::to_string(capabilities.batch_bytes) + "}";
}

void check_capabilities(Trial& trial) {
  SinkScene scene(trial);
  const penstock_sink_capabilities first = scene.capabilities();
  trial.expect(first.batch_rows >= 0 && first.batch_bytes >= 0, text(first), "batch_rows and batch_bytes are not negative");
  const auto compare = [&](SinkScene& seen_by, const std::string& when) {
    const penstock_sink_capabilities again = seen_by.capabilities();
    trial.expect(again.flags == first.flags && again.batch_rows == first.batch_rows && again.batch_bytes == first.batch_bytes, text(again) + " " + when,
                 text(first) + ", as in the beginning");
  };
  compare(scene, "the second time");
  TrialRun run(scene.sink);
  scene.begin(own_view("capabilities"), kTwoFields, run);
  run.write({two_fields("a", 1, "ann", 1)});
  compare(scene, "after a write");
}

// Runs in a process of its own, which kills itself when it has told its fence. What it has written stays.
void write_and_die(Trial& trial, const Teller& teller, const ViewName& view, const std::vector<ProfileRow>& rows, bool commits) {
  Session session(trial);
  TrialSink sink(session);
  TrialRun run(sink);
  session.require(sink.begin(view, kTwoFields, run));
  if (!rows.empty()) run.write(rows);
  if (commits) {
    session.require(run.flush());
    session.require(run.commit({1, {}, "one"}));
  }
  teller.tell('w', {std::to_string(run.fence)});
  raise(SIGKILL);
}

// The fence of the run that died. What else becomes of the process ends the check.
int64_t die_writing(Trial& trial, const ViewName& view, const std::vector<ProfileRow>& rows, bool commits) {
  constexpr auto kLimit = std::chrono::seconds(5);
  const ChildEnd end = run_in_child(
      [&](const Teller& teller) {
        Trial inner(teller, trial.plugin(), trial.quirks(), trial.seed(), trial.component_name());
        try {
          write_and_die(inner, teller, view, rows, commits);
        } catch (const CheckOver&) {  // told
        }
      },
      kLimit);
  for (const Record& record : end.records) {
    if (record.kind == 'w') return std::stoll(record.texts.at(0));
    if (record.kind == 'f' && record.texts.at(0) == "1") trial.skip(record.texts.at(2));
    if (record.kind == 'f') trial.stop(record.texts.at(2), record.texts.at(1));
  }
  trial.stop(end.timed_out ? "it did not within 5 s" : "it " + end.trouble(), "a process of its own can write to the store");
}

void check_fences(Trial& trial) {
  const ViewName view = own_view("fences");
  trial.step("begin a run in a process that is killed");
  const int64_t dead = die_writing(trial, view, {}, false);
  SinkScene scene(trial);
  TrialSink other(scene.session);
  // A store that goes with its process may begin anew.
  int64_t last = (scene.capabilities().flags & PENSTOCK_SINK_DURABLE) != 0 ? dead : 0;
  for (int i = 0; i < 4; ++i) {
    TrialSink& sink = i % 2 == 0 ? scene.sink : other;
    TrialRun run(sink);
    trial.step("begin run " + std::to_string(i + 1));
    const Answer answer = sink.begin(view, kTwoFields, run);
    if (!answer.ok()) trial.stop(answer.text(), "a run can begin");
    trial.expect(run.fence > last, "run " + std::to_string(i + 1) + " got the fence " + std::to_string(run.fence),
                 last == 0 ? "a fence that is positive" : "a fence greater than " + std::to_string(last) + ", that of the run before, on whichever connection and in whichever process");
    last = run.fence;
  }
}

void check_previous_fence(Trial& trial) {
  SinkScene scene(trial);
  const ViewName view = own_view("previous");
  TrialRun first(scene.sink), second(scene.sink);
  scene.begin(view, kTwoFields, first);
  if (first.previous_fence == -1) trial.skip("the sink does not know which run began before (previous_fence -1)");
  trial.expect(first.previous_fence == 0, std::to_string(first.previous_fence), "previous_fence of the first run of a view is 0");
  const int64_t before = first.fence;
  first.end();
  scene.begin(view, kTwoFields, second);
  trial.expect(second.previous_fence == before, std::to_string(second.previous_fence), "previous_fence of the second run is the first's, " + std::to_string(before));
  scene.begin(own_view("previous_other"), kTwoFields, first);
  trial.expect(first.previous_fence == 0, std::to_string(first.previous_fence), "previous_fence of the first run of another view is 0");
}

constexpr int64_t kTooLate = 99;

// Commits too late: flush may say so already.
void expect_commit_fenced(SinkScene& scene, TrialRun& late) {
  scene.session.trial().step("commit a run whose view was taken over");
  const Answer flushed = late.flush();
  if (flushed.is(PENSTOCK_STATUS_FENCED)) return;
  if (!scene.expect_answer(flushed, PENSTOCK_STATUS_OK, "or fenced, for a run whose view was taken over")) return;
  scene.expect_answer(late.commit({kTooLate, {}, "too late"}), PENSTOCK_STATUS_FENCED, "for a run whose view was taken over");
}

void check_fencing(Trial& trial) {
  SinkScene scene(trial);
  TrialSink other(scene.session), third(scene.session);
  const ViewName view = own_view("fencing");
  TrialRun first(scene.sink), late(third), second(other);
  const ProfileRow old = two_fields("a", 1, "ann", 1);
  scene.begin(view, kTwoFields, first);
  first.write({old});
  scene.session.require(third.begin(view, kTwoFields, late));
  scene.session.require(other.begin(view, kTwoFields, second));
  trial.step("write in a run whose view was taken over");
  Written counts;
  const Answer written = first.write({two_fields("a", 9, "late", 9)}, counts);
  scene.expect_answer(written, PENSTOCK_STATUS_FENCED, "for a run whose view was taken over, also when its rows are newer");
  expect_commit_fenced(scene, late);
  if (scene.sink.has(PENSTOCK_EXT_LOOKUP)) scene.expect_row(view, kTwoFields, old, "a run whose view was taken over tried to write");
  if (scene.sink.has(PENSTOCK_EXT_MARKER))
    trial.expect(scene.sink.load_marker(view).ordinal != kTooLate, "it was stored", "the position of a run whose view was taken over is not stored");
  trial.step("end both, and go on with the run that took over");
  first.abort();
  first.end();
  late.abort();
  late.end();
  scene.expect_answer(second.write({two_fields("a", 2, "bob", 2)}, counts), PENSTOCK_STATUS_OK, "for the run that took over");
  scene.expect_answer(second.flush(), PENSTOCK_STATUS_OK, "for the run that took over");
  scene.expect_answer(second.commit({2, {}, "two"}), PENSTOCK_STATUS_OK, "for the run that took over");
}

void check_fencing_apart(Trial& trial) {
  SinkScene scene(trial);
  const ViewName view = own_view("apart");
  TrialRun run(scene.sink), version(scene.sink), other(scene.sink);
  scene.begin(view, kTwoFields, run);
  scene.begin({view.view, 2}, kTwoFields, version);
  scene.begin({view.view + "_other", 1}, kTwoFields, other);
  trial.step("write in a run while runs of another version and another view began later");
  Written counts;
  scene.expect_answer(run.write({two_fields("a", 1, "ann", 1)}, counts), PENSTOCK_STATUS_OK, "while only other views and versions were begun");
  scene.expect_answer(run.flush(), PENSTOCK_STATUS_OK, "while only other views and versions were begun");
  scene.expect_answer(run.commit({1, {}, "one"}), PENSTOCK_STATUS_OK, "while only other views and versions were begun");
}

void check_commit(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_MARKER);
  const ViewName view = own_view("commit");
  std::string detail;
  while (detail.size() < 4096) detail += static_cast<char>(detail.size() * 7);
  for (const Position& position : {Position{-42, std::string("\0\xff\"", 3), "1969-12-31T23:59:59Z"}, Position{1'700'000'000'123'456'789, detail, ""}}) {
    const LoadedMarker before = scene.sink.load_marker(view);
    TrialRun run(scene.sink);
    scene.begin(view, kTwoFields, run);
    trial.step("write, flush and commit");
    run.write({two_fields("a", 1, "ann", 1)});
    scene.session.require(run.flush());
    const LoadedMarker flushed = scene.sink.load_marker(view);
    trial.expect(flushed.found == before.found && flushed.ordinal == before.ordinal,
                 flushed.found ? "after flush it is " + std::to_string(flushed.ordinal) : "after flush it is gone", "the marker moves with commit and not before");
    const Answer committed = run.commit(position);
    if (!scene.expect_answer(committed, PENSTOCK_STATUS_OK, "after flush")) return;
    TrialSink other(scene.session);
    const LoadedMarker seen = other.load_marker(view);
    if (!trial.expect(seen.found, "there is none", "the committed position is loaded, on every connection")) return;
    trial.expect(seen.ordinal == position.ordinal, std::to_string(seen.ordinal), "the ordinal that was committed, " + std::to_string(position.ordinal));
    trial.expect(seen.detail == position.detail, std::to_string(seen.detail.size()) + " bytes, or others",
                 "the detail that was committed: " + std::to_string(position.detail.size()) + " bytes of any value, unchanged");
    trial.expect(seen.text == position.text, "\"" + seen.text + "\"", "the text that was committed, \"" + position.text + "\"");
    trial.expect(seen.committed_fence == run.fence || seen.committed_fence == 0, std::to_string(seen.committed_fence),
                 "committed_fence is the fence of the run that committed, " + std::to_string(run.fence));
  }
}

void check_abort(Trial& trial) {
  SinkScene scene(trial);
  const ViewName view = own_view("abort");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write({two_fields("a", 1, "ann", 1)});
  scene.session.require(run.flush());
  scene.session.require(run.commit({7, {}, "seven"}));
  run.end();
  const ProfileRow newer = two_fields("a", 2, "bob", 2);
  scene.begin(view, kTwoFields, run);
  run.write({newer});
  trial.step("abort a run");
  scene.expect_answer(run.abort(), PENSTOCK_STATUS_OK, "for a run that has written");
  run.end();
  if (scene.sink.has(PENSTOCK_EXT_MARKER)) {
    const LoadedMarker marker = scene.sink.load_marker(view);
    trial.expect(marker.found && marker.ordinal == 7, marker.found ? std::to_string(marker.ordinal) : "there is none", "abort leaves the marker where it was, at 7");
  }
  if (scene.sink.has(PENSTOCK_EXT_LOOKUP)) scene.expect_row(view, kTwoFields, newer, "a run that wrote it was aborted");
  scene.begin(view, kTwoFields, run);
}

void check_killed(Trial& trial) {
  const ViewName uncommitted = own_view("killed"), committed = own_view("killed_later");
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)};
  trial.step("kill a process between write and commit");
  die_writing(trial, uncommitted, rows, false);
  trial.step("kill a process after commit");
  die_writing(trial, committed, rows, true);
  SinkScene scene(trial);
  const bool durable = (scene.capabilities().flags & PENSTOCK_SINK_DURABLE) != 0;
  const bool has_marker = scene.sink.has(PENSTOCK_EXT_MARKER), has_lookup = scene.sink.has(PENSTOCK_EXT_LOOKUP);
  if (has_marker) trial.expect(!scene.sink.load_marker(uncommitted).found, "it did", "the marker does not move when the process dies between write and commit");
  if (has_marker && durable) {
    const LoadedMarker marker = scene.sink.load_marker(committed);
    trial.expect(marker.found && marker.ordinal == 1, marker.found ? std::to_string(marker.ordinal) : "it is not there",
                 "a position that was committed before the process died is there (PENSTOCK_SINK_DURABLE is claimed)");
  }
  if (has_lookup && durable)
    for (const ProfileRow& row : rows) scene.expect_row(committed, kTwoFields, row, "a process wrote and committed it and died");
  TrialRun run(scene.sink);
  scene.begin(uncommitted, kTwoFields, run);
  trial.step("write the same rows as the process that died");
  run.write(rows);
  if (has_lookup)
    for (const ProfileRow& row : rows) scene.expect_row(uncommitted, kTwoFields, row, "a process died after writing it, and the next run wrote it again");
}

// Two runs, in turn and at the same time.
void check_two_sinks(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  TrialSink other(scene.session);
  const ViewName left = own_view("left"), right = own_view("right");
  TrialRun to_left(scene.sink), to_right(other);
  scene.begin(left, kTwoFields, to_left);
  scene.session.require(other.begin(right, kTwoFields, to_right));
  trial.step("write to two views through two sinks in turn");
  for (int32_t i = 0; i < 3; ++i) {
    to_left.write({two_fields("a", i, "left", i), two_fields("only-left", i, "left", i)});
    to_right.write({two_fields("a", i, "right", i + 10), two_fields("only-right", i, "right", i + 10)});
  }
  const std::string after = "two sinks wrote to two views in turn";
  scene.expect_row(left, kTwoFields, two_fields("a", 2, "left", 2), after);
  scene.expect_row(right, kTwoFields, two_fields("a", 2, "right", 12), after);
  scene.expect_missing(left, kTwoFields, "only-right", after);
  scene.expect_missing(right, kTwoFields, "only-left", after);
  trial.step("write to two views through two sinks at the same time");
  constexpr int32_t kBatches = 20;
  const auto write_all = [](TrialRun& run, const char* name) {
    for (int32_t i = 3; i < kBatches; ++i) run.write({two_fields("a", i, name, i), two_fields(std::string("only-") + name, i, name, i)});
  };
  run_at_once({[&] { write_all(to_left, "left"); }, [&] { write_all(to_right, "right"); }});
  for (const char* key : {"a", "only-left"}) scene.expect_row(left, kTwoFields, two_fields(key, kBatches - 1, "left", kBatches - 1), "two sinks wrote at the same time");
  for (const char* key : {"a", "only-right"}) scene.expect_row(right, kTwoFields, two_fields(key, kBatches - 1, "right", kBatches - 1), "two sinks wrote at the same time");
  to_right.end();
  other.clean_up();
}

constexpr Check kChecks[] = {
    {"sink.capabilities", Subject::sink, "capabilities says the same for as long as the sink is open", "capabilities", check_capabilities},
    {"sink.fences", Subject::sink, "each run of a view gets a greater fence than all before", "begin", check_fences},
    {"sink.previous_fence", Subject::sink, "begin tells the fence of the run that began before, or that it does not know", "begin", check_previous_fence},
    {"sink.fencing", Subject::sink, "a run whose view a newer one has taken over writes and commits nothing more", "fencing", check_fencing},
    {"sink.fencing_apart", Subject::sink, "runs of other views and versions fence nobody off", "begin", check_fencing_apart},
    {"sink.commit", Subject::sink, "commit, and nothing else, stores the position, unchanged", "commit", check_commit},
    {"sink.abort", Subject::sink, "abort leaves the marker where it was, and what was written", "abort-and-end", check_abort},
    {"sink.killed", Subject::sink, "a process that dies in a run loses nothing that was committed, and the next run repairs the rest", "commit", check_killed},
    {"sink.two_sinks", Subject::sink, "two sinks do not get into each other's way", "instances", check_two_sinks},
};

}  // namespace

std::span<const Check> sink_run_checks() { return kChecks; }

}  // namespace penstock::host::conformance
