// host FILE: puts a plugin to every use that a host has for one, and prints what comes of it. Built twice, with the headers of
// today and with those of the next minor version. A line that begins with "minor: " is of what the other version does not have;
// the others are the same whichever version the plugin and the host are of.
#include "config/options.hpp"
#include "plugin/registry.hpp"

#include <penstock/builder.hpp>
#include <penstock/testing/fake_call.hpp>

#include <cstdio>
#include <cstdlib>

namespace {

using namespace penstock::host;
using penstock::Type;
using penstock::testing::FakeCall;

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

// The value, or the end of the program.
template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  print("failed: " + result.failure().message);
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  print("failed: " + result.failure().message);
  std::exit(1);
}

void print_failure(const Failure& failure) {
  std::string line = "failure: " + failure.message + ", " + std::string(status_name(failure.status)) + ", retry " +
                     std::to_string(failure.retry) + ", code " + std::to_string(failure.vendor_code) + ", " + failure.sqlstate;
  for (const auto& [key, value] : failure.details) line += ", " + key + " = " + value;
  print(line);
}

std::string text_of(const penstock::ColumnView& column, int64_t row) {
  if (column.is_null(row)) return "null";
  switch (column.field().type) {
    case Type::int8: return std::to_string(column.value<int8_t>(row));
    case Type::int64:
    case Type::timestamp_us: return std::to_string(column.value<int64_t>(row));
    default: return std::string(column.bytes(row));
  }
}

void print_rows(const Batch& batch) {
  const penstock::BatchView view = batch.view();
  for (int64_t row = 0; row < view.rows(); ++row) {
    std::string line = "row:";
    for (size_t i = 0; i < view.columns(); ++i) line += " " + text_of(view[i], row);
    print(line);
  }
}

std::string shown(const Position& position) {
  return std::to_string(position.ordinal) + " \"" + position.detail + "\" \"" + position.text + "\"";
}

// What this host's own interface has no use for, through the vtable.
class Raw {
 public:
  explicit Raw(const penstock_component& component, const ResolvedOptions& options) : component_(component), options_(options) {}

  void use_source() {
    const auto* vtab = static_cast<const penstock_source_vtab*>(component_.vtab);
    penstock_source* source = nullptr;
    call([&](penstock_call* call) { return vtab->open(call, options_.get(), &source); });
    call([&](penstock_call* call) { return vtab->list_tables(call, source, &print_table, nullptr); });
    print(std::string("source extension: ") + (vtab->get_extension(source, "none/1") == nullptr ? "none" : "there"));
#ifdef PENSTOCK_NEXT_MINOR
    int64_t rows = -1;
    const bool has = PENSTOCK_HAS(vtab, row_count) && vtab->row_count != nullptr;
    if (has) call([&](penstock_call* call) { return vtab->row_count(call, source, &rows); });
    print(has ? "minor: row_count: " + std::to_string(rows) : "minor: row_count: not there");
#endif
    FakeCall last;
    vtab->close(last.get(), source);
  }

  void use_sink() {
    const auto* vtab = static_cast<const penstock_sink_vtab*>(component_.vtab);
    penstock_sink* sink = nullptr;
    call([&](penstock_call* call) { return vtab->open(call, options_.get(), &sink); });
    const penstock_view_ref view = view_ref();
    const penstock_bytes keys[] = {penstock::to_bytes("a"), penstock::to_bytes("missing")};
    const auto* ttl = static_cast<const penstock_ttl_vtab*>(vtab->get_extension(sink, PENSTOCK_EXT_TTL));
    uint64_t touched = 0, removed = 0;
    call([&](penstock_call* call) { return ttl->set_ttl(call, sink, &view, keys, 2, 1000, &touched); });
    const auto* profiles = static_cast<const penstock_delete_vtab*>(vtab->get_extension(sink, PENSTOCK_EXT_DELETE));
    call([&](penstock_call* call) { return profiles->remove(call, sink, &view, keys, 2, &removed); });
    const auto* marker = static_cast<const penstock_marker_vtab*>(vtab->get_extension(sink, PENSTOCK_EXT_MARKER));
    call([&](penstock_call* call) { return marker->compare_and_store(call, sink, &view, 99, nullptr); });
    call([&](penstock_call* call) { return marker->compare_and_store(call, sink, &view, 3, nullptr); });
    print("touched " + std::to_string(touched) + ", removed " + std::to_string(removed));
#ifdef PENSTOCK_NEXT_MINOR
    int64_t count = -1;
    const bool has = PENSTOCK_HAS(vtab, profile_count) && vtab->profile_count != nullptr;
    if (has) call([&](penstock_call* call) { return vtab->profile_count(call, sink, &count); });
    print(has ? "minor: profile_count: " + std::to_string(count) : "minor: profile_count: not there");
#endif
    FakeCall last;
    vtab->close(last.get(), sink);
  }

 private:
  template <class Body>
  static void call(const Body& body) {
    FakeCall made;
    const penstock_status status = body(made.get());
    made.end();
    for (const std::string& violation : made.violations()) print("violation: " + violation);
    if (status == PENSTOCK_STATUS_OK) return;
    const auto error = made.error();
    print("failure: " + error.message + ", status " + std::to_string(error.status) + ", retry " + std::to_string(error.retry));
  }
  static penstock_status print_table(void*, penstock_str, penstock_str, penstock_str table) {
    print("table " + std::string(penstock::to_view(table)));
    return PENSTOCK_STATUS_OK;
  }
  static penstock_view_ref view_ref() {
    penstock_view_ref ref{};
    ref.struct_size = sizeof ref;
    ref.view_version = 1;
    ref.view = penstock::to_c("users");
    ref.entity = penstock::to_c("user");
    return ref;
  }

  const penstock_component& component_;
  const ResolvedOptions& options_;
};

void use_source(const Registry& registry, const Component& component, const ResolvedOptions& options) {
  const auto source = must(registry.open_source(component, options, {}));
  const CallLimits limits{std::chrono::hours(1), std::make_shared<CancelToken>()};
  must(source->ping(limits));
  ScanRequest request;
  request.table.table = "numbers";
  request.cursor = {PENSTOCK_CURSOR_TIMESTAMP, "at", "UTC", 7};
  for (const auto& field : must(source->describe({}, request.table))) {
    print("column " + field.name + " " + penstock::arrow_format(field));
    request.columns.push_back(field.name);
  }
  TableRef other;
  other.table = "others";
  print_failure(source->describe({}, other).failure());
  const Horizon horizon = must(source->horizon({}, request.table, request.cursor));
  print("horizon " + shown(horizon.position) + ", class " + std::to_string(static_cast<int>(horizon.guarantee)) + ", " + horizon.why +
        ", " + horizon.holder);
  request.since = Position{1'000'000'000, "", ""};
  request.until.ordinal = 5'000'000'000;
  request.key_columns = {"n"};
  request.batch_rows = 10;
  request.batch_bytes = 1000;
  request.advise = true;
  const ScanPlan plan = must(source->plan({}, request));
  print("plan: " + plan.statement + ", " + plan.advice + ", unit " + std::to_string(plan.cursor_unit_ns));
  for (const std::string& token : plan.partitions) {
    const auto stream = must(source->scan({}, request, token));
    print("partition " + token + ": honoured " + std::to_string(stream->honoured()));
    while (const auto batch = must(stream->next())) print_rows(*batch);
  }
  print_failure(source->scan({}, request, "3").failure());
  const CallLimits cancelled{{}, std::make_shared<CancelToken>()};
  const auto stream = must(source->scan(cancelled, request, "1"));
  cancelled.cancel->cancel();
  print_failure(stream->next().failure());
}

Batch rows_of(const WriteSpec& spec, const std::vector<std::pair<std::string, std::optional<int64_t>>>& rows, char order) {
  const auto schema = std::make_shared<const penstock::Schema>(spec.schema);
  penstock::BatchBuilder builder(*schema);
  for (const auto& [key, value] : rows) {
    builder[0].append_bytes(key);
    builder[1].append_bytes(std::string(static_cast<size_t>(spec.order_size), order));
    if (value) builder[2].append(*value);
    else builder[2].append_null();
  }
  ArrowArray array;
  builder.finish(&array);
  return Batch(schema, &array);
}

void write(SinkWriter& writer, uint64_t seq, Batch batch) {
  const auto written = writer.write({}, seq, batch);
  if (!written) return print_failure(written.failure());
  print("written " + std::to_string(written->written) + ", unchanged " + std::to_string(written->unchanged) + ", stale " +
        std::to_string(written->stale));
  for (const RejectedRow& row : written->rejected)
    print("rejected row " + std::to_string(row.row) + ", column " + std::to_string(row.column) + ": " + row.reason + (row.retryable ? ", for now" : ""));
}

void print_marker(const Marker& marker) {
  print("marker " + (marker.position ? shown(*marker.position) : "none") + ", fence " + std::to_string(marker.fence) + ", of " +
        std::to_string(marker.committed_fence) + ", " + marker.store_id);
}

void use_sink(const Registry& registry, const Component& component, const ResolvedOptions& options) {
  const auto sink = must(registry.open_sink(component, options, {}));
  must(sink->ping({}));
  const SinkCapabilities capabilities = must(sink->capabilities({}));
  print("flags " + std::to_string(capabilities.flags) + ", rows " + std::to_string(capabilities.batch_rows) + ", bytes " +
        std::to_string(capabilities.batch_bytes));
  WriteSpec spec;
  spec.view = {"users", 1};
  spec.entity = "user";
  spec.run_id = "r1";
  spec.ttl_ms = 5000;
  spec.order_size = 24;
  penstock::Field order{"penstock.order", Type::fixed_binary};
  order.width = 24;
  spec.schema = {{"penstock.key", Type::binary}, order, {"total", Type::int64}};
  const auto writer = must(sink->begin({}, spec));
  print("fence " + std::to_string(writer->fence()) + " after " + std::to_string(writer->previous_fence()));
  write(*writer, 1, rows_of(spec, {{"a", 1}, {"b", std::nullopt}, {"c", -1}}, '1'));
  write(*writer, 2, rows_of(spec, {{"a", 1}, {"b", std::nullopt}}, '1'));
  write(*writer, 3, rows_of(spec, {{"a", 2}, {"b", std::nullopt}}, '2'));
  must(writer->flush({}));
  must(writer->commit({}, {42, "detail", "forty-two"}));
  print_marker(must(sink->load_marker({}, spec.view, spec.entity)));
  for (const Marker& marker : must(sink->load_markers({}, {{spec.view, spec.entity}, {spec.view, spec.entity}}))) print_marker(marker);
  print_rows(must(sink->lookup({}, spec.view, spec.entity, {{"total", Type::int64}}, {"b", "missing", "a"})));
  print("keys: " + must(sink->describe_keys({}, spec.view, spec.entity)));
  const auto older = must(sink->begin({}, spec));
  const auto newer = must(sink->begin({}, spec));
  print("fence " + std::to_string(newer->fence()) + " after " + std::to_string(newer->previous_fence()));
  write(*older, 1, rows_of(spec, {{"a", 3}}, '3'));
  must(newer->abort({}));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::setbuf(stdout, nullptr);
  Registry registry({[](int32_t, std::string_view, std::string_view message) { print(std::string(message)); },
                     [](std::string_view, std::string_view name, double value) {
                       print("metric " + std::string(name) + " " + std::to_string(value));
                     }});
  const Plugin& plugin = *must(registry.load_file(argv[1]));
  print("minor: host " + std::to_string(PENSTOCK_ABI_MINOR) + ", plugin " + plugin.module->id + " of " +
        std::to_string(plugin.module->abi_minor) + " with " + std::to_string(plugin.module->n_components) + " components");
  for (const int32_t kind : {PENSTOCK_KIND_SOURCE, PENSTOCK_KIND_SINK}) {
    const Component& component = *registry.find(kind, "frozen");
    OptionInputs given;
    if (kind == PENSTOCK_KIND_SOURCE) given = {{"tags", {std::vector<std::string>{"x", "y"}, {}}}, {"labels", {OptionInput::Map{{"k", "v"}}, {}}}};
    const ResolvedOptions options = must(resolve_options("", given, component.declared->options, component.declared->n_options));
    must(registry.validate(component, options));
    kind == PENSTOCK_KIND_SOURCE ? use_source(registry, component, options) : use_sink(registry, component, options);
    Raw raw(*component.declared, options);
    kind == PENSTOCK_KIND_SOURCE ? raw.use_source() : raw.use_sink();
  }
  registry.shut_down();
  return 0;
}
