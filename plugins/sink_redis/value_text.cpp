#include "sink_redis/value_text.hpp"

#include "sink_redis/packed_profile.hpp"

#include <penstock/stored_text.hpp>

#include <charconv>
#include <cmath>

namespace penstock::redis {
namespace {

constexpr size_t kMaxNumberText = 32;  // "-1.7976931348623157e+308", "-9223372036.854775808"
static_assert(kNumberRoom >= kMaxNumberText);
constexpr int64_t kNanosecond = 1'000'000'000;
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// These write to where there is room for kNumberRoom bytes, and return the end.
template <class T>
char* write_integer(char* at, T value) {
  return std::to_chars(at, at + kMaxNumberText, value).ptr;
}

// The shortest text that reads back as the same value. NaN has one form: its sign and payload are not kept.
template <class T>
char* write_floating(char* at, T value) {
  if (std::isnan(value)) {
    std::memcpy(at, "nan", 3);
    return at + 3;
  }
  return std::to_chars(at, at + kMaxNumberText, value).ptr;
}

char* write_instant(char* at, int64_t ns) {
  const bool negative = ns < 0;
  const uint64_t all = negative ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  if (negative) *at++ = '-';
  at = write_integer(at, all / kNanosecond);
  uint64_t fraction = all % kNanosecond;
  if (fraction == 0) return at;
  *at = '.';
  for (int i = 9; i >= 1; --i) {
    at[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  at += 10;
  while (at[-1] == '0') --at;
  return at;
}

// What `write` writes, to the end of `out`.
template <class Write>
void append_number(Buffer& out, const Write& write) {
  const size_t begin = out.size();
  char* const at = reinterpret_cast<char*>(out.extend(kNumberRoom));
  out.truncate(begin + static_cast<size_t>(write(at) - at));
}

void append_text(Buffer& out, std::string_view text) { out.append(text.data(), text.size()); }

void append_json_string(Buffer& out, std::string_view text) {
  append_text(out, "\"");
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    append_text(out, text.substr(plain, i - plain));
    plain = i + 1;
    if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', static_cast<char>(c)};
      out.append(escaped, 2);
    } else {
      const char escaped[] = {'\\', 'u', '0', '0', static_cast<char>('0' + (c >> 4)), "0123456789abcdef"[c & 15]};
      out.append(escaped, 6);
    }
  }
  append_text(out, text.substr(plain));
  append_text(out, "\"");
}

void append_base64(Buffer& out, std::string_view bytes) {
  append_text(out, "\"");
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u; };
    const unsigned bits = at(0) << 16 | at(1) << 8 | at(2);
    char text[4] = {kBase64[bits >> 18], kBase64[(bits >> 12) & 63], kBase64[(bits >> 6) & 63], kBase64[bits & 63]};
    if (i + 1 >= bytes.size()) text[2] = '=';
    if (i + 2 >= bytes.size()) text[3] = '=';
    out.append(text, 4);
  }
  append_text(out, "\"");
}

// JSON has no word for what is not finite.
template <class T>
void append_json_floating(Buffer& out, T value) {
  const bool quoted = !std::isfinite(value);
  if (quoted) append_text(out, "\"");
  append_number(out, [&](char* at) { return write_floating(at, value); });
  if (quoted) append_text(out, "\"");
}

void append_json_item(Buffer& out, const ColumnView& items, int64_t i) {
  switch (items.field().type) {
    case Type::boolean: return append_text(out, items.value<bool>(i) ? "true" : "false");
    case Type::int32: return append_number(out, [&](char* at) { return write_integer(at, items.value<int32_t>(i)); });
    case Type::int64: return append_number(out, [&](char* at) { return write_integer(at, items.value<int64_t>(i)); });
    case Type::float32: return append_json_floating(out, items.value<float>(i));
    case Type::float64: return append_json_floating(out, items.value<double>(i));
    case Type::timestamp_ns:
      append_text(out, "\"");
      append_number(out, [&](char* at) { return write_instant(at, items.value<int64_t>(i)); });
      return append_text(out, "\"");
    case Type::binary: return append_base64(out, items.bytes(i));
    default: return append_json_string(out, items.bytes(i));
  }
}

}  // namespace

ValueWriter::ValueWriter(const ColumnView& column) : column_(column) {
  if (column.field().type == Type::list) items_.push_back(column.items());
}

size_t ValueWriter::size_bound(int64_t row) const {
  switch (column_.field().type) {
    case Type::utf8:
    case Type::binary: return column_.bytes(row).size();
    case Type::list: break;
    default: return kMaxNumberText;
  }
  const auto [begin, end] = column_.list_range(row);
  size_t size = 2;
  const Type item = items_[0].field().type;
  for (int64_t i = begin; i < end; ++i) {
    // Quotes and a comma; a control character takes six; base64 takes less.
    size += 3 + (item == Type::utf8 || item == Type::binary ? 6 * items_[0].bytes(i).size() : kMaxNumberText);
  }
  return size;
}

std::string_view ValueWriter::text(int64_t row, Buffer& scratch) const {
  switch (column_.field().type) {
    case Type::utf8:
    case Type::binary: return column_.bytes(row);
    case Type::boolean: return column_.value<bool>(row) ? "true" : "false";
    default: break;
  }
  scratch.clear();
  if (!items_.empty())
    append_list(row, scratch);
  else
    append_number(scratch, [&](char* at) { return write_number(at, row); });
  return {reinterpret_cast<const char*>(scratch.data()), scratch.size()};
}

char* ValueWriter::write_number(char* at, int64_t row) const {
  switch (column_.field().type) {
    case Type::int32: return write_integer(at, column_.value<int32_t>(row));
    case Type::int64: return write_integer(at, column_.value<int64_t>(row));
    case Type::float32: return write_floating(at, column_.value<float>(row));
    case Type::float64: return write_floating(at, column_.value<double>(row));
    default: return write_instant(at, column_.value<int64_t>(row));
  }
}

void ValueWriter::append_list(int64_t row, Buffer& out) const {
  const auto [begin, end] = column_.list_range(row);
  append_text(out, "[");
  for (int64_t i = begin; i < end; ++i) {
    if (i != begin) append_text(out, ",");
    append_json_item(out, items_[0], i);
  }
  append_text(out, "]");
}

bool append_parsed(std::string_view text, ColumnBuilder& out) { return append_text_value(text, value_type_of(out.field()), out); }

}  // namespace penstock::redis
