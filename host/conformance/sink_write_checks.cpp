// What is written, what is not, and what wins.
#include "conformance/sink_groups.hpp"
#include "conformance/sink_scene.hpp"

#include <chrono>
#include <set>
#include <thread>

namespace penstock::host::conformance {
namespace {

using testing::cell;
using testing::order_key;

void check_write_counts(Trial& trial) {
  SinkScene scene(trial);
  TrialRun run(scene.sink);
  scene.begin(own_view("counts"), kTwoFields, run);
  const auto write = [&](const std::string& what, const std::vector<ProfileRow>& rows) {
    trial.step("write " + what);
    const Written counts = run.write(rows);
    const std::string expected = "of " + std::to_string(rows.size()) + " rows (" + what + ") each is counted once: written + unchanged + stale + rejected";
    trial.expect(counts.written >= 0 && counts.unchanged >= 0 && counts.stale >= 0 && counts.rejected >= 0, counts_text(counts), "no count is negative");
    trial.expect(counts.written + counts.unchanged + counts.stale + counts.rejected == static_cast<int64_t>(rows.size()), counts_text(counts), expected);
    trial.expect(counts.rejected == static_cast<int64_t>(run.rejects().size()),
                 counts_text(counts) + ", and reject was called " + std::to_string(run.rejects().size()) + " times", "rejected is the number of calls of reject");
  };
  write("new ones", {two_fields("a", 10, "ann", 1), two_fields("b", 10, "bob", 2), two_fields("c", 10, "cid", 3)});
  write("the same, an older, a newer and a new one",
        {two_fields("a", 10, "ann", 1), two_fields("b", 9, "rob", 4), two_fields("c", 11, "sid", 5), two_fields("d", 10, "dan", 6)});
}

// A row that a sink may be unable to write, in the middle of others.
std::vector<ProfileRow> poisoned_rows() {
  const std::string huge(1 << 20, 'x');
  return {two_fields("before", 1, "ann", 1),
          two_fields(std::string(100'000, 'k'), 1, "a long key", 2),
          two_fields("between", 1, "bob", 3),
          two_fields("huge", 1, huge.c_str(), 4),
          two_fields("after", 1, "cid", 5)};
}

// Were they reported as the contract wants it? Answers which rows were.
std::set<int64_t> rejected_rows(Trial& trial, const TrialRun& run, int64_t rows, int32_t columns) {
  std::set<int64_t> rejected;
  for (const testing::RecordedReject& reject : run.rejects()) {
    const std::string seen = "row " + std::to_string(reject.row) + ", column " + std::to_string(reject.column);
    trial.expect(reject.row >= 0 && reject.row < rows && reject.column >= PENSTOCK_REJECT_NO_COLUMN && reject.column < columns, seen,
                 "reject names a row of the batch and a column of its schema, or PENSTOCK_REJECT_NO_COLUMN");
    trial.expect(!reject.reason.empty(), "row " + std::to_string(reject.row) + " without a reason", "reject says why");
    trial.expect(rejected.insert(reject.row).second, "row " + std::to_string(reject.row) + " twice", "each row is rejected once");
  }
  return rejected;
}

void check_rejects(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("rejects");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  const std::vector<ProfileRow> rows = poisoned_rows();
  Written counts;
  trial.step("write a key of 100,000 bytes and a text of 1 MiB among other rows");
  if (!scene.expect_answer(run.write(rows, counts), PENSTOCK_STATUS_OK, "also when rows of the batch cannot be written")) return;
  const std::set<int64_t> rejected = rejected_rows(trial, run, static_cast<int64_t>(rows.size()), 4);
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string when = "a batch of which " + std::to_string(rejected.size()) + " rows were rejected, row " + std::to_string(i) + (rejected.contains(static_cast<int64_t>(i)) ? " too" : " not");
    if (rejected.contains(static_cast<int64_t>(i))) scene.expect_missing(view, kTwoFields, rows[i].key, when);
    else scene.expect_row(view, kTwoFields, rows[i], when);
  }
}

// The host never writes a view so, but its definition may change after a version was dropped.
void check_order_width(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("order_width");
  const ProfileRow old = two_fields("a", 1, "ann", 1);
  const ProfileRow wide{"a", std::string(32, '\xff'), {cell("wide"), cell(int32_t{2})}};
  const ProfileRow other{"b", std::string(32, '\x01'), {cell("bob"), cell(int32_t{3})}};
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write({old});
  if (!scene.sink.begin(view, kTwoFields, run, 0, 32).ok()) trial.skip("an order key of 32 bytes is refused by begin for this view");
  Written counts;
  if (!scene.expect_answer(run.write({wide, other}, counts), PENSTOCK_STATUS_OK, "also when a profile has an order key of another width")) return;
  const std::set<int64_t> rejected = rejected_rows(trial, run, 2, 4);
  scene.expect_row(view, kTwoFields, rejected.contains(0) ? old : wide, rejected.contains(0) ? "the row with a wider order key was rejected" : "the row with a wider order key was written");
  if (!rejected.contains(1)) scene.expect_row(view, kTwoFields, other, "it was written, next to one with an order key of another width");
}

void check_newest_wins(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  scene.need_claim(PENSTOCK_SINK_NEWEST_WINS, "PENSTOCK_SINK_NEWEST_WINS");
  const ViewName view = own_view("newest");
  const int64_t now = 1'700'000'000'123'456'789;
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  trial.step("write rows newest first and oldest first");
  run.write({two_fields("late", 10, "old", 1), two_fields("early", 20, "new", 2)});
  run.write({two_fields("late", 20, "new", 3), two_fields("early", 10, "old", 4)});
  scene.expect_row(view, kTwoFields, two_fields("late", 20, "new", 3), "time 10 and then 20 were written");
  scene.expect_row(view, kTwoFields, two_fields("early", 20, "new", 2), "time 20 and then 10 were written");
  trial.step("write times around 1970 and a nanosecond apart");
  for (const int64_t time : {-5, -6, 3, -1}) run.write({two_fields("epoch", time, "x", static_cast<int32_t>(time + 50))});
  scene.expect_row(view, kTwoFields, two_fields("epoch", 3, "x", 53), "the times -5, -6, 3 and -1 were written in this order (bytes are compared unsigned)");
  for (const int64_t shift : {0, -1, 1}) run.write({two_fields("close", now + shift, "x", static_cast<int32_t>(shift + 5))});
  scene.expect_row(view, kTwoFields, two_fields("close", now + 1, "x", 6), "three times that differ by a nanosecond were written");
  trial.step("write rows of the same time");
  run.write({two_fields("tie", 1, "x", 7)});
  run.write({two_fields("tie", 1, "y", 5)});
  scene.expect_row(view, kTwoFields, two_fields("tie", 1, "x", 7), "a smaller hash at the same time and fence came later");
  trial.step("write older and corrected rows in a later run");
  TrialRun later(scene.sink);
  scene.begin(view, kTwoFields, later);
  later.write({two_fields("late", 15, "older", 8, 2), two_fields("tie", 1, "right", 3, 2)});
  scene.expect_row(view, kTwoFields, two_fields("late", 20, "new", 3), "a later run wrote an older row");
  scene.expect_row(view, kTwoFields, two_fields("tie", 1, "right", 3, 2), "a later run wrote other values at the same time");
}

// Written once more, it must come to nothing.
void write_again(SinkScene& scene, TrialRun& run, const ViewName& view, const std::vector<ProfileRow>& rows, const std::string& when) {
  scene.session.trial().step("write the same batch again " + when);
  const Written counts = run.write(rows);
  scene.session.trial().expect(counts.unchanged + counts.stale == static_cast<int64_t>(rows.size()), counts_text(counts),
                               "the rows of a batch that was written again " + when + " are unchanged or stale");
  if (!scene.sink.has(PENSTOCK_EXT_LOOKUP)) return;
  for (const ProfileRow& row : rows) scene.expect_row(view, kTwoFields, row, "the same batch was written again " + when);
}

void check_repeated_batch(Trial& trial) {
  SinkScene scene(trial);
  scene.need_claim(PENSTOCK_SINK_NEWEST_WINS, "PENSTOCK_SINK_NEWEST_WINS");
  const ViewName view = own_view("repeated");
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)};
  TrialRun run(scene.sink), later(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write(rows);
  write_again(scene, run, view, rows, "by the same run");
  run.end();
  scene.begin(view, kTwoFields, later);
  write_again(scene, later, view, rows, "by a later run");
}

// The row that won is unchanged and the one that lost comes after it: it must not win by its fence.
void check_raised_order(Trial& trial) {
  SinkScene scene(trial);
  scene.need_claim(PENSTOCK_SINK_NEWEST_WINS, "PENSTOCK_SINK_NEWEST_WINS");
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("raised");
  TrialRun run(scene.sink), later(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write({two_fields("a", 1, "won", 9, 1)});
  run.end();
  scene.begin(view, kTwoFields, later);
  trial.step("write the row that won a tie, and the one that lost it, in a later run");
  const Written again = later.write({two_fields("a", 1, "won", 9, 2)});
  if ((scene.capabilities().flags & PENSTOCK_SINK_UNCHANGED) != 0)
    trial.expect(again.unchanged == 1, counts_text(again), "a row with the values that are there and a greater fence is unchanged");
  later.write({two_fields("a", 1, "lost", 5, 2)});
  scene.expect_row(view, kTwoFields, two_fields("a", 1, "won", 9, 2),
                   "a later run wrote the same values with its own fence, and then others with a smaller hash (of the two order keys of an unchanged row the greater stays)");
}

void check_large_batch(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  constexpr size_t kRows = 3000, kKeys = 500;
  const ViewName view = own_view("large");
  std::vector<ProfileRow> rows;
  for (size_t i = 0; i < kRows; ++i) rows.push_back(two_fields("key-" + std::to_string(i), 1, "somebody", static_cast<int32_t>(i)));
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  trial.step("write a batch of 3000 rows");
  run.write(rows);
  std::set<int64_t> rejected;
  for (const testing::RecordedReject& reject : run.rejects()) rejected.insert(reject.row);
  // All of them: what is lost is lost at the edges of what the sink sends at once, wherever these are.
  for (size_t first = 0; first < kRows; first += kKeys) {
    std::vector<std::string> keys;
    for (size_t i = first; i < first + kKeys; ++i) keys.push_back(rows[i].key);
    const std::vector<Profile> seen = scene.sink.lookup(view, kTwoFields, keys);
    for (size_t i = first; i < first + kKeys; ++i)
      if (!rejected.contains(static_cast<int64_t>(i)) && !scene.expect_profile(seen[i - first], kTwoFields, rows[i], "a batch of 3000 rows was written")) return;
  }
}

// A run is in the middle of a write when the next one begins and writes newer rows of the same keys: in whatever order the sink comes to
// them, the newer ones stay. A comparison that is not one step with the write loses some of them.
void check_race(Trial& trial) {
  constexpr int kRounds = 20, kKeys = 40;
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  scene.need_claim(PENSTOCK_SINK_NEWEST_WINS, "PENSTOCK_SINK_NEWEST_WINS");
  TrialSink other(scene.session);
  const ViewName view = own_view("race");
  std::chrono::nanoseconds longest = std::chrono::milliseconds(2);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<ProfileRow> old_rows, new_rows;
    std::vector<std::string> keys;
    for (int i = 0; i < kKeys; ++i) {
      keys.push_back(std::to_string(round) + "-" + std::to_string(i));
      old_rows.push_back(two_fields(keys.back(), 1, "older", 1));
      new_rows.push_back(two_fields(keys.back(), 2, "newer", 2));
    }
    TrialRun older(scene.sink), newer(other);
    scene.begin(view, kTwoFields, older);
    trial.step("write older and newer rows at the same time, by the run before and the run that took over");
    Answer answer;
    {
      const std::jthread before([&] {
        Written counts;
        answer = older.write(old_rows, counts);
      });
      std::this_thread::sleep_for(longest * round / kRounds);
      scene.session.require(other.begin(view, kTwoFields, newer));
      newer.write(new_rows);
    }
    longest = std::max(longest, answer.took);
    const std::vector<Profile> seen = other.lookup(view, kTwoFields, keys);
    for (size_t i = 0; i < keys.size(); ++i)
      if (!scene.expect_profile(seen[i], kTwoFields, new_rows[i], "two runs wrote it at the same time")) return;
    // Otherwise the sink may not be used any more; what it answers is another check's.
    if (!answer.ok() && !answer.is(PENSTOCK_STATUS_FENCED)) return;
  }
}

constexpr Check kChecks[] = {
    {"sink.write_counts", Subject::sink, "write counts each row of a batch once", "write-counts", check_write_counts},
    {"sink.rejects", Subject::sink, "a row that cannot be written is rejected, and the others of its batch are written", "rejects", check_rejects},
    {"sink.order_width", Subject::sink, "an order key of another width than the stored one harms one row at most", "rejects", check_order_width},
    {"sink.newest_wins", Subject::sink, "of several rows of a key the one with the greatest order key stays, in whatever order they come", "newest-wins", check_newest_wins},
    {"sink.race", Subject::sink, "the newest row stays also when two runs write at the same time", "newest-wins", check_race, 2},
    {"sink.repeated_batch", Subject::sink, "a batch that was written already changes nothing", "repeated-batch", check_repeated_batch},
    {"sink.raised_order", Subject::sink, "a row that changes no value leaves the greater of the two order keys", "repeated-batch", check_raised_order},
    {"sink.large_batch", Subject::sink, "all rows of a large batch are written", "write", check_large_batch},
};

}  // namespace

std::span<const Check> sink_write_checks() { return kChecks; }

}  // namespace penstock::host::conformance
