// What a sink may offer besides: marker/1, lookup/1, delete/1, ttl/1, layout/1; and expiry.
#include "conformance/sink_groups.hpp"
#include "conformance/sink_scene.hpp"

#include <algorithm>
#include <thread>

namespace penstock::host::conformance {
namespace {

using testing::Cell;
using testing::cell;
using testing::order_key;

constexpr size_t kMaxStoreId = 256;
constexpr int64_t kSlowestMs = 60'000;  // at most, between a write and the look at what is left of a life

std::string marker_text(const LoadedMarker& marker) {
  const std::string fences = "fence " + std::to_string(marker.fence) + ", committed_fence " + std::to_string(marker.committed_fence);
  return marker.found ? "position " + std::to_string(marker.ordinal) + " \"" + marker.text + "\", " + fences : "no position, " + fences;
}

void check_views(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("views"), version{view.view, 2}, other{view.view + "_other", 1};
  const ProfileRow rows[] = {two_fields("k", 3, "version 1", 1), two_fields("k", 2, "version 2", 2), two_fields("k", 1, "other", 3)};
  const ViewName* const views[] = {&view, &version, &other};
  for (size_t i = 0; i < 3; ++i) {
    TrialRun run(scene.sink);
    scene.begin(*views[i], kTwoFields, run);
    run.write({rows[i]});
  }
  for (size_t i = 0; i < 3; ++i) scene.expect_row(*views[i], kTwoFields, rows[i], "the same key was written to two versions of a view and to another view");
  scene.expect_missing({other.view, 2}, kTwoFields, "k", "it was written to version 1 only");
}

void check_marker(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_MARKER);
  const ViewName first = own_view("marker_1"), second = own_view("marker_2"), never = own_view("marker_never");
  TrialRun run(scene.sink);
  std::string id;
  for (const ViewName& view : {first, second}) {
    scene.begin(view, kTwoFields, run);
    const LoadedMarker marker = scene.sink.load_marker(view);
    trial.expect(!marker.found, marker_text(marker), "a view that was begun and never committed has no position");
    trial.expect(marker.fence == run.fence, marker_text(marker), "the last fence given out, " + std::to_string(run.fence));
    trial.expect(!marker.store_id.empty() && marker.store_id.size() <= kMaxStoreId, std::to_string(marker.store_id.size()) + " bytes", "the store's identity has 1 to 256 bytes");
    trial.expect(id.empty() || marker.store_id == id, "another one for another view", "the store has one identity");
    id = marker.store_id;
  }
  const LoadedMarker marker = scene.sink.load_marker(never);
  trial.expect(!marker.found && marker.fence == 0, marker_text(marker), "a view that was never begun has no position and the fence 0");
  TrialSink other(scene.session);
  trial.expect(other.load_marker(first).store_id == id, "another one on another connection", "the store has one identity");
}

void check_load_many(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_MARKER);
  if (!scene.sink.loads_many()) trial.skip("not offered: load_many of marker/1");
  const ViewName committed = own_view("many"), never = own_view("many_never"), begun = own_view("many_begun");
  TrialRun run(scene.sink);
  scene.begin(begun, kTwoFields, run);
  scene.begin(committed, kTwoFields, run);
  run.write({two_fields("a", 1, "ann", 1)});
  scene.session.require(run.flush());
  scene.session.require(run.commit({7, "d", "seven"}));
  const std::vector<ViewName> views = {committed, never, begun, never, committed, begun};
  std::vector<LoadedMarker> markers;
  trial.step("load many markers");
  if (!scene.expect_answer(scene.sink.load_markers(views, markers), PENSTOCK_STATUS_OK, "for views that were and were not begun")) return;
  for (size_t i = 0; i < views.size(); ++i) {
    const LoadedMarker alone = scene.sink.load_marker(views[i]);
    trial.expect(markers[i] == alone, marker_text(markers[i]), "for view " + std::to_string(i + 1) + " of " + std::to_string(views.size()) + " what load answers, " + marker_text(alone));
  }
  scene.expect_answer(scene.sink.load_markers({}, markers), PENSTOCK_STATUS_OK, "for no views");
}

void check_compare_and_store(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_MARKER);
  const ViewName view = own_view("store");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  const int64_t first = run.fence;
  run.end();
  scene.begin(view, kTwoFields, run);
  scene.session.require(run.flush());
  scene.session.require(run.commit({4, "d", "four"}));
  const int64_t last = scene.sink.load_marker(view).fence;
  run.end();
  const auto expect_marker = [&](int64_t ordinal, const std::string& after) {
    const LoadedMarker marker = scene.sink.load_marker(view);
    trial.expect(marker.found && marker.ordinal == ordinal, marker_text(marker), "position " + std::to_string(ordinal) + " after " + after);
  };
  trial.step("store under a fence that was overtaken");
  scene.expect_answer(scene.sink.compare_and_store(view, first, Position{5, "d", "five"}), PENSTOCK_STATUS_FENCED, "when the expected fence is not the last");
  expect_marker(4, "compare_and_store with another fence than the last");
  trial.step("store under the last fence");
  if (scene.expect_answer(scene.sink.compare_and_store(view, last, Position{5, "d", "five"}), PENSTOCK_STATUS_OK, "when the expected fence is the last")) {
    expect_marker(5, "compare_and_store with the last fence");
    const LoadedMarker marker = scene.sink.load_marker(view);
    trial.expect(marker.committed_fence == 0, marker_text(marker), "no run has committed a position that compare_and_store has set: committed_fence 0");
  }
  trial.step("remove the position");
  if (!scene.expect_answer(scene.sink.compare_and_store(view, last, std::nullopt), PENSTOCK_STATUS_OK, "without a position, which removes the marker's")) return;
  const LoadedMarker removed = scene.sink.load_marker(view);
  trial.expect(!removed.found && removed.fence == last, marker_text(removed), "no position, and the fences go on from " + std::to_string(last));
}

void check_lookup(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("lookup");
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)};
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write(rows);
  trial.step("look up keys that repeat, that are missing, and none");
  const std::vector<std::string> keys = {"b", "nobody", "a", "b", "none"};
  const Schema fields = {{"ORDERS", Type::int32}, {"NAME", Type::utf8}};
  const std::vector<Profile> seen = scene.sink.lookup(view, fields, keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    const ProfileRow* const row = keys[i] == "a" ? &rows[0] : keys[i] == "b" ? &rows[1] : nullptr;
    const std::string expected = "for key " + std::to_string(i + 1) + " of " + std::to_string(keys.size()) + ", with ORDERS asked for before NAME, ";
    const std::string text = seen[i].state == PENSTOCK_PROFILE_MISSING ? "nothing" : row_text(fields, seen[i].order.value_or(""), seen[i].cells);
    if (row == nullptr) {
      trial.expect(seen[i].state == PENSTOCK_PROFILE_MISSING, text, expected + "PENSTOCK_PROFILE_MISSING");
    } else {
      const std::vector<Cell> cells = {row->cells[1], row->cells[0]};
      trial.expect(seen[i].state == PENSTOCK_PROFILE_FOUND && seen[i].order == row->order && seen[i].cells == cells, text, expected + row_text(fields, row->order, cells));
    }
  }
  scene.sink.lookup(view, kTwoFields, {});
  scene.sink.lookup(own_view("lookup_never"), kTwoFields, {"a"});
}

void check_delete(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_DELETE);
  const ViewName view = own_view("delete");
  const ProfileRow kept = two_fields("b", 1, "bob", 2);
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write({two_fields("a", 1, "ann", 1), kept, two_fields("c", 1, "cid", 3)});
  const auto expect_removed = [&](const std::vector<std::string>& keys, uint64_t count, const std::string& of) {
    uint64_t removed = 0;
    if (scene.expect_answer(scene.sink.remove(view, keys, removed), PENSTOCK_STATUS_OK, "also for keys that are missing"))
      trial.expect(removed == count, std::to_string(removed), "of " + of + " " + std::to_string(count) + " were there");
  };
  expect_removed({"a", "nobody", "c"}, 2, "three keys, one of which nobody wrote,");
  expect_removed({"a"}, 0, "one key that was removed before");
  if (!scene.sink.has(PENSTOCK_EXT_LOOKUP)) return;
  scene.expect_missing(view, kTwoFields, "a", "it was removed");
  scene.expect_missing(view, kTwoFields, "c", "it was removed");
  scene.expect_row(view, kTwoFields, kept, "others were removed");
}

void check_ttl(Trial& trial) {
  constexpr int64_t kLife = 100'000;
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_TTL);
  const ViewName view = own_view("ttl");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  run.write({two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)});
  const auto set = [&](const std::vector<std::string>& keys, int64_t ttl_ms, uint64_t count) {
    uint64_t touched = 0;
    if (scene.expect_answer(scene.sink.set_ttl(view, keys, ttl_ms, touched), PENSTOCK_STATUS_OK, "also for keys that are missing"))
      trial.expect(touched == count, std::to_string(touched), "of " + std::to_string(keys.size()) + " keys " + std::to_string(count) + " existed");
  };
  const auto life = [&](const std::string& key) { return scene.profile(view, kTwoFields, key).ttl_ms.value_or(-1); };
  const bool looks_up = scene.sink.has(PENSTOCK_EXT_LOOKUP);
  trial.step("give a profile a life");
  set({"a", "nobody"}, kLife, 1);
  if (looks_up) {
    const int64_t left = life("a");
    trial.expect(left > kLife - kSlowestMs && left <= kLife, left < 0 ? "none" : std::to_string(left) + " ms", "a profile given a life of 100000 ms has most of it left");
    trial.expect(life("b") < 0, "it has one too", "a profile that was not named keeps its life");
    scene.expect_missing(view, kTwoFields, "nobody", "a life was set for it");
  }
  trial.step("let it live for ever");
  set({"a"}, 0, 1);
  if (looks_up) trial.expect(life("a") < 0, std::to_string(life("a")) + " ms", "a life of 0 is for ever");
}

// How long a profile lives that was written by a run with this ttl; -1: for ever.
int64_t life_written_with(SinkScene& scene, const ViewName& view, int64_t ttl_ms, int64_t time) {
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run, ttl_ms);
  run.write({two_fields("a", time, "ann", static_cast<int32_t>(time))});
  return scene.profile(view, kTwoFields, "a").ttl_ms.value_or(-1);
}

void check_expiry(Trial& trial) {
  constexpr int64_t kHour = 3'600'000, kSecond = 1000, kShort = 30;
  constexpr auto kLimit = std::chrono::seconds(5);
  SinkScene scene(trial);
  scene.need_claim(PENSTOCK_SINK_TTL, "PENSTOCK_SINK_TTL");
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("expiry");
  const int64_t hour = life_written_with(scene, view, kHour, 1);
  if (!trial.expect(hour > kHour - kSlowestMs && hour <= kHour + kSecond, hour < 0 ? "it lives for ever" : std::to_string(hour) + " ms", "a profile written with ttl_ms 3600000 has an hour to live")) return;
  const int64_t ever = life_written_with(scene, view, 0, 2);
  trial.expect(ever < 0, std::to_string(ever) + " ms", "a profile that was written with ttl_ms 0 last lives for ever");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run, kShort);
  run.write({two_fields("brief", 1, "bob", 1)});
  trial.step("wait until a profile that was written with ttl_ms 30 is gone");
  const auto until = std::chrono::steady_clock::now() + kLimit;
  while (scene.profile(view, kTwoFields, "brief").state == PENSTOCK_PROFILE_FOUND) {
    if (std::chrono::steady_clock::now() > until) trial.stop("it is there after 5 s", "a profile written with ttl_ms 30 expires after 30 ms");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void check_layout(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LAYOUT);
  std::string text;
  if (!scene.expect_answer(scene.sink.describe_keys(own_view("layout"), text), PENSTOCK_STATUS_OK, "for any view, also one that was never begun")) return;
  trial.expect(!text.empty(), "nothing", "describe_keys appends where a profile is");
}

constexpr Check kChecks[] = {
    {"sink.views", Subject::sink, "views, and the versions of a view, are kept apart", "lookup", check_views},
    {"sink.marker", Subject::sink, "marker/1 knows the last fence of each view and the one identity of the store", "marker", check_marker},
    {"sink.load_many", Subject::sink, "load_many answers as load would for each view", "marker", check_load_many},
    {"sink.compare_and_store", Subject::sink, "compare_and_store sets the position only under the last fence", "marker-compare-and-store", check_compare_and_store},
    {"sink.lookup", Subject::sink, "lookup/1 answers each key in the order asked, missing and repeated ones too", "lookup", check_lookup},
    {"sink.delete", Subject::sink, "delete/1 removes profiles and counts those that were there", "delete", check_delete},
    {"sink.ttl", Subject::sink, "ttl/1 sets the life of profiles that exist and counts them", "ttl", check_ttl},
    {"sink.expiry", Subject::sink, "a profile of a run with ttl_ms expires that long after its last write", "expiry", check_expiry},
    {"sink.layout", Subject::sink, "layout/1 says where a profile is", "layout", check_layout},
};

}  // namespace

std::span<const Check> sink_feature_checks() { return kChecks; }

}  // namespace penstock::host::conformance
