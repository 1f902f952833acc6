// Tables, their columns, and the schemas and arrays in which they come.
#include "conformance/source_groups.hpp"
#include "conformance/source_scene.hpp"

#include "base/failure.hpp"
#include "plugin/printable.hpp"

#include <algorithm>

namespace penstock::host::conformance {
namespace {

// No table and no column has it.
constexpr const char* kNoName = "penstock_check_no_such_name";

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kMaxNames = 8;
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kMaxNames); ++i) out += (i == 0 ? "" : ", ") + printable(std::string_view(names[i]), 100);
  if (names.size() > kMaxNames) out += " and " + std::to_string(names.size() - kMaxNames) + " more";
  return names.empty() ? "nothing" : out;
}

void check_list_tables(Trial& trial) {
  Session session(trial);
  TrialSource source(session);
  const ScanSubject subject(session);
  const TableSpec& table = subject.table();
  trial.step("list the tables");
  std::vector<std::string> tables;
  const Answer answer = source.list_tables(tables);
  if (answer.is(PENSTOCK_STATUS_NOT_SUPPORTED)) trial.skip("not offered: list_tables");
  session.require(answer);
  if (table.table.empty()) trial.skip("the batch source is a query, which is not listed");
  const auto is_it = [&](const std::string& name) {
    return name == table.database + "." + table.schema + "." + table.table || (name.ends_with("." + table.schema + "." + table.table) && table.database.empty()) ||
           (name.ends_with("." + table.table) && table.schema.empty());
  };
  trial.expect(std::any_of(tables.begin(), tables.end(), is_it), listed(tables), "the table of the batch source, \"" + table.table + "\", is among those that are listed");
}

penstock_status refuse_table(void* context, penstock_str, penstock_str, penstock_str) {
  ++*static_cast<int*>(context);
  return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
}

void check_list_stops(Trial& trial) {
  Session session(trial);
  TrialSource source(session);
  int asked = 0;
  trial.step("list the tables to a host that takes none");
  const Answer answer = session.call("list_tables", [&](penstock_call* c) { return source.vtab().list_tables(c, source.object(), refuse_table, &asked); });
  if (answer.is(PENSTOCK_STATUS_NOT_SUPPORTED) || asked == 0) trial.skip("not offered: list_tables, or there is no table");
  trial.expect(asked == 1, "add was called " + std::to_string(asked) + " times", "list_tables stops when add answers anything but OK");
}

void check_describe(Trial& trial) {
  SourceScene scene(trial);
  trial.step("describe a table that is not there");
  TableSpec none = scene.subject.table();
  if (none.table.empty()) trial.skip("the batch source is a query: whether a table of another name exists is not tried");
  none.table = kNoName;
  Schema schema;
  const Answer answer = scene.source.describe(none, schema);
  trial.expect(answer.is(PENSTOCK_STATUS_NOT_FOUND), answer.text(), "describe answers " + std::string(status_name(PENSTOCK_STATUS_NOT_FOUND)) + " for a table that does not exist");
  trial.step("describe the table again");
  trial.expect(scene.source.describe(scene.subject.table()) == scene.described(), "other columns", "describe gives the same columns again");
}

void check_unknown_column(Trial& trial) {
  SourceScene scene(trial);
  ScanSpec spec = scene.whole();
  spec.columns.push_back(kNoName);
  trial.step("scan a column that the table does not have");
  PlanResult plan;
  if (!scene.source.plan(spec, plan).ok() || plan.tokens.empty()) return;
  TrialScan scan(scene.session);
  const Answer answer = scene.source.start(spec, plan.tokens.front(), scan);
  if (!answer.ok()) return;
  ArrowArray array{};
  if (!scan.next_array(array).ok()) return;
  if (array.release != nullptr) array.release(&array);
  trial.fail(answer.text() + ", and rows came", "plan, scan or the stream fails when a column that the table does not have is asked for");
}

void check_streamed_schema(Trial& trial) {
  SourceScene scene(trial);
  const ScanSpec spec = scene.whole();
  for (const std::string& token : scene.source.plan(spec).tokens) {
    TrialScan scan(scene.session);
    scene.session.require(scene.source.start(spec, token, scan));
    for (const Field& field : scene.described()) {
      const auto same_name = [&](const Field& other) { return other.name == field.name; };
      const auto streamed = std::find_if(scan.schema().begin(), scan.schema().end(), same_name);
      const std::string expected = "column \"" + field.name + "\" is streamed as it is described, with the format \"" + arrow_format(field) + "\"";
      if (streamed == scan.schema().end()) trial.fail("it is not in the stream", expected);
      else trial.expect(*streamed == field, "\"" + arrow_format(*streamed) + "\"", expected);
    }
  }
}

// Are these the values of the column in the whole table, with any repeats?
void expect_column(Trial& trial, SourceScene& scene, size_t column, const std::vector<SeenRow>& rows, size_t streamed, const std::string& when) {
  std::multiset<std::string> expected, seen;
  for (const SeenRow& row : scene.everything().rows) expected.insert(row.cells[column]);
  for (const SeenRow& row : rows) seen.insert(row.cells.at(streamed));
  if (std::includes(seen.begin(), seen.end(), expected.begin(), expected.end())) return;
  std::vector<std::string> missing;
  std::set_difference(expected.begin(), expected.end(), seen.begin(), seen.end(), std::back_inserter(missing));
  trial.fail("these values are missing: " + listed(missing), "column \"" + scene.columns()[column] + "\" has the same values " + when);
}

void scan_columns(Trial& trial, SourceScene& scene, const std::vector<std::string>& columns, const std::string& when) {
  ScanSpec spec = scene.whole();
  spec.columns = columns;
  std::erase_if(spec.keys, [&](const std::string& key) { return std::find(columns.begin(), columns.end(), key) == columns.end(); });
  trial.step("scan columns " + when);
  std::vector<SeenRow> rows;
  std::vector<std::string> streamed;
  for (const std::string& token : scene.source.plan(spec).tokens) {
    TrialScan scan(scene.session);
    scene.session.require(scene.source.start(spec, token, scan));
    streamed = names_of(scan.schema());
    if ((scan.honoured & PENSTOCK_HONOURED_COLUMNS) != 0 && streamed != columns)
      trial.stop(listed(streamed), "only the columns asked for, in the order asked (PENSTOCK_HONOURED_COLUMNS is claimed): " + listed(columns));
    scene.read_on(scan, rows);
  }
  for (const std::string& column : columns) {
    const auto at = std::find(streamed.begin(), streamed.end(), column);
    if (at == streamed.end()) trial.stop(listed(streamed), "the stream has at least the columns asked for: " + listed(columns));
    const auto described = std::find(scene.columns().begin(), scene.columns().end(), column);
    expect_column(trial, scene, static_cast<size_t>(described - scene.columns().begin()), rows, static_cast<size_t>(at - streamed.begin()), when);
  }
}

void check_projection(Trial& trial) {
  constexpr size_t kMaxAlone = 16;
  SourceScene scene(trial);
  const std::string cursor = scene.cursor().name;
  scene.everything();
  std::vector<std::string> columns = scene.columns();
  std::reverse(columns.begin(), columns.end());
  scan_columns(trial, scene, columns, "when the columns are asked for in another order");
  // The host asks for the cursor each time.
  for (size_t i = 0; i < std::min(columns.size(), kMaxAlone); ++i)
    if (columns[i] != cursor) scan_columns(trial, scene, {columns[i], cursor}, "when only it and the cursor are asked for");
  scan_columns(trial, scene, {cursor}, "when only the cursor is asked for");
}

void check_arrays(Trial& trial) {
  SourceScene scene(trial);
  for (const int64_t batch_rows : {7, 1}) {
    ScanSpec spec = scene.whole();
    spec.batch_rows = batch_rows;
    trial.step("read batches of " + std::to_string(batch_rows) + " rows");
    scene.read(spec);
  }
}

// What is in the arrays, read after everything that made them is gone.
void check_array_lifetime(Trial& trial) {
  std::vector<ArrowArray> arrays;
  std::vector<Schema> schemas;
  std::vector<std::vector<std::string>> before, after;
  const auto read = [&](const ArrowArray& array, const Schema& schema, std::vector<std::vector<std::string>>& rows) {
    const BatchView batch(schema, array);
    for (int64_t row = 0; row < batch.rows(); ++row) {
      auto& cells = rows.emplace_back();
      for (size_t column = 0; column < batch.columns(); ++column) cells.push_back(testing::value_text(batch[column], row));
    }
  };
  {
    SourceScene scene(trial);
    const ScanSpec spec = scene.whole();
    for (const std::string& token : scene.source.plan(spec).tokens) {
      TrialScan scan(scene.session);
      scene.session.require(scene.source.start(spec, token, scan));
      for (;;) {
        ArrowArray array{};
        scene.session.require(scan.next_array(array));
        if (array.release == nullptr) break;
        read(array, scan.schema(), before);
        arrays.push_back(array);
        schemas.push_back(scan.schema());
      }
    }
    trial.step("close the source while its arrays live");
  }
  trial.step("read arrays whose source was closed");
  for (size_t i = 0; i < arrays.size(); ++i) read(arrays[i], schemas[i], after);
  trial.expect(before == after, "other values than before", "the values of an array stay when its stream was released and its source closed");
  trial.step("release arrays whose source was closed");
  for (ArrowArray& array : arrays) array.release(&array);
}

constexpr Check kChecks[] = {
    {"source.list_tables", Subject::source, "list_tables names each table that can be read", "list-tables", check_list_tables},
    {"source.list_stops", Subject::source, "list_tables stops when the host takes no more", "list-tables", check_list_stops},
    {"source.describe", Subject::source, "describe gives a table's columns, and not_found when there is no such table", "describe", check_describe},
    {"source.unknown_column", Subject::source, "a column that is not there is an error and not left out", "projection", check_unknown_column},
    {"source.streamed_schema", Subject::source, "the columns of a stream are those that describe gave", "streamed-schema", check_streamed_schema},
    {"source.projection", Subject::source, "the columns asked for come, whichever they are", "projection", check_projection},
    {"source.arrays", Subject::source, "arrays are valid Arrow and fit the stream's schema", "arrays", check_arrays},
    {"source.array_lifetime", Subject::source, "an array outlives its stream and its source", "array-lifetime", check_array_lifetime},
};

}  // namespace

std::span<const Check> source_table_checks() { return kChecks; }

}  // namespace penstock::host::conformance
