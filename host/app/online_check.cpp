#include "app/online_check.hpp"

#include "app/connection_pool.hpp"
#include "run/driver.hpp"
#include "stage/row_plan.hpp"

namespace penstock::host {
namespace {

// Somebody has to look at what the configuration says: the table is not there or may not be read, or does not fit.
bool lies_in_the_configuration(const Failure& failure) {
  return failure.status == PENSTOCK_STATUS_NOT_FOUND || failure.status == PENSTOCK_STATUS_INVALID_ARGUMENT ||
         failure.status == PENSTOCK_STATUS_PERMISSION_DENIED;
}

class Check {
 public:
  Check(const Configuration& configuration, Connections& connections, const View& view, std::optional<PositionRecord> local)
      : configuration_(configuration), connections_(connections), view_(view), local_(std::move(local)) {
    out_.view = view.id;
  }

  ViewCheck run() {
    const BatchSource* source = find_batch_source(configuration_, view_.batch_source);
    const Entity* entity = find_entity(configuration_, view_.entity);
    if (source == nullptr || entity == nullptr) return failed(invalid("its batch source or entity is not in the configuration"), view_.where);
    if (auto done = ask_source(*source, *entity); !done) return failed(std::move(done.failure()), where_);
    auto store = ask_store();
    // What would be read is worth knowing also when the store does not answer.
    if (auto done = plan_scan(*source, *entity); !done) return failed(std::move(done.failure()), where_);
    if (!store) return failed(std::move(store.failure()), {});
    return std::move(out_);
  }

 private:
  CallLimits limits(const std::string& object) const { return {configuration_.host.call_timeout, nullptr, view_.id.label() + ": " + object}; }

  ViewCheck failed(Failure failure, const Location& where) {
    out_.failure = std::move(failure).in(view_.id.label());
    out_.where = where;
    return std::move(out_);
  }

  Result<void> ask_source(const BatchSource& source, const Entity& entity) {
    label_ = "batch source \"" + source.name + "\"";
    auto options = connections_.table_options(source);
    if (!options) return std::move(options.failure()).in(label_);
    options_ = std::move(*options);
    auto opened = connections_.take_source(source.warehouse, limits("warehouse \"" + source.warehouse + "\""));
    if (!opened) return std::move(opened.failure()).in("warehouse \"" + source.warehouse + "\"");
    source_ = std::move(*opened);
    const TableRef table = table_ref(source, options_);
    auto schema = source_->describe(limits(label_), table);
    if (!schema) {
      if (lies_in_the_configuration(schema.failure())) where_ = source.where;
      return std::move(schema.failure()).in(label_);
    }
    auto plan = RowPlan::make(view_, source, entity, *schema);
    if (!plan) {
      where_ = view_.where;
      return std::move(plan.failure()).in(label_);
    }
    plan_ = std::move(*plan);
    auto horizon = source_->horizon(limits(label_), table, cursor_ref(view_, source, plan_->cursor_column()));
    if (!horizon) {
      if (lies_in_the_configuration(horizon.failure())) where_ = source.where;
      return std::move(horizon.failure()).in(label_);
    }
    horizon_ = std::move(*horizon);
    out_.guarantee = std::string(1, static_cast<char>('A' + static_cast<int>(horizon_.guarantee) - 1));
    out_.why = horizon_.why;
    out_.horizon = horizon_.position.text;
    out_.holder = horizon_.holder;
    return {};
  }

  Result<void> ask_store() {
    const std::string label = "store \"" + view_.store + "\"";
    auto sink = connections_.take_sink(view_.store, limits(label));
    if (!sink) return std::move(sink.failure()).in(label);
    auto capabilities = (*sink)->capabilities(limits(label));
    if (!capabilities) return std::move(capabilities.failure()).in(label);
    capabilities_ = *capabilities;
    if ((*sink)->has_marker()) {
      auto marker = (*sink)->load_marker(limits(label), view_.id, view_.entity);
      if (!marker) return std::move(marker.failure()).in(label);
      out_.marker = marker->position ? marker->position->text : "none";
      marker_ = std::move(*marker);
    } else {
      out_.marker = "not offered by the store";
    }
    if (auto keys = (*sink)->describe_keys(limits(label), view_.id, view_.entity)) out_.keys = *keys;
    connections_.give_back(view_.store, std::move(*sink));
    return {};
  }

  // The window that the next run would choose.
  Result<void> plan_scan(const BatchSource& source, const Entity& entity) {
    RunRequest request;
    request.view = view_;
    request.local = local_;
    request.cursor = source.cursor;
    RunMachine machine(std::move(request));
    machine.connected(capabilities_, marker_.has_value());
    if (marker_) machine.marker_loaded(*marker_);
    machine.horizon_known(horizon_);
    out_.notice = machine.notice();
    ScanRequest request_for_advice = scan_request(view_, source, options_, machine.window(), *plan_, {});
    request_for_advice.advise = true;
    auto scan = source_->plan(limits(label_), request_for_advice);
    if (!scan) {
      if (lies_in_the_configuration(scan.failure())) where_ = source.where;
      return std::move(scan.failure()).in(label_);
    }
    if (auto counted = RowPlan::make(view_, source, entity, plan_->schema(), scan->cursor_unit_ns); !counted) {
      where_ = view_.where;
      return std::move(counted.failure()).in(label_);
    }
    out_.statement = scan->statement;
    if (!scan->advice.empty()) out_.advice = Problem{source.where, view_.id.label() + ": " + label_, scan->advice};
    connections_.give_back(source.warehouse, std::move(source_));
    return {};
  }

  const Configuration& configuration_;
  Connections& connections_;
  const View& view_;
  const std::optional<PositionRecord> local_;
  ViewCheck out_;
  Location where_;  // of what is wrong, when that is in the configuration
  std::string label_;
  ResolvedOptions options_;
  std::unique_ptr<Source> source_;
  std::optional<RowPlan> plan_;
  Horizon horizon_;
  SinkCapabilities capabilities_;
  std::optional<Marker> marker_;
};

}  // namespace

std::vector<ViewCheck> check_online(const Configuration& configuration, Connections& connections, State* state) {
  std::vector<ViewCheck> checks;
  for (const View& view : configuration.views) {
    if (!view.materialized()) continue;
    std::optional<PositionRecord> local;
    if (state != nullptr)
      if (auto known = state->position(view.id)) local = std::move(*known);
    checks.push_back(Check(configuration, connections, view, std::move(local)).run());
  }
  return checks;
}

}  // namespace penstock::host
