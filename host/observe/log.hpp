// The host's log: one line an event, to stderr.
#pragma once

#include "platform/clock.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace penstock::host {

// error: someone must act; warn: degraded; info: once a run; debug: once a batch.
enum class LogLevel : uint8_t { debug, info, warn, error };
enum class LogFormat : uint8_t { text, json };

// By name as in the configuration: "warn", "json".
std::optional<LogLevel> log_level(std::string_view name);
std::optional<LogFormat> log_format(std::string_view name);
std::string_view log_level_name(LogLevel level);

// A fact beside the message. `name` is none of "time", "level", "message".
struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t> value;
};
using LogFields = std::initializer_list<LogField>;

// More of a message or of a field's text is cut off, with a mark.
inline constexpr size_t kLogTextBytes = 8192;

// The line for an event, without its newline. text: `2026-01-02T03:04:05.678Z info  run completed view=users_v1 rows=12`;
// json: {"time":"…","level":"info","message":"run completed","view":"users_v1","rows":12}. Control characters are escaped, so
// that an event is always one line.
std::string format_log_line(LogFormat format, int64_t wall_ns, LogLevel level, std::string_view message, LogFields fields);

// Passed by reference to who logs. Thread-safe; a line is written before the function returns, and never mixed with another.
class Log {
 public:
  // To stderr. The clock must outlive the log.
  Log(const Clock& clock, LogLevel level, LogFormat format);
  // To `write`: one call a line, its newline included, never two at once. It must not log.
  Log(const Clock& clock, LogLevel level, LogFormat format, std::function<void(std::string_view)> write);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Takes effect for the next line of any thread.
  void set_level(LogLevel level);
  LogLevel level() const;
  bool enabled(LogLevel level) const;

  void write(LogLevel level, std::string_view message, LogFields fields = {});
  void debug(std::string_view message, LogFields fields = {}) { write(LogLevel::debug, message, fields); }
  void info(std::string_view message, LogFields fields = {}) { write(LogLevel::info, message, fields); }
  void warn(std::string_view message, LogFields fields = {}) { write(LogLevel::warn, message, fields); }
  void error(std::string_view message, LogFields fields = {}) { write(LogLevel::error, message, fields); }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penstock::host
