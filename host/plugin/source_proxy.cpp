#include "plugin/source_proxy.hpp"

#include "plugin/printable.hpp"
#include "plugin/schema_import.hpp"
#include "plugin/source_arguments.hpp"
#include "plugin/stream_proxy.hpp"

namespace penstock::host {
namespace {

// Collects what plan reports, within limits.
struct Partitions {
  std::vector<std::string> tokens = {};
  size_t bytes = 0;
  bool too_many = false;

  penstock_status add(penstock_bytes token) noexcept {
    if (tokens.size() >= kMaxPartitions || token.size > kMaxPartitionToken || bytes + token.size > kMaxPartitionBytes) {
      too_many = true;
      return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    }
    try {
      tokens.emplace_back(token.data == nullptr ? std::string_view{} : penstock::to_view(token));
      bytes += token.size;
    } catch (const std::bad_alloc&) {
      too_many = true;
      return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    }
    return PENSTOCK_STATUS_OK;
  }
};

class PluginSource final : public Source {
 public:
  explicit PluginSource(std::shared_ptr<OpenSource> source) : source_(std::move(source)) {}

  Result<void> ping(const CallLimits& limits) override {
    CallContext call(source_->callee, "ping", limits);
    if (auto go = call.start(); !go) return go;
    const SerialUse::Turn turn(source_->use);
    return call.finish(source_->vtab->ping(call.get(), source_->object));
  }

  Result<Schema> describe(const CallLimits& limits, const TableRef& table) override {
    CallContext call(source_->callee, "describe", limits);
    if (auto go = call.start(); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    ArrowSchema raw{};
    const penstock_status status = source_->vtab->describe(call.get(), source_->object, TableArgument(table).get(), &raw);
    if (auto done = call.finish(status); !done) {
      if (raw.release != nullptr) raw.release(&raw);
      return done.failure();
    }
    auto schema = import_schema(&raw);
    if (!schema) return std::move(schema.failure()).in("describe").in(source_->callee.component());
    described_table_ = {table.database, table.schema, table.table, table.query};
    described_ = *schema;
    return schema;
  }

  Result<Horizon> horizon(const CallLimits& limits, const TableRef& table, const CursorRef& cursor) override {
    CallContext call(source_->callee, "horizon", limits);
    if (auto go = call.start(); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    const penstock_cursor raw_cursor = to_c(cursor);
    PositionSlot slot(call);
    penstock_horizon raw{sizeof(penstock_horizon), 0, slot.out(), call.buffer(kMaxShortText), call.buffer(kMaxShortText)};
    // Kept apart from `raw`: the plugin could put other pointers there.
    const penstock_buffer* const why = raw.why;
    const penstock_buffer* const holder = raw.holder;
    const penstock_status status =
        source_->vtab->horizon(call.get(), source_->object, TableArgument(table).get(), &raw_cursor, &raw);
    if (auto done = call.finish(status); !done) return done.failure();
    if (raw.guarantee < PENSTOCK_CLASS_A || raw.guarantee > PENSTOCK_CLASS_C)
      return call.misbehaved("unknown guarantee class " + std::to_string(raw.guarantee));
    auto position = slot.read(call);
    if (!position) return position.failure();
    return Horizon{std::move(*position), static_cast<GuaranteeClass>(raw.guarantee), printable(why->bytes, kMaxShortText),
                   printable(holder->bytes, kMaxShortText)};
  }

  Result<ScanPlan> plan(const CallLimits& limits, const ScanRequest& request) override {
    CallContext call(source_->callee, "plan", limits);
    if (auto go = call.start(); !go) return go.failure();
    const SerialUse::Turn turn(source_->use);
    const ScanArgument scan(request);
    Partitions partitions;
    penstock_buffer* const statement = call.buffer(kMaxStatement);
    penstock_buffer* const advice = request.advise ? call.buffer(kMaxMessage) : nullptr;
    penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, statement, 0, advice};
    const penstock_status status =
        source_->vtab->plan(call.get(), source_->object, scan.get(),
                            call.take_partitions([&](penstock_bytes token) { return partitions.add(token); }), call.partition_context(), &info);
    auto done = call.finish(status);
    // Before the status: a plan that was cut short may be answered with OK, and would lose the rest of the rows.
    if (partitions.too_many)
      return call.misbehaved("more than " + std::to_string(kMaxPartitions) + " partitions or " +
                                         std::to_string(kMaxPartitionBytes) + " bytes of tokens, or a token of more than " +
                                         std::to_string(kMaxPartitionToken));
    if (!done) return done.failure();
    if (partitions.tokens.empty()) return call.misbehaved("it has no partitions");
    if (info.cursor_unit_ns < 0) return call.misbehaved("a cursor of negative unit");
    return ScanPlan{std::move(partitions.tokens), printable(statement->bytes, kMaxStatement, Lines::keep), info.cursor_unit_ns,
                    advice != nullptr ? printable(advice->bytes, kMaxMessage) : std::string()};
  }

  Result<std::unique_ptr<BatchStream>> scan(const CallLimits& limits, const ScanRequest& request,
                                            const std::string& partition) override {
    const TableRef& table = request.table;
    const bool known = described_table_ == std::vector{table.database, table.schema, table.table, table.query};
    return start_stream_proxy(source_, limits, request, partition, known ? &described_ : nullptr);
  }

 private:
  std::shared_ptr<OpenSource> source_;
  // What describe said last, to hold a scan of the same table against.
  std::vector<std::string> described_table_;
  Schema described_;
};

}  // namespace

std::string TableRef::label() const {
  if (table.empty()) return "query";
  std::string text = "table ";
  for (const std::string& part : {database, schema})
    if (!part.empty()) text += "\"" + part + "\".";
  return text + "\"" + table + "\"";
}

Result<std::unique_ptr<Source>> open_source_proxy(std::shared_ptr<PluginRuntime> runtime, const penstock_component& component,
                                                  const penstock_options* options, const CallLimits& limits) {
  const Callee callee(std::move(runtime), component.id);
  CallContext call(callee, "open", limits);
  if (auto go = call.start(); !go) return go.failure();
  const auto* vtab = static_cast<const penstock_source_vtab*>(component.vtab);
  penstock_source* object = nullptr;
  if (auto done = call.finish(vtab->open(call.get(), options, &object)); !done) {
    if (object != nullptr) call.warn("it failed and left an object, which is not used and so never closed");
    return done.failure();
  }
  if (object == nullptr) return call.misbehaved("answered OK without an object");
  return std::unique_ptr<Source>(
      std::make_unique<PluginSource>(std::shared_ptr<OpenSource>(new OpenSource{callee, vtab, object})));
}

}  // namespace penstock::host
