#include "config/names.hpp"
#include "config/sections.hpp"
#include "config/table_reader.hpp"

namespace penstock::host {
namespace {

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
    if (is_loopback_address(address)) {
      host.http_address = address;
    } else {
      reader.refuse("http_address", in_quotes(address) +
                                        " is not a loopback address: without TLS and tokens, which are not available yet, "
                                        "the profiles would be open to the network; use \"127.0.0.1\" or \"::1\"");
    }
  }
  reader.read_integer("http_port", host.http_port);
}

}  // namespace

void read_host(Part& part, const TomlNode& table) {
  TableReader reader(part, table, kHostKeys, "[host]");
  HostSettings host;
  host.where = reader.here();
  read_path(reader, part, "plugin_dir", host.plugin_dir);
  read_path(reader, part, "state_dir", host.state_dir);
  reader.read_duration("interval", host.interval);
  reader.read_number("jitter", host.jitter);
  reader.read_integer("workers", host.workers);
  reader.read_integer("batch_rows", host.batch_rows);
  reader.read_size("batch_bytes", host.batch_bytes);
  reader.read_integer("queue_batches", host.queue_batches);
  reader.read_size("memory_limit", host.memory_limit);
  reader.read_integer("max_retries", host.max_retries);
  reader.read_duration("retry_delay", host.retry_delay);
  reader.read_duration("retry_delay_max", host.retry_delay_max);
  if (host.retry_delay_max < host.retry_delay)
    reader.refuse(reader.given("retry_delay_max") ? "retry_delay_max" : "retry_delay",
                  "retry_delay is longer than retry_delay_max");
  reader.read_duration("call_timeout", host.call_timeout);
  reader.read_duration("stop_timeout", host.stop_timeout);
  reader.read_integer("history_runs", host.history_runs);
  reader.read_integer("rejects_kept", host.rejects_kept);
  read_http(reader, host);
  reader.read_choice("log_level", host.log_level);
  reader.read_choice("log_format", host.log_format);
  reader.refuse_unknown_keys();
  part.draft.hosts.push_back({std::move(host), "[host]", reader.key_locations()});
}

}  // namespace penstock::host
