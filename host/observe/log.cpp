#include "observe/log.hpp"

#include "base/escape.hpp"
#include "base/json_writer.hpp"
#include "base/time_text.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <mutex>

namespace penstock::host {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warn: return spdlog::level::warn;
    default: return spdlog::level::err;
  }
}

// Milliseconds always, so that lines align.
std::string log_time(int64_t wall_ns) {
  constexpr int64_t kMillisecond = 1'000'000;
  std::string text = format_instant(wall_ns - ((wall_ns % kMillisecond) + kMillisecond) % kMillisecond);
  if (text.find('.') == std::string::npos && text.ends_with('Z')) text.insert(text.size() - 1, ".000");
  return text;
}

// Cut between two characters.
std::string limited(std::string_view text) {
  if (text.size() <= kLogTextBytes) return std::string(text);
  size_t size = kLogTextBytes;
  while (size > 0 && (static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  return std::string(text.substr(0, size)) + "… (cut)";
}

void append_text_value(std::string& line, std::string_view value) {
  const std::string shown = printable(limited(value));
  const bool plain = !shown.empty() && shown.find_first_of(" \"=") == std::string::npos;
  if (plain) {
    line += shown;
    return;
  }
  line += '"';
  for (const char c : shown) {
    if (c == '"') line += '\\';
    line += c;
  }
  line += '"';
}

std::string text_line(int64_t wall_ns, LogLevel level, std::string_view message, LogFields fields) {
  std::string line = log_time(wall_ns);
  line += ' ';
  line += log_level_name(level);
  line.append(6 - log_level_name(level).size(), ' ');
  append_printable(line, limited(message));
  for (const LogField& field : fields) {
    line += ' ';
    append_printable(line, field.name);
    line += '=';
    if (const auto* number = std::get_if<int64_t>(&field.value)) {
      line += std::to_string(*number);
    } else {
      append_text_value(line, std::get<std::string_view>(field.value));
    }
  }
  return line;
}

std::string json_line(int64_t wall_ns, LogLevel level, std::string_view message, LogFields fields) {
  std::string line;
  JsonWriter json(line);
  json.begin_object();
  json.member("time", log_time(wall_ns));
  json.member("level", log_level_name(level));
  json.member("message", limited(message));
  for (const LogField& field : fields) {
    if (const auto* number = std::get_if<int64_t>(&field.value)) {
      json.member(field.name, *number);
    } else {
      json.member(field.name, limited(std::get<std::string_view>(field.value)));
    }
  }
  json.end_object();
  return line;
}

class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush_() override {}

  std::function<void(std::string_view)> write_;
};

}  // namespace

std::optional<LogLevel> log_level(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i)
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  return {};
}

std::optional<LogFormat> log_format(std::string_view name) {
  if (name == "text") return LogFormat::text;
  if (name == "json") return LogFormat::json;
  return {};
}

std::string_view log_level_name(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

std::string format_log_line(LogFormat format, int64_t wall_ns, LogLevel level, std::string_view message, LogFields fields) {
  return format == LogFormat::json ? json_line(wall_ns, level, message, fields) : text_line(wall_ns, level, message, fields);
}

// A logger made directly never enters spdlog's registry, which a plugin with the same shared library would see.
struct Log::Impl {
  Impl(const Clock& clock_in, LogLevel level_in, LogFormat format_in, spdlog::sink_ptr sink)
      : clock(clock_in), format(format_in), level(level_in), logger("penstock", std::move(sink)) {
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
    logger.set_level(to_spdlog(level_in));
  }

  const Clock& clock;
  const LogFormat format;
  std::atomic<LogLevel> level;
  spdlog::logger logger;
};

Log::Log(const Clock& clock, LogLevel level, LogFormat format)
    : impl_(std::make_unique<Impl>(clock, level, format, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}
Log::Log(const Clock& clock, LogLevel level, LogFormat format, std::function<void(std::string_view)> write)
    : impl_(std::make_unique<Impl>(clock, level, format, std::make_shared<FunctionSink>(std::move(write)))) {}
Log::~Log() = default;

void Log::set_level(LogLevel level) {
  impl_->level = level;
  impl_->logger.set_level(to_spdlog(level));
}

LogLevel Log::level() const { return impl_->level; }
bool Log::enabled(LogLevel level) const { return level >= impl_->level; }

void Log::write(LogLevel level, std::string_view message, LogFields fields) {
  if (!enabled(level)) return;
  const std::string line = format_log_line(impl_->format, impl_->clock.wall_ns(), level, message, fields);
  impl_->logger.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace penstock::host
