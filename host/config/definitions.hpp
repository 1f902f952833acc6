// The configuration as plain data: what the TOML said, checked for form but not yet against plugins or servers.
#pragma once

#include "base/view_id.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace penstock::host {

// Where something was written. line 0: not from a file (a default, or read back from the state).
struct Location {
  std::string file = {};
  uint32_t line = 0;
  uint32_t column = 0;
};

// Something wrong with the configuration. Prints as "file:line:column: object: message".
struct Problem {
  Location where;
  std::string object;  // `view "users" v1`, `store "profiles"`, `[host]`; may be empty
  std::string message;

  std::string text() const;
};

// A secret by reference; resolved when it is used, so that a rotated secret is picked up.
struct SecretReference {
  enum class Kind { env, file, credential } kind = Kind::env;
  std::string name;  // variable, path, or the name of a systemd credential ($CREDENTIALS_DIRECTORY/name)
};

// An option as written; what it may be is declared by the plugin and checked by check_options.
struct OptionInput {
  using Map = std::vector<std::pair<std::string, std::string>>;
  std::variant<std::string, int64_t, double, bool, std::vector<std::string>, Map, SecretReference> value;
  Location where;
};
using OptionInputs = std::map<std::string, OptionInput>;

// [warehouse.NAME] or [store.NAME]
struct Connection {
  std::string name;
  std::string plugin;
  OptionInputs options;
  Location where;
};

enum class Scalar : uint8_t { bytes, string, int32, int64, float64, float32, boolean, unix_timestamp };

struct FieldType {
  Scalar scalar = Scalar::string;
  bool list = false;

  bool operator==(const FieldType&) const = default;
  std::string name() const;  // "int32", "string_list"
};

// The type with that name ("double", "int64_list"), if there is one.
std::optional<FieldType> field_type(std::string_view name);

enum class CursorKind : uint8_t { timestamp, xid };
enum class NullTimestamp : uint8_t { fail, skip, always };
enum class OnReject : uint8_t { keep, fail };

// [[batch_source]]
struct BatchSource {
  std::string name;
  std::string warehouse;
  std::string database, schema, table, query;  // table or query
  std::string timestamp_field;
  std::string created_timestamp_column;
  CursorKind cursor = CursorKind::timestamp;
  std::string description, owner;
  OptionInputs options;  // the source plugin's table options
  Location where;
};

// [[entity]], and the four built-in ones
struct Entity {
  std::string name;
  std::vector<std::string> keys;  // columns; default: the entity's name
  std::string description, owner;
  std::optional<std::chrono::nanoseconds> ttl;
  Location where;
};

struct ViewField {
  std::string name;    // in the store
  std::string column;  // in the batch source; default: the name
  FieldType type;
  std::string description;
};

// [[view]]
struct View {
  ViewId id;
  std::string entity;
  std::string batch_source;
  std::string store;
  bool offline = false;
  bool online = false;
  std::vector<ViewField> fields;
  std::string owner, description;
  std::map<std::string, std::string> tags;
  std::optional<std::chrono::nanoseconds> ttl;
  std::optional<std::chrono::nanoseconds> interval;  // default: the host's
  std::chrono::nanoseconds lookback{0};
  std::chrono::nanoseconds lag{0};
  std::vector<std::string> order_by;                // default: the timestamp field, then created_timestamp_column
  std::optional<int64_t> backfill_since_ns;         // since the epoch, UTC: the first sync starts after it
  NullTimestamp null_timestamp = NullTimestamp::fail;
  OnReject on_reject = OnReject::keep;
  double max_reject_ratio = 1.0;                    // of the rows read in a run; more stops the run
  std::string timezone;                             // IANA name, for naive timestamps
  int64_t max_rows_per_second = 0;                  // 0: no limit
  Location where;

  bool materialized() const { return online && offline; }
};

// [[service]]
struct Service {
  std::string name;
  std::vector<ViewId> views;
  std::string description, owner;
  Location where;
};

// [host]
struct HostSettings {
  std::filesystem::path plugin_dir = "/usr/lib/penstock/plugins";
  std::filesystem::path state_dir = "/var/lib/penstock";
  std::chrono::nanoseconds interval = std::chrono::minutes(5);
  double jitter = 0.1;                  // of the interval, spread per view so that views are not all due at once
  int64_t workers = 4;                  // runs at the same time
  int64_t batch_rows = 16384;
  int64_t batch_bytes = 8 << 20;
  int64_t queue_batches = 4;            // between source and sink of a run
  int64_t memory_limit = 96 << 20;      // for rows on their way, over all runs; the host itself needs some 20 MiB more
  int64_t max_retries = 5;              // of a run, before it waits for its next interval
  std::chrono::nanoseconds retry_delay = std::chrono::seconds(1);      // doubles up to retry_delay_max
  std::chrono::nanoseconds retry_delay_max = std::chrono::minutes(1);
  std::chrono::nanoseconds call_timeout = std::chrono::minutes(1);     // one call into a plugin; a scan: between batches
  std::chrono::nanoseconds stop_timeout = std::chrono::seconds(20);    // from SIGTERM to the end
  int64_t history_runs = 1000;          // kept a view
  int64_t rejects_kept = 10000;         // kept a view
  bool http = true;
  std::string http_address = "127.0.0.1";
  int64_t http_port = 8321;             // 0: any free port, written to <state_dir>/http
  std::string log_level = "info";
  std::string log_format = "text";      // or "json"
  Location where;
};

struct Configuration {
  HostSettings host;
  std::vector<Connection> warehouses;
  std::vector<Connection> stores;
  std::vector<BatchSource> batch_sources;
  std::vector<Entity> entities;  // includes the built-in ones that were not redefined
  std::vector<View> views;
  std::vector<Service> services;
};

}  // namespace penstock::host
