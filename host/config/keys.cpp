#include "config/keys.hpp"

#include "config/names.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

using Name = std::string_view;
using enum KeyType;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kDay = 86'400'000 * kMillisecond;
constexpr int64_t kKiB = 1 << 10;
constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kMaxVersion = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxListedColumns = 16;
constexpr Name kEmail = "an e-mail address";

constexpr Name kLogLevels[] = {"trace", "debug", "info", "warn", "error"};
constexpr Name kLogFormats[] = {"text", "json"};
constexpr Name kCursors[] = {"timestamp", "xid"};
constexpr Name kNullTimestamps[] = {"fail", "skip", "always"};
constexpr Name kOnReject[] = {"keep", "fail"};
constexpr Name kFieldTypes[] = {"bytes",      "string",      "int32",      "int64",       "double",      "float",
                                "bool",       "unix_timestamp", "bytes_list", "string_list", "int32_list",  "int64_list",
                                "double_list", "float_list", "bool_list",  "unix_timestamp_list"};

constexpr Key choice_of(Name key, Name doc, Name standard, std::span<const Name> choices) {
  return {.name = key, .type = choice, .doc = doc, .standard = standard, .choices = choices};
}
constexpr Key line_like(Name key, Name doc, Name pattern, Name standard = {}) {
  return {.name = key, .type = line, .doc = doc, .standard = standard, .pattern = pattern};
}
constexpr Key list_of(Name key, Name doc, const SectionKeys& section, int64_t min, int64_t max) {
  return {.name = key, .type = tables, .doc = doc, .min = min, .max = max, .tables = &section};
}
constexpr Key required(Key key) {
  key.required = true;
  return key;
}

constexpr Key kHost[] = {
    {"plugin_dir", line, "where connectors are loaded from; relative to this file's folder", "\"/usr/lib/penstock/plugins\""},
    {"state_dir", line, "positions, history, rejects, applied definitions; relative to this file's folder", "\"/var/lib/penstock\""},
    {"interval", duration, "how often views look for changed rows; at least 100ms", "\"5m\"", 100 * kMillisecond},
    {"jitter", number, "share of the interval, 0 to 1, by which views are spread so that they are not all due at once", "0.1", 0, 1},
    {"workers", integer, "runs at the same time, 1 to 256", "4", 1, 256},
    {"batch_rows", integer, "rows in a batch, at most", "16384", 1, 1'000'000},
    {"batch_bytes", size, "bytes in a batch, at most; 4KiB to 1GiB", "\"8MiB\"", 4 * kKiB, 1024 * kMiB},
    {"queue_batches", integer, "batches that wait between the source and the store of a run", "4", 1, 1024},
    {"memory_limit", size, "for rows on their way, over all runs (see docs/operating.md); 8MiB to 1TiB", "\"96MiB\"", 8 * kMiB,
     1024 * 1024 * kMiB},
    {"max_retries", integer, "attempts of a run after the first, before it waits for its next interval", "5", 0, 1000},
    {"retry_delay", duration, "before the first retry; doubles with each", "\"1s\"", kMillisecond, kDay},
    {"retry_delay_max", duration, "the longest delay before a retry", "\"1m\"", kMillisecond, kDay},
    {"call_timeout", duration, "for one call into a plugin; while reading: between two batches", "\"1m\"", kMillisecond, kDay},
    {"stop_timeout", duration, "from SIGTERM to the end of the process", "\"20s\"", kMillisecond, kDay},
    {"history_runs", integer, "past runs kept for each view", "1000", 1, 1'000'000},
    {"rejects_kept", integer, "rows that could not be written, kept for each view", "10000", 0, 10'000'000},
    {"http", boolean, "serve health, metrics and profiles over HTTP", "true"},
    line_like("http_address", "a loopback address", kLoopbackPattern, "\"127.0.0.1\""),
    {"http_port", integer, "0: any free port, written to <state_dir>/http", "8321", 0, 65535},
    choice_of("log_level", "trace, debug, info, warn, error", "\"info\"", kLogLevels),
    choice_of("log_format", "text, json", "\"text\"", kLogFormats),
};
constexpr Key kConnection[] = {required(line_like("plugin", "the plugin", kPluginNamePattern))};
constexpr Key kBatchSource[] = {
    required({"name", name, "what views call it"}),
    {"warehouse", line, "may be left out where there is only one"},
    {"database", line, "the table's database, for warehouses with several"},
    {"schema", line, "the table's schema"},
    {"table", line, "the table or view; or give a query"},
    {"query", text, "one statement, without a semicolon", {}, 0, 64 * kKiB},
    {"timestamp_field", column,
     "when a row was last changed: a time, or an integer whose unit the plugin is told; materialized views need it"},
    {"created_timestamp_column", column, "of two rows with the same timestamp, the later created one wins"},
    choice_of("cursor", "how changed rows are found: timestamp (timestamp_field), xid (transaction id)", "\"timestamp\"", kCursors),
    {"description", text, "for people"},
    {"owner", owner, kEmail},
};
constexpr Key kEntity[] = {
    required({"name", name, "what views call it"}),
    {"keys", columns, "the key columns, in order; default: one column with the entity's name", {}, 1, kMaxListedColumns},
    {"ttl", duration, "for views without a ttl; default: profiles do not expire", {}, kMillisecond},
    {"description", text, "for people"},
    {"owner", owner, kEmail},
};
constexpr Key kField[] = {
    required(line_like("name", "what the store calls it", kFieldNamePattern)),
    {"column", column, "in the batch source; default: the name"},
    required(choice_of("type", "bytes, string, int32, int64, double, float, bool, unix_timestamp, or one of them with _list (from a list column, or a text that is a "
     "JSON array)", {}, kFieldTypes)),
    {"description", text, "for people"},
};
constexpr Key kView[] = {
    required({"name", name, "what applications and commands call it"}),
    {"version", integer, "name and version are the identity of a view", "1", 1, kMaxVersion},
    required({"entity", line, "what its profiles are about"}),
    {"batch_source", line, "where its rows come from; required to be materialized"},
    {"store", line, "may be left out where there is only one"},
    {"offline", boolean, "its rows are in the warehouse; default: false"},
    {"online", boolean, "they are synced to the store; default: false"},
    {"owner", owner, kEmail},
    {"description", text, "for people"},
    {"tags", string_table, "anything, for people and programs"},
    {"ttl", duration, "how long after its last write a profile expires; default: the entity's", {}, kMillisecond},
    {"interval", duration, "default: the host's", {}, 100 * kMillisecond},
    {"lookback", duration, "how far behind its position a run reads again, for rows that appear late; no effect with xid, nor with files",
     "\"0s\""},
    {"lag", duration, "how far behind the warehouse's clock a run stops", "\"0s\""},
    {"order_by", columns,
     "of several rows of a key the greatest wins, then the greatest timestamp_field; default: timestamp_field, then created_timestamp_column",
     {}, 1, kMaxListedColumns},
    {"backfill_since", instant, "the first run starts here; default: with the oldest row"},
    choice_of("null_timestamp", "rows without a timestamp: fail (the run), skip, always (write them each time)", "\"fail\"", kNullTimestamps),
    choice_of("on_reject", "rows that cannot be written: keep (record them, go on), fail (the run)", "\"keep\"", kOnReject),
    {"max_reject_ratio", number, "share of the rows read, 0 to 1; a run with more rejects fails", "1.0", 0, 1},
    line_like("timezone", "of timestamps without a zone", kTimeZonePattern),
    {"max_rows_per_second", integer, "written to the store; 0: no limit", "0", 0, 1'000'000'000},
    list_of("fields", "what is taken of each row; required to be materialized", kFieldKeys, 0, 1000),
};
constexpr Key kServiceView[] = {
    required({"name", line, "of a view"}),
    required({"version", integer, "a service pins its views", {}, 1, kMaxVersion}),
};
constexpr Key kService[] = {
    required({"name", name, "what applications call it"}),
    required(list_of("views", "1 to 100 pinned views without a common field name", kServiceViewKeys, 1, 100)),
    {"description", text, "for people"},
    {"owner", owner, kEmail},
};
// Their values are read by sections.cpp.
constexpr Key kTop[] = {{"host", tables, {}},   {"warehouse", tables, {}}, {"store", tables, {}},  {"batch_source", tables, {}},
                        {"entity", tables, {}}, {"view", tables, {}},      {"service", tables, {}}};

}  // namespace

constinit const SectionKeys kTopKeys{"", kTop};
constinit const SectionKeys kHostKeys{"host", kHost, "The program itself. At most one such section."};
constinit const SectionKeys kWarehouseKeys{
    "warehouse", kConnection,
    "A connection to where the rows are: [warehouse.NAME]. All other keys are options of the plugin; `penstock plugins info NAME` lists them.",
    true};
constinit const SectionKeys kStoreKeys{"store", kConnection, "A connection to where profiles are kept: [store.NAME]. As for a warehouse.",
                                       true};
constinit const SectionKeys kBatchSourceKeys{
    "batch_source", kBatchSource, "A table in a warehouse. Keys that are not listed here are options of the warehouse's plugin.", true};
constinit const SectionKeys kEntityKeys{"entity", kEntity,
                                        "What profiles are about. Built in, each with the key column of its own name: domain_userid, "
                                        "domain_sessionid, user_id, network_userid."};
constinit const SectionKeys kViewKeys{
    "view", kView,
    "A versioned set of fields of one entity, from one batch source. offline = true and online = true: materialized, synced at the interval. "
    "offline = true alone: stays in the warehouse. Neither: registered only."};
constinit const SectionKeys kFieldKeys{"view.fields", kField};
constinit const SectionKeys kServiceKeys{"service", kService, "A stable name for views that an application reads together."};
constinit const SectionKeys kServiceViewKeys{"service.views", kServiceView};

const Key* SectionKeys::find(std::string_view wanted) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == wanted; });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> SectionKeys::list() const {
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  return names;
}

std::vector<SectionKeys> known_sections() {
  return {kHostKeys,   kWarehouseKeys, kStoreKeys, kBatchSourceKeys, kEntityKeys, kViewKeys,
          kFieldKeys, kServiceKeys,   kServiceViewKeys};
}

}  // namespace penstock::host
