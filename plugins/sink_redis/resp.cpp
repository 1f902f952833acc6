#include "sink_redis/resp.hpp"

#include "sink_redis/short_copy.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace penstock::redis {
namespace {

constexpr size_t kMaxDigits = 20;           // of a 64-bit number
constexpr size_t kCompactBytes = 64 * 1024;  // consumed bytes that are worth moving the rest for

constexpr size_t kHeaderRoom = 1 + kMaxDigits + 2;

// Returns the end.
uint8_t* write_header(uint8_t* at, char prefix, size_t number) {
  *at++ = static_cast<uint8_t>(prefix);
  if (number < 10) {
    *at++ = static_cast<uint8_t>('0' + number);
  } else {
    char* const digits = reinterpret_cast<char*>(at);
    at += std::to_chars(digits, digits + kMaxDigits, number).ptr - digits;
  }
  at[0] = '\r';
  at[1] = '\n';
  return at + 2;
}

// As strict as the servers write it: no sign but '-', no leading zeros, nothing around it.
std::optional<int64_t> parse_integer(std::string_view text) {
  if (text.size() == 1 && text[0] >= '0' && text[0] <= '9') return text[0] - '0';
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_number(std::string_view text) {
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  if (text == "nan" || text == "-nan") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr auto kTypes = [] {
  std::array<bool, 256> types{};
  for (const char type : std::string_view("+-:$*_#,(!=%~>|")) types[static_cast<unsigned char>(type)] = true;
  return types;
}();
bool is_type(char c) { return kTypes[static_cast<unsigned char>(c)]; }

bool is_big_number(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  return !digits.empty() && digits.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

void append_array_header(Buffer& out, size_t items) {
  const size_t begin = out.size();
  uint8_t* const at = out.extend(kHeaderRoom);
  out.truncate(begin + static_cast<size_t>(write_header(at, '*', items) - at));
}

uint8_t* append_bulk_to_fill(Buffer& out, size_t size) {
  const size_t begin = out.size();
  uint8_t* const at = out.extend(kHeaderRoom + size + 2);
  uint8_t* const text = write_header(at, '$', size);
  text[size] = '\r';
  text[size + 1] = '\n';
  out.truncate(begin + static_cast<size_t>(text - at) + size + 2);
  return text;
}

void append_command(Buffer& out, std::span<const std::string_view> arguments) {
  append_array_header(out, arguments.size());
  for (const std::string_view argument : arguments) append_bulk(out, argument);
}

void append_bulk(Buffer& out, std::string_view text) { copy_short(append_bulk_to_fill(out, text.size()), text.data(), text.size()); }

void append_bulk(Buffer& out, std::string_view first, std::string_view second) {
  uint8_t* const at = append_bulk_to_fill(out, first.size() + second.size());
  copy_short(at, first.data(), first.size());
  copy_short(at + first.size(), second.data(), second.size());
}

void RespDecoder::feed(const char* data, size_t size) {
  if (error_ != nullptr) return;
  drop_consumed();
  in_.append(data, size);
}

void RespDecoder::drop_consumed() {
  if (!complete_) return;
  complete_ = false;
  nodes_.clear();
  begin_ = cursor_;
  if (begin_ == in_.size()) {
    in_.clear();
    begin_ = cursor_ = 0;
  } else if (begin_ >= kCompactBytes && begin_ >= in_.size() / 2) {
    in_.erase(0, begin_);
    begin_ = cursor_ = 0;
  }
  scanned_ = cursor_;
}

RespDecoder::Progress RespDecoder::invalid(const char* why) {
  error_ = why;
  return Progress::invalid;
}

RespDecoder::Progress RespDecoder::next() {
  if (error_ != nullptr) return Progress::invalid;
  drop_consumed();
  while (!complete_) {
    const Progress progress = parse_item();
    if (progress != Progress::complete) return progress;
  }
  return Progress::complete;
}

// The line at the cursor without its end; false when it has not arrived completely. Does not move the cursor.
bool RespDecoder::find_line(std::string_view* line) {
  const char* const bytes = in_.data();
  // Byte by byte: most lines are a few bytes long.
  for (size_t at = scanned_, last = in_.size(); at + 1 < last; ++at) {
    if (bytes[at] != '\r' || bytes[at + 1] != '\n') continue;
    scanned_ = at;
    *line = {bytes + cursor_, at - cursor_};
    return true;
  }
  // The last byte may be the '\r' of an end that is cut in two.
  scanned_ = in_.size() > cursor_ ? in_.size() - 1 : cursor_;
  return false;
}

// Consumes one item, or the head of one with items of its own; complete means: go on.
RespDecoder::Progress RespDecoder::parse_item() {
  // An unknown type is known before its line ends: do not wait for more of what is not the protocol.
  if (cursor_ < in_.size() && !is_type(in_[cursor_])) return invalid("an unknown reply type");
  std::string_view line;
  const bool found = find_line(&line);
  // The end of a line that has not arrived completely may be there by half.
  if (found ? line.size() > limits_.line_bytes : in_.size() - cursor_ > limits_.line_bytes + 1) return invalid("a line is too long");
  if (!found) return Progress::incomplete;
  if (nodes_.size() >= limits_.items) return invalid("a reply has too many items");
  const char type = line[0];
  line.remove_prefix(1);
  const size_t text_begin = cursor_ + 1;
  switch (type) {
    case '$': return parse_bulk(ReplyKind::bulk_string, line);
    case '!': return parse_bulk(ReplyKind::error, line);
    case '=': return parse_bulk(ReplyKind::verbatim, line);
    case '*': return parse_aggregate(ReplyKind::array, line);
    case '%': return parse_aggregate(ReplyKind::map, line);
    case '~': return parse_aggregate(ReplyKind::set, line);
    case '>': return parse_aggregate(ReplyKind::push, line);
    case '|': return parse_aggregate(ReplyKind::attribute, line);
    default: break;
  }
  cursor_ = scanned_ = text_begin + line.size() + 2;
  switch (type) {
    case '+': return leaf(ReplyKind::simple_string, text_begin, line.size());
    case '-': return leaf(ReplyKind::error, text_begin, line.size());
    case ':':
      if (const auto value = parse_integer(line)) return leaf(ReplyKind::integer, text_begin, 0, *value);
      return invalid("an integer is malformed");
    case '_': return line.empty() ? leaf(ReplyKind::nil, text_begin, 0) : invalid("a null is malformed");
    case '#':
      if (line == "t" || line == "f") return leaf(ReplyKind::boolean, text_begin, 0, line == "t");
      return invalid("a boolean is malformed");
    case ',':
      if (const auto value = parse_number(line)) return leaf(ReplyKind::number, text_begin, 0, std::bit_cast<int64_t>(*value));
      return invalid("a number is malformed");
    default:
      return is_big_number(line) ? leaf(ReplyKind::big_number, text_begin, line.size()) : invalid("a big number is malformed");
  }
}

RespDecoder::Progress RespDecoder::parse_bulk(ReplyKind kind, std::string_view line) {
  const auto size = parse_integer(line);
  const size_t text_begin = cursor_ + 1 + line.size() + 2;
  if (size && *size == -1 && kind == ReplyKind::bulk_string) {
    cursor_ = scanned_ = text_begin;
    return leaf(ReplyKind::nil, text_begin, 0);
  }
  if (!size || *size < 0) return invalid("a string length is malformed");
  if (static_cast<uint64_t>(*size) > limits_.bulk_bytes) return invalid("a string is too long");
  const auto bytes = static_cast<size_t>(*size);
  if (in_.size() - text_begin < bytes + 2) return Progress::incomplete;
  if (in_[text_begin + bytes] != '\r' || in_[text_begin + bytes + 1] != '\n') return invalid("a string does not end where it should");
  cursor_ = scanned_ = text_begin + bytes + 2;
  if (kind != ReplyKind::verbatim) return leaf(kind, text_begin, bytes);
  if (bytes < 4 || in_[text_begin + 3] != ':') return invalid("a verbatim string is malformed");
  return leaf(kind, text_begin + 4, bytes - 4);
}

RespDecoder::Progress RespDecoder::parse_aggregate(ReplyKind kind, std::string_view line) {
  const auto count = parse_integer(line);
  cursor_ = scanned_ = cursor_ + 1 + line.size() + 2;
  if (count && *count == -1 && kind == ReplyKind::array) return leaf(ReplyKind::nil, cursor_, 0);
  if (!count || *count < 0) return invalid("an array length is malformed");
  if (static_cast<uint64_t>(*count) > limits_.items - nodes_.size()) return invalid("a reply has too many items");
  if (open_.size() >= limits_.depth) return invalid("a reply is nested too deeply");
  const bool pairs = kind == ReplyKind::map || kind == ReplyKind::attribute;
  const uint64_t items = static_cast<uint64_t>(*count) * (pairs ? 2 : 1);
  const auto node = static_cast<uint32_t>(nodes_.size());
  if (items == 0 && kind == ReplyKind::attribute) return Progress::complete;
  nodes_.push_back({kind, static_cast<uint32_t>(items), node + 1, cursor_, 0, 0});
  if (items == 0)
    item_done();
  else
    open_.push_back({node, items});
  return Progress::complete;
}

RespDecoder::Progress RespDecoder::leaf(ReplyKind kind, size_t begin, size_t size, int64_t integer) {
  nodes_.push_back({kind, 0, static_cast<uint32_t>(nodes_.size() + 1), begin, size, integer});
  item_done();
  return Progress::complete;
}

// Counts the item that just ended in its parent, and the parent in its own if that ended it.
void RespDecoder::item_done() {
  while (!open_.empty()) {
    if (--open_.back().remaining > 0) return;
    const uint32_t node = open_.back().node;
    open_.pop_back();
    nodes_[node].end = static_cast<uint32_t>(nodes_.size());
    if (nodes_[node].kind == ReplyKind::attribute) {
      // It only describes the value that follows, which takes its place.
      nodes_.resize(node);
      return;
    }
  }
  complete_ = true;
}

}  // namespace penstock::redis
