#include "observe/progress.hpp"

#include "base/escape.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::host {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kBarColumns = 24;
constexpr size_t kLeastBarColumns = 8;
constexpr size_t kShortLabelColumns = 16;
constexpr size_t kDefaultWidth = 80;

double rows_per_second(const ProgressState& state) {
  return state.elapsed_ns <= 0 ? 0 : static_cast<double>(state.rows) * kSecond / static_cast<double>(state.elapsed_ns);
}

// 0 to 1, before the end less than that; nothing once there are more rows than the estimate: it was wrong, and what is left
// is not known.
std::optional<double> fraction(const ProgressState& state) {
  if (state.finished) return 1.0;
  if (!state.estimated_rows || *state.estimated_rows <= 0 || state.rows > *state.estimated_rows) return {};
  return std::clamp(static_cast<double>(state.rows) / static_cast<double>(*state.estimated_rows), 0.0, 0.99);
}

std::optional<int64_t> remaining_ns(const ProgressState& state) {
  const double rate = rows_per_second(state);
  if (state.finished || !state.estimated_rows || rate <= 0 || *state.estimated_rows <= state.rows) return {};
  constexpr double kMaxSeconds = 365 * 86400.0;
  const double left = static_cast<double>(*state.estimated_rows - state.rows) / rate;
  if (left > kMaxSeconds) return {};
  return static_cast<int64_t>(left * kSecond);
}

std::string percent(double part) { return std::to_string(static_cast<int>(part * 100)) + "%"; }

std::string bar(double part, size_t columns, bool utf8) {
  static constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  std::string out;
  if (!utf8) {
    const auto full = static_cast<size_t>(part * static_cast<double>(columns));
    return out.append(full, '#').append(columns - full, '-');
  }
  const auto eighths = static_cast<size_t>(part * static_cast<double>(columns * 8));
  for (size_t i = 0; i < eighths / 8; ++i) out += "█";
  size_t drawn = eighths / 8;
  if (eighths % 8 != 0) {
    out += kEighths[eighths % 8];
    ++drawn;
  }
  for (; drawn < columns; ++drawn) out += "░";
  return out;
}

// Columns of printable text of ours: one a code point.
size_t columns_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

std::string first_columns(std::string_view text, size_t columns) {
  size_t at = 0;
  while (at < text.size() && columns > 0) {
    at += std::max<size_t>(utf8_length(text.substr(at)), 1);
    --columns;
  }
  return std::string(text.substr(0, at));
}

std::string last_columns(std::string_view text, size_t columns) {
  size_t at = text.size();
  while (at > 0 && columns > 0) {
    --at;
    if ((static_cast<uint8_t>(text[at]) & 0xc0) != 0x80) --columns;
  }
  return std::string(text.substr(at));
}

// Without its middle, if it is longer than that: the end has the version.
std::string shortened(const std::string& text, size_t columns, bool utf8) {
  const std::string dots = utf8 ? "…" : "...";
  if (columns_of(text) <= columns || columns <= columns_of(dots)) return text;
  const size_t kept = columns - columns_of(dots);
  return first_columns(text, kept - kept / 2) + dots + last_columns(text, kept / 2);
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    std::transform(value.begin(), value.end(), value.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

std::string format_count(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t sign = count < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string format_duration(int64_t ns) {
  ns = std::max<int64_t>(ns, 0);
  const int64_t total = ns / kSecond;
  const auto pair = [](int64_t large, char large_unit, int64_t small, char small_unit) {
    return std::to_string(large) + large_unit + (small < 10 ? "0" : "") + std::to_string(small) + small_unit;
  };
  if (total < 10) return std::to_string(total) + "." + std::to_string(ns % kSecond / (kSecond / 10)) + "s";
  if (total < 60) return std::to_string(total) + "s";
  if (total < 3600) return pair(total / 60, 'm', total % 60, 's');
  if (total < 86400) return pair(total / 3600, 'h', total % 3600 / 60, 'm');
  return pair(total / 86400, 'd', total % 86400 / 3600, 'h');
}

std::string render_bar(const ProgressState& state, size_t width, const ProgressStyle& style) {
  const std::optional<double> part = fraction(state);
  // In the order of what is left out last.
  std::vector<std::string> facts;
  if (part) facts.push_back(percent(*part));
  facts.push_back(format_count(state.rows) + " rows");
  facts.push_back(format_count(static_cast<int64_t>(rows_per_second(state))) + " rows/s");
  if (state.finished) facts.push_back("in " + format_duration(state.elapsed_ns));
  if (const auto left = remaining_ns(state)) facts.push_back("ETA " + format_duration(*left));

  constexpr size_t kGap = 2;
  size_t wanted = part ? kGap + kLeastBarColumns : 0;
  for (const std::string& fact : facts) wanted += kGap + fact.size();
  std::string label = printable(state.label);
  // A long name gives way to what changes.
  if (columns_of(label) + wanted > width) label = shortened(label, kShortLabelColumns, style.utf8);
  size_t used = columns_of(label);
  if (used >= width) return first_columns(label, width);
  size_t shown = 0;
  while (shown < facts.size() && used + kGap + facts[shown].size() <= width) used += kGap + facts[shown++].size();
  size_t bar_columns = 0;
  if (part && shown == facts.size() && width >= used + kGap + kLeastBarColumns)
    bar_columns = std::min(kBarColumns, width - used - kGap);

  std::string out = label;
  if (bar_columns > 0) {
    const std::string drawn = bar(*part, bar_columns, style.utf8);
    out += "  ";
    out += style.colour ? "\x1b[36m" + drawn + "\x1b[0m" : drawn;
  }
  for (size_t i = 0; i < shown; ++i) out += "  " + facts[i];
  return out;
}

std::string render_line(const ProgressState& state) {
  std::string out = printable(state.label) + ": " + format_count(state.rows) + " rows";
  if (state.finished) out += " in " + format_duration(state.elapsed_ns);
  out += ", " + format_count(static_cast<int64_t>(rows_per_second(state))) + " rows/s";
  if (state.finished) return out;
  if (const auto part = fraction(state)) out += ", " + percent(*part);
  if (const auto left = remaining_ns(state)) out += ", ETA " + format_duration(*left);
  return out;
}

ProgressTarget progress_target(int fd) {
  ProgressTarget target;
  const bool terminal = isatty(fd) != 0 && environment("TERM") != "dumb";
  target.mode = terminal ? ProgressMode::bar : ProgressMode::lines;
  target.style.colour = terminal && environment("NO_COLOR").empty();
  target.style.utf8 = locale_is_utf8();
  target.width = [fd]() -> size_t {
    winsize size{};
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefaultWidth;
  };
  target.write = [fd](const std::string& bytes) {
    // Progress that cannot be shown is no reason to stop what it is about.
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t written = ::write(fd, bytes.data() + done, bytes.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      done += static_cast<size_t>(written);
    }
  };
  return target;
}

Progress::Progress(ProgressTarget target, int64_t now_ns) : target_(std::move(target)), next_ns_(now_ns + kFirstNs) {}

Progress::~Progress() {
  if (drawn_) target_.write("\r\x1b[K");
}

void Progress::update(const ProgressState& state, int64_t now_ns) {
  if (target_.mode == ProgressMode::none || now_ns < next_ns_) return;
  if (target_.mode == ProgressMode::bar) {
    draw_bar(state);
    next_ns_ = now_ns + kRedrawNs;
  } else {
    target_.write(render_line(state) + "\n");
    next_ns_ = now_ns + kLineNs;
  }
}

void Progress::finish(const ProgressState& state) {
  if (target_.mode == ProgressMode::none) return;
  ProgressState last = state;
  last.finished = true;
  if (target_.mode == ProgressMode::bar) {
    draw_bar(last);
    target_.write("\n");
    drawn_ = false;
  } else {
    target_.write(render_line(last) + "\n");
  }
  target_.mode = ProgressMode::none;
}

void Progress::draw_bar(const ProgressState& state) {
  // One column is left free: many terminals wrap when the last one is written.
  const size_t width = target_.width();
  target_.write("\r" + render_bar(state, width > 1 ? width - 1 : width, target_.style) + "\x1b[K");
  drawn_ = true;
}

}  // namespace penstock::host
