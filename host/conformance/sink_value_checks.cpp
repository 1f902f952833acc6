// How values, keys and batches are taken.
#include "conformance/sink_groups.hpp"
#include "conformance/sink_scene.hpp"

namespace penstock::host::conformance {
namespace {

using testing::Cell;
using testing::cell;
using testing::order_key;

// The given columns of fields and rows.
Schema columns_of(const Schema& fields, const std::vector<size_t>& columns) {
  Schema out;
  for (const size_t column : columns) out.push_back(fields[column]);
  return out;
}

std::vector<ProfileRow> columns_of(const std::vector<ProfileRow>& rows, const std::vector<size_t>& columns) {
  std::vector<ProfileRow> out;
  for (const ProfileRow& row : rows) {
    out.push_back({row.key, row.order, {}});
    for (const size_t column : columns) out.back().cells.push_back(row.cells[column]);
  }
  return out;
}

// The types for which a run can begin: all of them, as a rule.
std::vector<size_t> stored_types(SinkScene& scene, const ViewName& view) {
  const Schema fields = all_types();
  std::vector<size_t> all, stored;
  for (size_t i = 0; i < fields.size(); ++i) all.push_back(i);
  TrialRun run(scene.sink);
  if (scene.sink.begin(view, fields, run).ok()) return all;
  for (const size_t column : all) {
    const Answer answer = scene.sink.begin({view.view + "_" + std::to_string(column), view.version}, {fields[column]}, run);
    if (answer.ok()) stored.push_back(column);
    else scene.session.trial().warn("a run with a field of the format \"" + arrow_format(fields[column]) + "\" (" + fields[column].name + ") is refused: " + answer.text(),
                                    "fields of every type can be stored");
  }
  return stored;
}

// Looks at one field after the other; says what is wrong with the first value of each.
void compare_cells(SinkScene& scene, const ViewName& view, const Schema& fields, const std::vector<ProfileRow>& rows, const std::set<int64_t>& rejected) {
  std::set<size_t> wrong;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rejected.contains(static_cast<int64_t>(i))) continue;
    const Profile seen = scene.profile(view, fields, rows[i].key);
    if (!scene.session.trial().expect(seen.state == PENSTOCK_PROFILE_FOUND, "it is not there", key_text(rows[i].key) + " was written")) continue;
    for (size_t column = 0; column < fields.size(); ++column)
      if (seen.cells[column] != rows[i].cells[column] && wrong.insert(column).second)
        scene.session.trial().fail(cell_text(fields[column], seen.cells[column]),
                                   fields[column].name + " reads back as it was written: " + cell_text(fields[column], rows[i].cells[column]));
  }
}

std::set<int64_t> rows_rejected(SinkScene& scene, const TrialRun& run) {
  std::set<int64_t> rejected;
  for (const testing::RecordedReject& reject : run.rejects()) {
    if (rejected.insert(reject.row).second)
      scene.session.trial().warn("row " + std::to_string(reject.row) + ", column " + std::to_string(reject.column) + " is rejected: " + reject.reason,
                                 "values that the types allow can be stored");
  }
  return rejected;
}

void check_field_values(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("values");
  const std::vector<size_t> columns = stored_types(scene, view);
  const Schema fields = columns_of(all_types(), columns);
  const std::vector<ProfileRow> rows = columns_of(edge_rows(), columns);
  TrialRun run(scene.sink);
  scene.session.require(scene.sink.begin(view, fields, run));
  trial.step("write and read values of every type at their limits");
  run.write(rows);
  compare_cells(scene, view, fields, rows, rows_rejected(scene, run));
}

void check_array_offset(Trial& trial) {
  constexpr int64_t kSkipped = 2;
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("offset");
  // Without list and binary where they are not stored; values that are no limits, which are another check's.
  const Schema fields = {{"NAME", Type::utf8}, {"ORDERS", Type::int32}, {"ACTIVE", Type::boolean}};
  std::vector<ProfileRow> rows;
  for (int32_t i = 0; i < 5; ++i)
    rows.push_back({"row-" + std::to_string(i), order_key(1), {i == 3 ? Cell{} : cell("name-" + std::to_string(i)), cell(i), cell(i % 3 == 0)}});
  TrialRun run(scene.sink);
  scene.session.require(scene.sink.begin(view, fields, run));
  trial.step("write a batch whose columns have an offset");
  run.write(rows, kSkipped);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i < kSkipped) scene.expect_missing(view, fields, rows[i].key, "a batch was written whose columns begin behind this row, by their offset");
    else scene.expect_row(view, fields, rows[i], "a batch was written whose columns have the offset " + std::to_string(kSkipped));
  }
}

void check_nulls(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const ViewName view = own_view("nulls");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  const ProfileRow rows[] = {{"a", order_key(1), {cell("ann"), Cell{}}}, {"a", order_key(2), {Cell{}, cell(int32_t{5})}}, {"a", order_key(3), {Cell{}, Cell{}}}};
  const char* const after[] = {"it was written with ORDERS as null", "NAME was replaced by null and ORDERS by a value", "both values were replaced by null"};
  for (size_t i = 0; i < std::size(rows); ++i) {
    trial.step(after[i]);
    run.write({rows[i]});
    if (!scene.expect_row(view, kTwoFields, rows[i], after[i])) return;
  }
}

void check_keys(Trial& trial) {
  SinkScene scene(trial);
  scene.sink.need(PENSTOCK_EXT_LOOKUP);
  const std::vector<std::string> keys = {"2:ab1:c", "1:a2:bc", std::string("a\0b", 3), std::string("a\0c", 3), std::string("\0", 1), "\r\n*3", "\xff\xfe", ":", "{a}", "*",
                                         " ", "A", "a", "%s", "a/../b", "'; --", std::string(500, 'k'), std::string(500, 'k') + "x"};
  const ViewName view = own_view("keys");
  TrialRun run(scene.sink);
  scene.begin(view, kTwoFields, run);
  std::vector<ProfileRow> rows;
  for (size_t i = 0; i < keys.size(); ++i) rows.push_back(two_fields(keys[i], 1, "somebody", static_cast<int32_t>(i)));
  trial.step("write keys of any bytes");
  run.write(rows);
  const std::set<int64_t> rejected = rows_rejected(scene, run);
  for (size_t i = 0; i < rows.size(); ++i)
    if (!rejected.contains(static_cast<int64_t>(i))) scene.expect_row(view, kTwoFields, rows[i], "a batch of keys with odd bytes was written");
}

void check_empty_batch(Trial& trial) {
  SinkScene scene(trial);
  TrialRun run(scene.sink);
  scene.begin(own_view("empty"), kTwoFields, run);
  Written counts;
  trial.step("write a batch without rows");
  if (!scene.expect_answer(run.write({}, counts), PENSTOCK_STATUS_OK, "for a batch without rows")) return;
  trial.expect(counts == Written{}, counts_text(counts), "no row is counted");
  trial.step("flush and commit a run without rows");
  scene.expect_answer(run.flush(), PENSTOCK_STATUS_OK, "when there is nothing to flush");
  scene.expect_answer(run.commit({7, {}, "seven"}), PENSTOCK_STATUS_OK, "for a run that had no rows");
}

void check_batch_ownership(Trial& trial) {
  SinkScene scene(trial);
  {
    TrialRun run(scene.sink);
    scene.begin(own_view("ownership"), kTwoFields, run);
    run.write({two_fields("a", 1, "ann", 1)});
    run.write({two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)});
  }
  scene.sink.clean_up();
  trial.step("close");
  scene.sink.close();
  for (const LentBatch& batch : scene.sink.batches()) {
    if (batch.releases() == 1) continue;
    trial.stop(batch.releases() == 0 ? "it was taken (release set to NULL) and not released by the time the sink was closed"
                                     : "it was released " + std::to_string(batch.releases()) + " times: the sink released it and left release set, so that the host did too",
               "a batch given to write is released once, by the sink if it has taken it and by the host otherwise");
  }
}

constexpr Check kChecks[] = {
    {"sink.field_values", Subject::sink, "values of every type read back as they were written", "field-values", check_field_values},
    {"sink.nulls", Subject::sink, "a null replaces a value, and a value a null", "field-values", check_nulls},
    {"sink.array_offset", Subject::sink, "columns of a batch may have an offset", "write", check_array_offset},
    {"sink.keys", Subject::sink, "keys of any bytes are kept apart", "hostile-input", check_keys},
    {"sink.empty_batch", Subject::sink, "a batch without rows, and a run without any, are fine", "write", check_empty_batch},
    {"sink.batch_ownership", Subject::sink, "a batch is taken or left, and released once", "batch-ownership", check_batch_ownership},
};

}  // namespace

std::span<const Check> sink_value_checks() { return kChecks; }

}  // namespace penstock::host::conformance
