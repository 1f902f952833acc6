#include "config/names.hpp"
#include "config/sections.hpp"
#include "config/table_reader.hpp"

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kMinInterval = 100ms;
constexpr std::chrono::nanoseconds kMaxDelay = 24h;
constexpr int64_t kMaxWorkers = 256;
constexpr int64_t kMaxBatchRows = 1'000'000;
constexpr int64_t kMinBatchBytes = 4 << 10;
constexpr int64_t kMaxBatchBytes = 1 << 30;
constexpr int64_t kMaxQueueBatches = 1024;
constexpr int64_t kMinMemory = 8 << 20;
constexpr int64_t kMaxMemory = int64_t{1} << 40;
constexpr int64_t kMaxRetries = 1000;
constexpr int64_t kMaxHistoryRuns = 1'000'000;
constexpr int64_t kMaxRejectsKept = 10'000'000;

bool is_loopback(const std::string& address) {
  if (address == "localhost" || address == "::1") return true;
  constexpr std::string_view kPrefix = "127.";
  return address.starts_with(kPrefix) && address.find_first_not_of("0123456789.") == std::string::npos;
}

void read_path(TableReader& reader, const Part& part, std::string_view key, std::filesystem::path& out) {
  std::string text;
  if (!reader.read_line(key, text)) return;
  const std::filesystem::path path(text);
  out = path.is_absolute() ? path : (part.folder / path).lexically_normal();
}

void read_http(TableReader& reader, HostSettings& host) {
  reader.read_bool("http", host.http);
  std::string address;
  if (reader.read_line("http_address", address)) {
    if (is_loopback(address)) {
      host.http_address = address;
    } else {
      reader.refuse("http_address", in_quotes(address) +
                                        " is not a loopback address: without TLS and tokens, which are not available yet, "
                                        "the profiles would be open to the network; use \"127.0.0.1\" or \"::1\"");
    }
  }
  reader.read_integer("http_port", host.http_port, 0, 65535);
}

}  // namespace

void read_host(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kHostKeys, "[host]");
  HostSettings host;
  host.where = reader.here();
  read_path(reader, part, "plugin_dir", host.plugin_dir);
  read_path(reader, part, "state_dir", host.state_dir);
  reader.read_duration("interval", host.interval, kMinInterval);
  reader.read_number("jitter", host.jitter, 0, 1);
  reader.read_integer("workers", host.workers, 1, kMaxWorkers);
  reader.read_integer("batch_rows", host.batch_rows, 1, kMaxBatchRows);
  reader.read_size("batch_bytes", host.batch_bytes, kMinBatchBytes, kMaxBatchBytes);
  reader.read_integer("queue_batches", host.queue_batches, 1, kMaxQueueBatches);
  reader.read_size("memory_limit", host.memory_limit, kMinMemory, kMaxMemory);
  reader.read_integer("max_retries", host.max_retries, 0, kMaxRetries);
  reader.read_duration("retry_delay", host.retry_delay, 1ms, kMaxDelay);
  reader.read_duration("retry_delay_max", host.retry_delay_max, 1ms, kMaxDelay);
  if (host.retry_delay_max < host.retry_delay)
    reader.refuse(reader.given("retry_delay_max") ? "retry_delay_max" : "retry_delay",
                  "retry_delay is longer than retry_delay_max");
  reader.read_duration("call_timeout", host.call_timeout, 1ms, kMaxDelay);
  reader.read_duration("stop_timeout", host.stop_timeout, 1ms, kMaxDelay);
  reader.read_integer("history_runs", host.history_runs, 1, kMaxHistoryRuns);
  reader.read_integer("rejects_kept", host.rejects_kept, 0, kMaxRejectsKept);
  read_http(reader, host);
  reader.read_choice("log_level", host.log_level, {"trace", "debug", "info", "warn", "error"});
  reader.read_choice("log_format", host.log_format, {"text", "json"});
  reader.refuse_unknown_keys();
  part.draft.hosts.push_back({std::move(host), "[host]", reader.key_locations()});
}

}  // namespace penstock::host
