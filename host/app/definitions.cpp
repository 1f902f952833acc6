#include "app/definitions.hpp"

#include <map>
#include <tuple>

namespace penstock::host {
namespace {

Result<std::vector<DefinitionRecord>> registered(State& state) {
  auto stored = state.definitions();
  if (!stored) return std::move(stored.failure());
  std::vector<DefinitionRecord> records;
  for (StoredDefinition& definition : *stored)
    records.push_back({std::move(definition.kind), std::move(definition.name), definition.version, std::move(definition.json)});
  return records;
}

}  // namespace

std::string definition_label(const DefinitionRecord& definition) {
  if (definition.kind == "view") return ViewId{definition.name, definition.version}.label();
  std::string kind = definition.kind;
  for (char& c : kind)
    if (c == '_') c = ' ';
  return kind + " \"" + definition.name + "\"";
}

Result<std::vector<Change>> planned_changes(State& state, const Configuration& wanted) {
  auto applied = registered(state);
  if (!applied) return std::move(applied.failure());
  return plan_changes(*applied, wanted);
}

std::vector<Problem> refusals(const std::vector<Change>& changes) {
  std::vector<Problem> problems;
  for (const Change& change : changes) {
    if (change.kind != ChangeKind::refuse) continue;
    for (const std::string& difference : change.differences) problems.push_back({change.where, definition_label(change.definition), difference});
  }
  return problems;
}

Result<void> register_definitions(State& state, const Configuration& wanted, int64_t now_ns) {
  auto before = state.definitions();
  if (!before) return std::move(before.failure());
  std::map<std::tuple<std::string, std::string, int32_t>, const StoredDefinition*> known;
  for (const StoredDefinition& definition : *before) known[{definition.kind, definition.name, definition.version}] = &definition;

  std::vector<StoredDefinition> definitions;
  bool changed = false;
  for (DefinitionRecord& record : to_records(wanted)) {
    const auto found = known.find({record.kind, record.name, record.version});
    const bool same = found != known.end() && found->second->json == record.json;
    changed |= !same;
    definitions.push_back({std::move(record.kind), std::move(record.name), record.version, std::move(record.json),
                           same ? found->second->applied_at_ns : now_ns});
  }
  if (!changed && definitions.size() == before->size()) return {};
  return state.replace_definitions(definitions);
}

Result<Configuration> registered_configuration(State& state, const Configuration& base) {
  auto records = registered(state);
  if (!records) return std::move(records.failure());
  return with_definitions(base, *records);
}

}  // namespace penstock::host
