#include "visits_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>

namespace connector {
namespace {

constexpr std::string_view kNull = "\\N";
// A position counts nanoseconds, so no time may be further away.
constexpr int64_t kMaxMicroseconds = std::numeric_limits<int64_t>::max() / 1000;

// What the host is told decides what it does: NOT_FOUND and PERMISSION_DENIED need a human, UNAVAILABLE is tried again. A client
// library's own error codes are translated in one place such as this.
penstock::Error file_error(const std::string& path, int error) {
  const std::string message = "cannot read " + path + ": " + std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR: return {PENSTOCK_STATUS_NOT_FOUND, message};
    case EACCES: return {PENSTOCK_STATUS_PERMISSION_DENIED, message};
    case EMFILE:
    case ENFILE:
    case ENOMEM: return {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, message};
    default: return {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, message};
  }
}

std::string_view take_field(std::string_view& line) {
  const size_t tab = line.find('\t');
  const std::string_view field = line.substr(0, tab);
  line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
  return field;
}

// False when the text is neither a number nor NULL.
bool read_number(std::string_view text, std::optional<int64_t>& out) {
  out.reset();
  if (text == kNull) return true;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  out = number;
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

VisitsFile::VisitsFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  if (!file_) throw file_error(path_, errno);
}

bool VisitsFile::next(Visit& visit) {
  errno = 0;
  std::getline(file_, line_);
  // An end that is none must not look like one: what was not read would count as read for ever.
  if (file_.bad()) throw file_error(path_, errno != 0 ? errno : EIO);
  if (file_.eof()) return false;  // behind the last line, or in one that somebody is still writing
  ++line_number_;

  std::string_view rest = line_;
  visit.user_id = take_field(rest);
  const std::string_view city = take_field(rest), pages = take_field(rest), visited_at = rest;
  visit.city = city == kNull ? std::nullopt : std::optional<std::string>(city);
  if (!read_number(pages, visit.pages)) throw bad_line("the pages are no number");
  if (!read_number(visited_at, visit.visited_at)) throw bad_line("the time is no number of microseconds");
  if (const int64_t time = visit.visited_at.value_or(0); time > kMaxMicroseconds || time < -kMaxMicroseconds)
    throw bad_line("the time is further away than a position can say");
  return true;
}

// Without the value: messages are logged.
penstock::Error VisitsFile::bad_line(const char* what) const {
  return {PENSTOCK_STATUS_DATA_LOSS, path_ + ", line " + std::to_string(line_number_) + ": " + what};
}

}  // namespace connector
