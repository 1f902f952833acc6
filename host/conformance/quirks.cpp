#include "conformance/quirks.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/names.hpp"
#include "config/rules.hpp"
#include "config/sections.hpp"
#include "config/table_reader.hpp"
#include "config/toml_reader.hpp"

#include <penstock/module.h>

#include <algorithm>

namespace penstock::host::conformance {
namespace {

constexpr Key kCheck[] = {
    {.name = "keys", .type = KeyType::columns, .doc = "the entity's columns in the batch sources' tables", .min = 1, .max = 16},
    {.name = "rows", .type = KeyType::integer, .doc = "how many rows the batch sources' tables have, counted by other means than the plugin", .min = 0, .max = 100'000},
    {.name = "timezone", .type = KeyType::line, .doc = "of naive timestamps"},
    {.name = "lag", .type = KeyType::duration, .doc = "distance to keep from the source's clock"},
    {.name = "server", .type = KeyType::string_table, .doc = "the options that say where the server is"},
    {.name = "skip", .type = KeyType::string_table, .doc = "checks, and why the plugin does not promise them"},
};
constinit const SectionKeys kCheckKeys{"check", kCheck};

void read_server(TableReader& reader, ServerOptions& server) {
  std::map<std::string, std::string> given;
  if (!reader.read_string_table("server", given)) return;
  for (auto& [name, option] : given) {
    if (name == "host") server.host = option;
    else if (name == "port") server.port = option;
    else if (name == "url") server.url = option;
    else reader.refuse("server", in_quotes(name) + " is none of \"host\", \"port\" and \"url\"");
  }
  if (server.url.empty() == (server.host.empty() || server.port.empty()))
    reader.refuse("server", "name the options that hold host and port, { host = \"host\", port = \"port\" }, or the one that holds both, { url = \"url\" }");
}

void read_check(Part& part, const TomlEntry& entry, const std::vector<std::string_view>& checks, Quirks& quirks) {
  TableReader reader(part, entry.node, kCheckKeys, "[check]");
  if (entry.node.table() == nullptr)
    return reader.refuse_at({part.file, entry.line, entry.column}, "expected a table written [check], found " + std::string(entry.node.kind()));
  reader.read_columns("keys", quirks.keys);
  if (int64_t rows = 0; reader.read_integer("rows", rows)) quirks.rows = rows;
  reader.read_line("timezone", quirks.timezone);
  reader.read_duration("lag", quirks.lag);
  read_server(reader, quirks.server);
  reader.read_string_table("skip", quirks.skip);
  for (const auto& [check, reason] : quirks.skip) {
    if (std::find(checks.begin(), checks.end(), check) == checks.end())
      reader.refuse("skip", "there is no check " + in_quotes(check) + suggestion(check, checks));
    else if (reason.empty())
      reader.refuse("skip", in_quotes(check) + ": say why the plugin does not promise it");
  }
  reader.refuse_unknown_keys();
}

template <class T>
std::vector<T> definitions_of(std::vector<Drafted<T>>& drafted) {
  std::vector<T> definitions;
  for (auto& each : drafted) definitions.push_back(std::move(each.definition));
  return definitions;
}

}  // namespace

const Connection* Quirks::connection(int32_t kind, std::string_view plugin) const {
  const auto& connections = kind == PENSTOCK_KIND_SOURCE ? warehouses : stores;
  const auto found = std::find_if(connections.begin(), connections.end(), [&](const Connection& each) { return each.plugin == plugin; });
  return found == connections.end() ? nullptr : &*found;
}

const BatchSource* Quirks::batch_source(std::string_view plugin) const {
  const Connection* warehouse = connection(PENSTOCK_KIND_SOURCE, plugin);
  if (warehouse == nullptr) return nullptr;
  const auto found = std::find_if(batch_sources.begin(), batch_sources.end(),
                                  [&](const BatchSource& each) { return each.warehouse == warehouse->name; });
  return found == batch_sources.end() ? nullptr : &*found;
}

LoadedQuirks load_quirks(const std::filesystem::path& file, const std::vector<std::string_view>& checks) {
  LoadedQuirks loaded;
  Draft draft;
  Part part{file.string(), std::filesystem::absolute(file).parent_path(), draft};
  std::string text;
  std::optional<TomlNode> root;
  if (read_configuration_text(file, text, draft.problems)) root = read_toml(part.file, text, draft.problems);
  if (root) {
    auto& entries = std::get<TomlNode::Table>(root->value);
    const auto check = std::find_if(entries.begin(), entries.end(), [](const TomlEntry& entry) { return entry.key == "check"; });
    if (check != entries.end()) {
      read_check(part, *check, checks, loaded.quirks);
      entries.erase(check);
    }
    read_sections(part, *root);
    apply_rules(draft);
  }
  loaded.quirks.warehouses = definitions_of(draft.warehouses);
  loaded.quirks.stores = definitions_of(draft.stores);
  loaded.quirks.batch_sources = definitions_of(draft.batch_sources);
  loaded.problems = std::move(draft.problems);
  return loaded;
}

std::filesystem::path quirks_beside(const std::filesystem::path& plugin) {
  return std::filesystem::path(plugin).replace_extension(".check.toml");
}

}  // namespace penstock::host::conformance
