#include "app/store_reader.hpp"

#include "stage/coercion.hpp"

#include <algorithm>

namespace penstock::host {

Result<Batch> StoreReader::read(const View& view, const std::vector<std::string>& fields, const std::vector<std::string>& keys) {
  Schema schema;
  for (const std::string& name : fields) {
    const auto field = std::find_if(view.fields.begin(), view.fields.end(), [&](const ViewField& f) { return f.name == name; });
    if (field == view.fields.end()) return internal(view.id.label() + ": no field \"" + name + "\"");
    schema.push_back(sink_field(field->name, field->type));
  }
  const std::string label = view.id.label() + ": store \"" + view.store + "\"";
  const CallLimits limits{timeout_, nullptr, label};
  const auto read_from = [&](std::unique_ptr<Sink> sink) -> Result<Batch> {
    auto answer = sink->lookup(limits, view.id, view.entity, schema, keys);
    if (!answer) return std::move(answer.failure()).in(label);
    connections_.give_back(view.store, std::move(sink));
    return answer;
  };
  // Whether an idle connection works is left to the read: to ask it first would take as long again. A read that was in vain is
  // done once more, on a connection that works.
  if (auto idle = connections_.take_idle_sink(view.store)) {
    auto answer = read_from(std::move(idle));
    if (answer) return answer;
    const Failure& failure = answer.failure();
    if (failure.status != PENSTOCK_STATUS_UNAVAILABLE && failure.retry != PENSTOCK_RETRY_RECONNECT) return answer;
  }
  auto sink = connections_.take_sink(view.store, limits);
  if (!sink) return std::move(sink.failure()).in(label);
  return read_from(std::move(*sink));
}

}  // namespace penstock::host
