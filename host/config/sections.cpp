#include "config/sections.hpp"

#include "config/keys.hpp"
#include "config/table_reader.hpp"

namespace penstock::host {
namespace {

using ReadTable = void (*)(Part&, const TomlNode&);

// [[view]]: an array of tables.
void read_each(Part& part, TableReader& top, std::string_view section, ReadTable read) {
  const TomlEntry* entry = top.find(section);
  if (entry == nullptr) return;
  const auto refuse = [&](const TomlNode& found) {
    const std::string name(section);
    top.refuse_at(top.at(section), name + ": expected tables written [[" + name + "]], found " + std::string(found.kind()));
  };
  const TomlNode::Array* array = entry->node.array();
  if (array == nullptr) return refuse(entry->node);
  for (const TomlNode& element : *array) {
    if (element.table() == nullptr) return refuse(element);
    read(part, element);
  }
}

// [store.NAME]: a table of tables.
void read_connections(Part& part, TableReader& top, const std::string& kind) {
  const TomlEntry* entry = top.find(kind);
  if (entry == nullptr) return;
  const auto refuse = [&](const Location& where, const TomlNode& found) {
    top.refuse_at(where, kind + ": expected tables written [" + kind + ".NAME], found " + std::string(found.kind()));
  };
  if (entry->node.table() == nullptr) return refuse(top.at(kind), entry->node);
  for (const TomlEntry& connection : *entry->node.table()) {
    if (connection.node.table() == nullptr) {
      refuse({part.file, connection.line, connection.column}, connection.node);
    } else {
      read_connection(part, connection, kind);
    }
  }
}

}  // namespace

void read_sections(Part& part, const TomlNode& root) {
  TableReader top(part, root, kTopKeys, "");
  if (const TomlEntry* host = top.find("host")) {
    if (host->node.table() == nullptr) {
      top.refuse_at(top.at("host"), "host: expected a table written [host], found " + std::string(host->node.kind()));
    } else {
      read_host(part, host->node);
    }
  }
  read_connections(part, top, "warehouse");
  read_connections(part, top, "store");
  read_each(part, top, "batch_source", read_batch_source);
  read_each(part, top, "entity", read_entity);
  read_each(part, top, "view", read_view);
  read_each(part, top, "service", read_service);
  top.refuse_unknown_keys();
}

}  // namespace penstock::host
