// Which rows of a table come: windows, ties, NULL cursors, order, partitions. What the source gives when it is asked for the whole
// table is what its windows are compared with.
#include "conformance/source_groups.hpp"
#include "conformance/source_scene.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace penstock::host::conformance {
namespace {

// At so many values of the cursor windows are cut.
constexpr size_t kMaxCuts = 4;

void need_times(SourceScene& scene) {
  if (!scene.counts_time()) scene.session.trial().skip("the cursor is a transaction id: the host cuts no windows at others than horizons");
  if (scene.values().empty()) scene.session.trial().skip("the cursor \"" + scene.cursor().name + "\" has no values that are times");
}

// From the first to the last, evenly.
std::vector<int64_t> some_of(const std::vector<int64_t>& values) {
  if (values.size() <= kMaxCuts) return values;
  std::vector<int64_t> some;
  for (size_t i = 0; i < kMaxCuts; ++i) some.push_back(values[i * (values.size() - 1) / (kMaxCuts - 1)]);
  return some;
}

std::vector<int64_t> tied_values(SourceScene& scene) {
  std::map<int64_t, size_t> counts;
  for (const SeenRow& row : scene.everything().rows)
    if (row.at) ++counts[*row.at];
  std::vector<int64_t> tied;
  for (const auto& [at, count] : counts)
    if (count > 1 && at >= 0) tied.push_back(at);
  return tied;
}

std::vector<int64_t> early_values(SourceScene& scene) {
  std::vector<int64_t> early;
  for (const int64_t at : scene.values())
    if (at < 0) early.push_back(at);
  return early;
}

std::vector<int64_t> plain_values(SourceScene& scene) {
  const std::vector<int64_t> tied = tied_values(scene);
  std::vector<int64_t> plain;
  for (const int64_t at : scene.values())
    if (at >= 0 && !std::binary_search(tied.begin(), tied.end(), at)) plain.push_back(at);
  return plain;
}

// Around a value of the cursor, to the nanosecond: just it, what is above it, what is below it, and up to it.
std::vector<Bounds> cuts_at(const SourceScene& scene, int64_t at) {
  const int64_t horizon = scene.horizon().ordinal;
  return {{at - 1, at}, {at, horizon}, {std::nullopt, at - 1}, {std::nullopt, at}, {at - 1, horizon}};
}

// Every row that lies within the bounds must come.
bool expect_delivered(SourceScene& scene, const Bounds& bounds) {
  Trial& trial = scene.session.trial();
  trial.step("scan " + bounds_text(bounds));
  const SeenRows seen = scene.read(scene.within(bounds));
  const std::set<SeenRow> rows(seen.rows.begin(), seen.rows.end());
  for (const SeenRow& row : scene.everything().rows)
    if (row.at && bounds.hold(*row.at) && !rows.contains(row))
      return trial.expect(false, "it does not come", "the row with the cursor " + instant_text(*row.at) + ", which a scan of the whole table has, comes in the scan " +
                                                         bounds_text(bounds) + ": " + row_text(scene.columns(), row));
  return true;
}

void expect_cuts(SourceScene& scene, const std::vector<int64_t>& values) {
  for (const int64_t at : some_of(values))
    for (const Bounds& bounds : cuts_at(scene, at))
      if (!expect_delivered(scene, bounds)) return;
}

// Claimed or not, the host leaves out what lies beyond the horizon.
std::vector<SeenRow> up_to_horizon(const SourceScene& scene, std::vector<SeenRow> rows) {
  if (scene.counts_time()) std::erase_if(rows, [&](const SeenRow& row) { return row.at && *row.at > scene.horizon().ordinal; });
  return rows;
}

// The other checks compare what the source gives with what it gives: a row that it always loses is missed by none of them.
void check_rows(Trial& trial) {
  const std::optional<int64_t> expected = trial.quirks().rows;
  if (!expected) trial.skip("the quirks file does not say how many rows the table has: [check] rows = …, counted by other means than the connector");
  SourceScene scene(trial);
  trial.step("read the whole table");
  const size_t rows = up_to_horizon(scene, scene.read(scene.whole()).rows).size();
  trial.expect(static_cast<int64_t>(rows) == *expected, std::to_string(rows) + " rows",
               std::to_string(*expected) + " rows, as the quirks file says, up to the horizon or with a cursor that is NULL");
}

void check_window(Trial& trial) {
  SourceScene scene(trial);
  need_times(scene);
  const std::vector<int64_t> values = plain_values(scene);
  if (values.empty()) trial.skip("each cursor value of the table is there twice or lies before 1970: give it a row that is alone at its time");
  expect_cuts(scene, values);
}

void check_ties(Trial& trial) {
  SourceScene scene(trial);
  need_times(scene);
  const std::vector<int64_t> values = tied_values(scene);
  if (values.empty()) trial.skip("no two rows of the table have the same cursor (since 1970): add two");
  expect_cuts(scene, values);
}

void check_before_1970(Trial& trial) {
  SourceScene scene(trial);
  need_times(scene);
  const std::vector<int64_t> values = early_values(scene);
  if (values.empty()) trial.skip("no row of the table has a cursor before 1970: add one, or skip this where the column cannot hold one");
  expect_cuts(scene, values);
}

void check_honoured_bounds(Trial& trial) {
  SourceScene scene(trial);
  need_times(scene);
  const std::set<int64_t> all = scene.values();
  bool claimed = false;
  for (const int64_t at : some_of({all.begin(), all.end()})) {
    for (const Bounds& bounds : cuts_at(scene, at)) {
      trial.step("scan " + bounds_text(bounds));
      const SeenRows seen = scene.read(scene.within(bounds));
      const bool since = seen.claims(PENSTOCK_HONOURED_SINCE) && bounds.since, until = seen.claims(PENSTOCK_HONOURED_UNTIL);
      claimed = claimed || since || until;
      for (const SeenRow& row : seen.rows) {
        if (!row.at || (!(since && *row.at <= *bounds.since) && !(until && *row.at > bounds.until))) continue;
        return trial.fail("the row with the cursor " + instant_text(*row.at) + ": " + row_text(scene.columns(), row),
                          "nothing outside of " + bounds_text(bounds) + ", since " + (until && *row.at > bounds.until ? "PENSTOCK_HONOURED_UNTIL" : "PENSTOCK_HONOURED_SINCE") +
                              " is claimed");
      }
    }
  }
  if (!claimed) trial.skip("neither PENSTOCK_HONOURED_SINCE nor PENSTOCK_HONOURED_UNTIL is claimed");
}

std::set<SeenRow> rows_without_cursor(SourceScene& scene, const SeenRows& seen) {
  std::set<SeenRow> out;
  for (const SeenRow& row : seen.rows)
    if (!scene.has_cursor(row)) out.insert(row);
  return out;
}

void check_null_cursor(Trial& trial) {
  SourceScene scene(trial);
  trial.step("scan without rows whose cursor is NULL");
  ScanSpec without = scene.whole();
  without.include_null_cursor = false;
  const SeenRows seen = scene.read(without);
  const std::set<SeenRow> left(seen.rows.begin(), seen.rows.end());
  for (const SeenRow& row : scene.everything().rows)
    if (scene.has_cursor(row) && !left.contains(row))
      return trial.fail("it does not come", "a row that has a cursor comes with PENSTOCK_NULL_CURSOR_EXCLUDE too: " + row_text(scene.columns(), row));
  const std::set<SeenRow> expected = rows_without_cursor(scene, scene.everything());
  if (expected.empty()) trial.skip("no row of the table has NULL as its cursor: add one, or skip this where the column cannot be NULL");
  if (seen.claims(PENSTOCK_HONOURED_NULL_CURSOR)) {
    const std::set<SeenRow> none = rows_without_cursor(scene, seen);
    trial.expect(none.empty(), none.empty() ? "" : "such a row: " + row_text(scene.columns(), *none.begin()),
                 "no row whose cursor is NULL with PENSTOCK_NULL_CURSOR_EXCLUDE (PENSTOCK_HONOURED_NULL_CURSOR is claimed)");
  }
  if (!scene.counts_time() || scene.values().empty()) return;
  const Bounds bounds{*scene.values().begin(), scene.horizon().ordinal};
  trial.step("scan " + bounds_text(bounds) + " with rows whose cursor is NULL");
  const std::set<SeenRow> with = rows_without_cursor(scene, scene.read(scene.within(bounds)));
  for (const SeenRow& row : expected)
    if (!with.contains(row))
      return trial.fail("it does not come", "a row whose cursor is NULL comes with PENSTOCK_NULL_CURSOR_INCLUDE, whatever the bounds: " + row_text(scene.columns(), row));
}

// The rows of one time: whatever the source's collation, equal keys are next to each other, and one whole number as key ascends.
std::string disorder(const std::vector<std::vector<std::string>>& keys) {
  std::set<std::vector<std::string>> past;
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] == keys[i - 1]) continue;
    past.insert(keys[i - 1]);
    if (past.contains(keys[i])) return "the key " + keys[i].front() + " comes, then another, then it again";
    int64_t one = 0, next = 0;
    const auto number = [](const std::string& text, int64_t& out) {
      return std::from_chars(text.data(), text.data() + text.size(), out).ptr == text.data() + text.size() && !text.empty();
    };
    if (keys[i].size() == 1 && number(keys[i - 1].front(), one) && number(keys[i].front(), next) && next < one)
      return "the key " + keys[i].front() + " comes after " + keys[i - 1].front();
  }
  return "";
}

// Texts are ordered by the source's own rules; numbers are not.
bool is_number(const SourceScene& scene, size_t column) { return scene.described()[column].type >= Type::int8 && scene.described()[column].type <= Type::uint64; }

void expect_order(Trial& trial, const SourceScene& scene, const std::vector<SeenRow>& rows) {
  std::vector<size_t> columns;
  for (const std::string& key : scene.keys()) {
    const auto at = std::find(scene.columns().begin(), scene.columns().end(), key);
    if (at != scene.columns().end()) columns.push_back(static_cast<size_t>(at - scene.columns().begin()));
  }
  const std::string expected = "rows come by (cursor, key columns), over the whole partition (PENSTOCK_HONOURED_ORDER is claimed)";
  std::optional<int64_t> last;
  std::vector<std::vector<std::string>> keys;  // of the rows of that time
  const auto expect_keys = [&] {
    const std::string wrong = disorder(keys);
    if (!wrong.empty()) trial.fail("at the cursor " + instant_text(*last) + " " + wrong, expected);
    return wrong.empty();
  };
  for (const SeenRow& row : rows) {
    if (!row.at) continue;
    if (last && *row.at < *last) return trial.fail("after the cursor " + instant_text(*last) + " comes " + instant_text(*row.at), expected);
    if (last && *row.at > *last) {
      if (!expect_keys()) return;
      keys.clear();
    }
    last = row.at;
    std::vector<std::string> key;
    for (const size_t column : columns) key.push_back((columns.size() > 1 || is_number(scene, column) ? "" : "text ") + row.cells[column]);
    if (!key.empty()) keys.push_back(std::move(key));
  }
  expect_keys();
}

void check_order(Trial& trial) {
  SourceScene scene(trial);
  ScanSpec spec = scene.whole();
  spec.batch_rows = 3;  // so that an order within batches does not do
  const SeenRows seen = scene.read(spec);
  if (!seen.claims(PENSTOCK_HONOURED_ORDER) || seen.partitions.empty()) trial.skip("PENSTOCK_HONOURED_ORDER is not claimed");
  for (size_t i = 0; i < seen.partitions.size(); ++i) {
    const auto begin = seen.rows.begin() + static_cast<std::ptrdiff_t>(seen.partitions[i]);
    const auto end = i + 1 == seen.partitions.size() ? seen.rows.end() : seen.rows.begin() + static_cast<std::ptrdiff_t>(seen.partitions[i + 1]);
    expect_order(trial, scene, {begin, end});
  }
}

// What is in one and not in the other, counting repeats.
void expect_same_rows(Trial& trial, const SourceScene& scene, const std::vector<SeenRow>& expected, std::vector<SeenRow> seen, const std::string& where) {
  std::vector<SeenRow> wanted = expected, missing, surplus;
  std::sort(wanted.begin(), wanted.end());
  std::sort(seen.begin(), seen.end());
  std::set_difference(wanted.begin(), wanted.end(), seen.begin(), seen.end(), std::back_inserter(missing));
  std::set_difference(seen.begin(), seen.end(), wanted.begin(), wanted.end(), std::back_inserter(surplus));
  const std::string counts = std::to_string(seen.size()) + " rows where " + std::to_string(wanted.size()) + " are expected; ";
  if (!missing.empty()) trial.fail(counts + "missing: " + row_text(scene.columns(), missing.front()), "the same rows " + where + " as in the whole table");
  if (!surplus.empty()) trial.fail(counts + "once too often: " + row_text(scene.columns(), surplus.front()), "the same rows " + where + " as in the whole table");
}

void check_partitions(Trial& trial) {
  SourceScene scene(trial);
  TrialSource other(scene.session);
  const std::vector<SeenRow> whole = scene.everything().rows;
  trial.step("read the partitions on another connection, from the last to the first");
  expect_same_rows(trial, scene, whole, up_to_horizon(scene, scene.read(scene.whole(), &other).rows), "when another connection reads the partitions, from the last to the first,");
  if (!scene.counts_time() || plain_values(scene).size() < 2) return;
  // Two windows that touch have each row once, however they were cut into partitions. Rows without cursor are in both.
  const std::vector<int64_t> values = plain_values(scene);
  const int64_t middle = values[values.size() * 3 / 4];
  std::vector<SeenRow> both;
  for (const Bounds& bounds : {Bounds{std::nullopt, middle}, Bounds{middle, scene.horizon().ordinal}}) {
    trial.step("scan " + bounds_text(bounds));
    for (const SeenRow& row : scene.read(scene.within(bounds)).rows)
      if (row.at && bounds.hold(*row.at)) both.push_back(row);
  }
  std::vector<SeenRow> with_cursor = whole;
  std::erase_if(with_cursor, [](const SeenRow& row) { return !row.at; });
  expect_same_rows(trial, scene, with_cursor, both, "in the partitions of two windows that touch");
}

void check_repeatable(Trial& trial) {
  SourceScene scene(trial);
  const std::vector<SeenRow> first = scene.everything().rows;
  trial.step("scan the whole table once more");
  expect_same_rows(trial, scene, first, up_to_horizon(scene, scene.read(scene.whole()).rows), "when the same scan is made once more");
}

constexpr Check kChecks[] = {
    {"source.rows", Subject::source, "every row of the table comes", "window", check_rows},
    {"source.window", Subject::source, "each row with since < cursor <= until comes, to the nanosecond", "window", check_window},
    {"source.ties", Subject::source, "rows of the same time come together", "window", check_ties},
    {"source.before_1970", Subject::source, "rows before 1970 come like others", "window", check_before_1970},
    {"source.honoured_bounds", Subject::source, "a source that claims bounds keeps them", "honoured-bits", check_honoured_bounds},
    {"source.null_cursor", Subject::source, "rows whose cursor is NULL come when they are asked for", "null-cursor", check_null_cursor},
    {"source.order", Subject::source, "a source that claims an order keeps it", "order", check_order},
    {"source.partitions", Subject::source, "each row is in one partition, whoever reads it", "partitions", check_partitions},
    {"source.repeatable", Subject::source, "the same scan gives the same rows", "window", check_repeatable},
};

}  // namespace

std::span<const Check> source_window_checks() { return kChecks; }

}  // namespace penstock::host::conformance
