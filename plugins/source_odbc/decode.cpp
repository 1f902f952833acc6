#include "decode.hpp"

#include "time_text.hpp"
#include "utf16.hpp"

#include <charconv>
#include <cstring>

namespace penstock::odbc {
namespace {

// What is no time, and what the host takes for none.
constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();
constexpr int32_t kNoDate = std::numeric_limits<int32_t>::min();
constexpr std::string_view kInfinity = "infinity";  // of PostgreSQL

int64_t units_per_second(Type type) {
  switch (type) {
    case Type::timestamp_s: return 1;
    case Type::timestamp_ms: return 1'000;
    case Type::timestamp_us: return 1'000'000;
    default: return 1'000'000'000;
  }
}

template <class T>
T load(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

Error damaged(const ReadColumn& column, const std::string& what) {
  return Error(PENSTOCK_STATUS_DATA_LOSS, "column \"" + column.field.name + "\": " + what);
}

bool is_valid_date(int year, int month, int day) {
  return std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                     std::chrono::day{static_cast<unsigned>(day)}}
      .ok();
}

int32_t date_of(const SQL_DATE_STRUCT& date) {
  if (!is_valid_date(date.year, date.month, date.day)) return kNoDate;
  return static_cast<int32_t>(days_from_civil(date.year, date.month, date.day));
}

int64_t time_of(const SQL_TIMESTAMP_STRUCT& time, int64_t per_second) {
  if (!is_valid_date(time.year, time.month, time.day) || time.hour > 23 || time.minute > 59 || time.second > 59 ||
      time.fraction > 999'999'999)
    return kNoTime;
  const int64_t seconds =
      days_from_civil(time.year, time.month, time.day) * 86'400 + time.hour * 3600 + time.minute * 60 + time.second;
  int64_t out = 0;
  if (__builtin_mul_overflow(seconds, per_second, &out) ||
      __builtin_add_overflow(out, static_cast<int64_t>(time.fraction) / (1'000'000'000 / per_second), &out))
    return kNoTime;
  return out;
}

constexpr char kRealMark = '\xff';

template <class T>
T number_of(const ReadColumn& column, std::string_view text, const char* kind) {
  T out{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    throw damaged(column, "\"" + std::string(text.substr(0, 40)) + "\" is no " + kind + "; correct it, or CAST the column in a query");
  return out;
}

std::string_view without_mark(std::string_view text) { return text.starts_with(kRealMark) ? text.substr(1) : text; }

int64_t integer_of(const ReadColumn& column, std::string_view text) { return number_of<int64_t>(column, without_mark(text), "whole number"); }
double real_of(const ReadColumn& column, std::string_view text) { return number_of<double>(column, without_mark(text), "number"); }

// The shape of UTF-8; a lone byte above ASCII is what a driver with another encoding gives.
bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto first = static_cast<uint8_t>(text[i]);
    const size_t more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 4;
    if (more == 4 || text.size() - i <= more) return more == 0 && i + 1 == text.size();
    for (size_t k = 1; k <= more; ++k)
      if ((static_cast<uint8_t>(text[i + k]) & 0xc0) != 0x80) return false;
    const auto second = more == 0 ? uint8_t{0x80} : static_cast<uint8_t>(text[i + 1]);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
      return false;
    i += more + 1;
  }
  return true;
}

void append_text(const ReadColumn& column, std::string_view bytes, ColumnBuilder& out, std::string& scratch) {
  if (column.c_type != SQL_C_WCHAR) {
    if (!is_utf8(bytes)) throw damaged(column, "bytes that are not UTF-8; read it as binary in a query");
    return out.append_bytes(bytes);
  }
  scratch.clear();
  if (bytes.size() % 2 != 0 || !append_utf8({reinterpret_cast<const char16_t*>(bytes.data()), bytes.size() / 2}, &scratch))
    throw damaged(column, "wide characters that are not UTF-16");
  out.append_bytes(scratch);
}

}  // namespace

bool is_fixed(const ReadColumn& column) {
  return column.c_type != SQL_C_CHAR && column.c_type != SQL_C_WCHAR && column.c_type != SQL_C_BINARY;
}

std::string_view without_trailing_zeros(std::string_view decimal) {
  if (decimal.find('.') == std::string_view::npos || decimal.find_first_not_of("+-.0123456789") != std::string_view::npos)
    return decimal;
  decimal = decimal.substr(0, decimal.find_last_not_of('0') + 1);
  if (decimal.ends_with('.')) decimal.remove_suffix(1);
  return decimal;
}

void append_value(const ReadColumn& column, bool is_key, std::string_view bytes, ColumnBuilder& out, std::string& scratch) {
  switch (column.decode) {
    case Decode::boolean: return out.append(load<uint8_t>(bytes) != 0);
    case Decode::int16: return out.append(load<int16_t>(bytes));
    case Decode::int32: return out.append(load<int32_t>(bytes));
    case Decode::int64: return out.append(load<int64_t>(bytes));
    case Decode::uint32: return out.append(load<uint32_t>(bytes));
    case Decode::uint64: return out.append(load<uint64_t>(bytes));
    case Decode::float32: return out.append(load<float>(bytes));
    case Decode::float64: return out.append(load<double>(bytes));
    case Decode::text: return append_text(column, bytes, out, scratch);
    case Decode::decimal: return out.append_bytes(is_key ? without_trailing_zeros(bytes) : bytes);
    case Decode::integer_text: return out.append(integer_of(column, bytes));
    case Decode::real: return out.append(real_of(column, bytes));
    case Decode::real_or_text: {
      if (!bytes.starts_with(kRealMark)) return append_text(column, bytes, out, scratch);
      char text[32];
      const auto end = std::to_chars(text, text + sizeof text, real_of(column, bytes)).ptr;
      return out.append_bytes({text, static_cast<size_t>(end - text)});
    }
    case Decode::binary: return out.append_bytes(bytes);
    case Decode::date_text:
      return out.append(bytes == kInfinity ? std::numeric_limits<int32_t>::max() : parse_date(bytes).value_or(kNoDate));
    case Decode::time_text:
      return out.append(bytes == kInfinity ? std::numeric_limits<int64_t>::max()
                                           : parse_time(bytes, units_per_second(column.field.type), !column.field.timezone.empty()).value_or(kNoTime));
    case Decode::date: return out.append(date_of(load<SQL_DATE_STRUCT>(bytes)));
    case Decode::timestamp: return out.append(time_of(load<SQL_TIMESTAMP_STRUCT>(bytes), units_per_second(column.field.type)));
  }
}

}  // namespace penstock::odbc
