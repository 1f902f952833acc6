// What the author of a plugin tells the suite: how to reach something to try it on, and what it does not promise.
#pragma once

#include "config/definitions.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host::conformance {

// The options of a warehouse or store that say where its server is, so that the suite can stand in between.
struct ServerOptions {
  std::string host, port;  // names of two options
  std::string url;         // or of one, which holds "…://host:port…"
  bool given() const { return !port.empty() || !url.empty(); }
};

// A file of the configuration's form, with warehouses, stores and batch sources, and a section [check].
struct Quirks {
  std::vector<Connection> warehouses, stores;
  std::vector<BatchSource> batch_sources;
  std::vector<std::string> keys;            // the entity's columns in the batch sources' tables
  std::optional<int64_t> rows;              // up to the horizon and without a cursor, counted by the author
  std::string timezone;                     // for naive timestamps
  std::chrono::nanoseconds lag{0};
  ServerOptions server;
  std::map<std::string, std::string> skip;  // a check, and why the plugin does not promise it

  // Null: the file does not name one. kind is PENSTOCK_KIND_*.
  const Connection* connection(int32_t kind, std::string_view plugin) const;
  const BatchSource* batch_source(std::string_view plugin) const;
};

struct LoadedQuirks {
  Quirks quirks;
  std::vector<Problem> problems;
};

// `checks`: the ids that may be skipped. Reads no secrets.
LoadedQuirks load_quirks(const std::filesystem::path& file, const std::vector<std::string_view>& checks);

// Where it is looked for: hello.check.toml beside hello.so.
std::filesystem::path quirks_beside(const std::filesystem::path& plugin);

}  // namespace penstock::host::conformance
