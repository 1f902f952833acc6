#include "app/online_check.hpp"

#include "app/connection_pool.hpp"
#include "run/driver.hpp"
#include "stage/row_plan.hpp"

namespace penstock::host {
namespace {

class Check {
 public:
  Check(const Configuration& configuration, Connections& connections, const View& view)
      : configuration_(configuration), connections_(connections), view_(view) {
    out_.view = view.id;
  }

  ViewCheck run() {
    const BatchSource* source = find_batch_source(configuration_, view_.batch_source);
    const Entity* entity = find_entity(configuration_, view_.entity);
    auto done = source == nullptr || entity == nullptr ? Result<void>(invalid("its batch source or entity is not in the configuration"))
                                                       : check_source(*source, *entity);
    if (done) done = check_store();
    if (!done) out_.failure = std::move(done.failure()).in(view_.id.label());
    return std::move(out_);
  }

 private:
  CallLimits limits(const std::string& object) const { return {configuration_.host.call_timeout, nullptr, view_.id.label() + ": " + object}; }

  Result<void> check_source(const BatchSource& source, const Entity& entity) {
    const std::string label = "batch source \"" + source.name + "\"";
    auto options = connections_.table_options(source);
    if (!options) return std::move(options.failure()).in(label);
    auto opened = connections_.take_source(source.warehouse, limits("warehouse \"" + source.warehouse + "\""));
    if (!opened) return std::move(opened.failure()).in("warehouse \"" + source.warehouse + "\"");
    const TableRef table = table_ref(source, *options);
    auto schema = (*opened)->describe(limits(label), table);
    if (!schema) return std::move(schema.failure()).in(label);
    auto plan = RowPlan::make(view_, source, entity, *schema);
    if (!plan) return std::move(plan.failure()).in(label);
    auto horizon = (*opened)->horizon(limits(label), table, cursor_ref(view_, source, plan->cursor_column()));
    if (!horizon) return std::move(horizon.failure()).in(label);
    out_.guarantee = std::string(1, static_cast<char>('A' + static_cast<int>(horizon->guarantee) - 1));
    out_.why = horizon->why;
    out_.horizon = horizon->position.text;
    out_.holder = horizon->holder;
    auto scan = (*opened)->plan(limits(label), scan_request(view_, source, *options, {std::nullopt, horizon->position}, *plan, {}));
    if (!scan) return std::move(scan.failure()).in(label);
    out_.statement = scan->statement;
    connections_.give_back(source.warehouse, std::move(*opened));
    return {};
  }

  Result<void> check_store() {
    const std::string label = "store \"" + view_.store + "\"";
    auto sink = connections_.take_sink(view_.store, limits(label));
    if (!sink) return std::move(sink.failure()).in(label);
    if ((*sink)->has_marker()) {
      auto marker = (*sink)->load_marker(limits(label), view_.id, view_.entity);
      if (!marker) return std::move(marker.failure()).in(label);
      out_.marker = marker->position ? marker->position->text : "none";
    } else {
      out_.marker = "not offered by the store";
    }
    if (auto keys = (*sink)->describe_keys(limits(label), view_.id, view_.entity)) out_.keys = *keys;
    connections_.give_back(view_.store, std::move(*sink));
    return {};
  }

  const Configuration& configuration_;
  Connections& connections_;
  const View& view_;
  ViewCheck out_;
};

}  // namespace

std::vector<ViewCheck> check_online(const Configuration& configuration, Connections& connections) {
  std::vector<ViewCheck> checks;
  for (const View& view : configuration.views)
    if (view.materialized()) checks.push_back(Check(configuration, connections, view).run());
  return checks;
}

}  // namespace penstock::host
