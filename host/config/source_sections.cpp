// Where rows come from and go to: warehouses, stores and batch sources.
#include "config/load.hpp"
#include "config/names.hpp"
#include "config/option_inputs.hpp"
#include "config/sections.hpp"
#include "config/table_reader.hpp"

namespace penstock::host {
namespace {

// `plugn = "redis"` is taken for an option of the plugin; say so where the real key is missing.
void require_among_options(TableReader& reader, const Location& where, std::string_view key, const OptionInputs& options,
                           std::string_view shown_as = {}) {
  if (reader.given(key)) return;
  std::vector<std::string_view> names;
  for (const auto& [name, option] : options) names.push_back(name);
  const auto meant = did_you_mean(key, names);
  reader.refuse_at(where, "key \"" + std::string(shown_as.empty() ? key : shown_as) + "\" is missing" +
                                      (meant.empty() ? "" : " (is " + in_quotes(meant) + " meant to be it?)"));
}

void read_table_or_query(TableReader& reader, BatchSource& source) {
  reader.read_line("database", source.database);
  reader.read_line("schema", source.schema);
  reader.read_line("table", source.table);
  if (reader.read_text("query", source.query)) {
    const size_t end = source.query.find_last_not_of(" \t\r\n");
    if (end == std::string::npos) reader.refuse("query", "is empty");
    if (end != std::string::npos && source.query[end] == ';')
      reader.refuse("query", "ends with a semicolon: it becomes part of a larger statement; leave the semicolon out");
  }
  const bool table = reader.given("table");
  const bool query = reader.given("query");
  if (table && query) reader.refuse("query", "the batch source has a table too: give one of the two");
  if (query && reader.given("schema"))
    reader.refuse("schema", "has no meaning with a query: name the schema in the query");
}

}  // namespace

void read_connection(Part& part, const TomlEntry& entry, const std::string& kind) {
  const std::string object = kind + " " + in_quotes(entry.key);
  TableReader reader(part, entry.node, kind == "store" ? kStoreKeys : kWarehouseKeys, object);
  Connection connection;
  connection.name = entry.key;
  // The key, not the table: [store.a] and store.a.plugin = … are both good.
  connection.where = {part.file, entry.line, entry.column};
  if (!is_name(entry.key))
    reader.refuse_at(connection.where, in_quotes(entry.key) + " is not a name: use 1 to 128 of A-Z a-z 0-9 _");
  connection.options = read_options(part, entry.node, {"plugin"}, object);
  if (reader.read_line("plugin", connection.plugin) && !is_plugin_name(connection.plugin))
    reader.refuse("plugin", in_quotes(connection.plugin) + " is not the name of a plugin: use 1 to 128 of a-z 0-9 _ -");
  require_among_options(reader, connection.where, "plugin", connection.options);
  auto& list = kind == "store" ? part.draft.stores : part.draft.warehouses;
  list.push_back({std::move(connection), object, reader.key_locations()});
}

void read_batch_source(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kBatchSourceKeys, "[[batch_source]]");
  BatchSource source;
  source.where = reader.here();
  if (reader.read_name("name", source.name)) reader.set_object("batch_source " + in_quotes(source.name));
  source.options = read_options(part, table, kBatchSourceKeys.list(), reader.object());
  require_among_options(reader, source.where, "name", source.options);
  reader.read_line("warehouse", source.warehouse);
  read_table_or_query(reader, source);
  if (!reader.given("query")) require_among_options(reader, source.where, "table", source.options, "table\" or \"query");
  reader.read_column("timestamp_field", source.timestamp_field);
  reader.read_column("created_timestamp_column", source.created_timestamp_column);
  reader.read_choice("cursor", source.cursor);
  reader.read_text("description", source.description);
  reader.read_owner("owner", source.owner);
  part.draft.batch_sources.push_back({std::move(source), reader.object(), reader.key_locations()});
}

}  // namespace penstock::host
