#include "config/keys.hpp"

#include <array>

namespace penstock::host {
namespace {

using Name = std::string_view;

constexpr std::array<Name, 7> kTop = {"host", "warehouse", "store", "batch_source", "entity", "view", "service"};
constexpr std::array<Name, 21> kHost = {
    "plugin_dir", "state_dir", "interval", "jitter", "workers", "batch_rows", "batch_bytes", "queue_batches", "memory_limit",
    "max_retries", "retry_delay", "retry_delay_max", "call_timeout", "stop_timeout", "history_runs",
    "rejects_kept", "http", "http_address", "http_port", "log_level", "log_format"};
constexpr std::array<Name, 1> kConnection = {"plugin"};
constexpr std::array<Name, 11> kBatchSource = {
    "name", "warehouse", "database", "schema", "table", "query", "timestamp_field", "created_timestamp_column",
    "cursor", "description", "owner"};
constexpr std::array<Name, 5> kEntity = {"name", "keys", "ttl", "description", "owner"};
constexpr std::array<Name, 22> kView = {
    "name", "version", "entity", "batch_source", "store", "offline", "online", "fields", "owner", "description",
    "tags", "ttl", "interval", "lookback", "lag", "order_by", "backfill_since", "null_timestamp", "on_reject",
    "max_reject_ratio", "timezone", "max_rows_per_second"};
constexpr std::array<Name, 4> kField = {"name", "column", "type", "description"};
constexpr std::array<Name, 4> kService = {"name", "views", "description", "owner"};
constexpr std::array<Name, 2> kServiceView = {"name", "version"};

}  // namespace

constinit const SectionKeys kTopKeys{"", kTop};
constinit const SectionKeys kHostKeys{"host", kHost};
constinit const SectionKeys kWarehouseKeys{"warehouse", kConnection, true};
constinit const SectionKeys kStoreKeys{"store", kConnection, true};
constinit const SectionKeys kBatchSourceKeys{"batch_source", kBatchSource, true};
constinit const SectionKeys kEntityKeys{"entity", kEntity};
constinit const SectionKeys kViewKeys{"view", kView};
constinit const SectionKeys kFieldKeys{"view.fields", kField};
constinit const SectionKeys kServiceKeys{"service", kService};
constinit const SectionKeys kServiceViewKeys{"service.views", kServiceView};

std::vector<SectionKeys> known_sections() {
  return {kHostKeys,   kWarehouseKeys, kStoreKeys, kBatchSourceKeys, kEntityKeys, kViewKeys,
          kFieldKeys, kServiceKeys,   kServiceViewKeys};
}

}  // namespace penstock::host
