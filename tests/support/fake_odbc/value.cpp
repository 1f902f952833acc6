#include "value.hpp"

#include "diagnostics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace penstock::fake_odbc {
namespace {

template <class T>
std::string bytes_of(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

template <class Number>
std::string number_text(Number number) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}

std::string hex(const std::string& data) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char byte : data) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

struct TextOf {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(int64_t number) const { return number_text(number); }
  std::string operator()(uint64_t number) const { return number_text(number); }
  std::string operator()(double number) const { return number_text(number); }
  std::string operator()(bool yes) const { return yes ? "1" : "0"; }
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(const Bytes& bytes) const { return hex(bytes.data); }
};

OdbcError out_of_range() { return {"22003", "Numeric value out of range"}; }
OdbcError not_such_a_value(const char* what) { return {"22018", std::string("Invalid character value: not ") + what}; }

double as_double(const Value& value) {
  const std::string text = std::visit(TextOf{}, value);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) throw out_of_range();
  if (error != std::errc() || end != text.data() + text.size()) throw not_such_a_value("a number");
  return number;
}

// Of a decimal text; `fraction` when digits other than zero come after the point.
template <class Integer>
Integer integer_of(const Value& value, bool& fraction) {
  std::string text = std::visit(TextOf{}, value);
  if (std::holds_alternative<double>(value) && text.find('e') != std::string::npos)
    text = std::to_string(std::get<double>(value));
  const size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  const std::string rest = point == std::string::npos ? "" : text.substr(point + 1);
  if (rest.find_first_not_of("0123456789") != std::string::npos) throw not_such_a_value("a number");
  Integer number = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), number);
  if (error == std::errc::result_out_of_range) throw out_of_range();
  if (error != std::errc() || end != whole.data() + whole.size()) {
    if (std::is_unsigned_v<Integer> && !whole.empty() && whole.front() == '-') throw out_of_range();
    throw not_such_a_value("an integer");
  }
  fraction = rest.find_first_not_of('0') != std::string::npos;
  return number;
}

template <class Integer>
Encoded integer(const Value& value) {
  Encoded out{.fixed = true};
  out.bytes = bytes_of(integer_of<Integer>(value, out.fraction));
  return out;
}

// Digits from `at` on, as many as `n`.
std::optional<int> digits(const std::string& text, size_t at, size_t n) {
  int number = 0;
  if (text.size() < at + n) return {};
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + n, number);
  if (error != std::errc() || end != text.data() + at + n) return {};
  return number;
}

// YYYY-MM-DD, and a time HH:MM:SS with up to nine digits after a point.
SQL_TIMESTAMP_STRUCT timestamp_of(const Value& value) {
  const std::string text = std::visit(TextOf{}, value);
  const auto part = [&](size_t at, size_t n) {
    const std::optional<int> number = digits(text, at, n);
    if (!number) throw not_such_a_value("a timestamp");
    return *number;
  };
  SQL_TIMESTAMP_STRUCT out{};
  out.year = static_cast<SQLSMALLINT>(part(0, 4));
  out.month = static_cast<SQLUSMALLINT>(part(5, 2));
  out.day = static_cast<SQLUSMALLINT>(part(8, 2));
  if (text.size() > 10) {
    out.hour = static_cast<SQLUSMALLINT>(part(11, 2));
    out.minute = static_cast<SQLUSMALLINT>(part(14, 2));
    out.second = static_cast<SQLUSMALLINT>(part(17, 2));
  }
  if (text.size() > 20) {
    const size_t n = std::min<size_t>(text.size() - 20, 9);
    int fraction = part(20, n);
    for (size_t i = n; i < 9; ++i) fraction *= 10;
    out.fraction = static_cast<SQLUINTEGER>(fraction);
  }
  return out;
}

Encoded date(const Value& value) {
  const SQL_TIMESTAMP_STRUCT at = timestamp_of(value);
  const SQL_DATE_STRUCT day{at.year, at.month, at.day};
  return {.bytes = bytes_of(day), .fixed = true, .fraction = at.hour != 0 || at.minute != 0 || at.second != 0 || at.fraction != 0};
}

Encoded bit(const Value& value) {
  bool fraction = false;
  const int64_t number = integer_of<int64_t>(value, fraction);
  if (number != 0 && number != 1) throw out_of_range();
  return {.bytes = std::string(1, static_cast<char>(number)), .fixed = true, .fraction = fraction};
}

Encoded binary(const Value& value) {
  if (const Bytes* bytes = std::get_if<Bytes>(&value)) return {.bytes = bytes->data};
  return {.bytes = std::visit(TextOf{}, value)};
}

Encoded real(const Value& value) {
  const double number = as_double(value);
  if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) throw out_of_range();
  return {.bytes = bytes_of(static_cast<float>(number)), .fixed = true};
}

}  // namespace

Encoded encode(const Value& value, SQLSMALLINT c_type, Wide wide) {
  switch (c_type) {
    case SQL_C_CHAR: return {.bytes = std::visit(TextOf{}, value), .unit = 1};
    case SQL_C_WCHAR: return {.bytes = wide_from(std::visit(TextOf{}, value), wide), .unit = unit_size(wide)};
    case SQL_C_BINARY: return binary(value);
    case SQL_C_SBIGINT: return integer<int64_t>(value);
    case SQL_C_UBIGINT: return integer<uint64_t>(value);
    case SQL_C_LONG:
    case SQL_C_SLONG: return integer<int32_t>(value);
    case SQL_C_ULONG: return integer<uint32_t>(value);
    case SQL_C_SHORT:
    case SQL_C_SSHORT: return integer<int16_t>(value);
    case SQL_C_USHORT: return integer<uint16_t>(value);
    case SQL_C_TINYINT:
    case SQL_C_STINYINT: return integer<signed char>(value);
    case SQL_C_UTINYINT: return integer<unsigned char>(value);
    case SQL_C_BIT: return bit(value);
    case SQL_C_DOUBLE: return {.bytes = bytes_of(as_double(value)), .fixed = true};
    case SQL_C_FLOAT: return real(value);
    case SQL_C_TYPE_DATE: return date(value);
    case SQL_C_TYPE_TIMESTAMP: return {.bytes = bytes_of(timestamp_of(value)), .fixed = true};
    default: throw OdbcError("HYC00", "C type " + std::to_string(c_type) + " is not supported");
  }
}

SQLSMALLINT default_c_type(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR: return SQL_C_WCHAR;
    case SQL_BIGINT: return SQL_C_SBIGINT;
    case SQL_INTEGER: return SQL_C_SLONG;
    case SQL_SMALLINT: return SQL_C_SSHORT;
    case SQL_TINYINT: return SQL_C_STINYINT;
    case SQL_BIT: return SQL_C_BIT;
    case SQL_REAL: return SQL_C_FLOAT;
    case SQL_FLOAT:
    case SQL_DOUBLE: return SQL_C_DOUBLE;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY: return SQL_C_BINARY;
    case SQL_TYPE_DATE: return SQL_C_TYPE_DATE;
    case SQL_TYPE_TIMESTAMP: return SQL_C_TYPE_TIMESTAMP;
    default: return SQL_C_CHAR;
  }
}

SQLLEN element_size(SQLSMALLINT c_type) {
  switch (c_type) {
    case SQL_C_SBIGINT:
    case SQL_C_UBIGINT:
    case SQL_C_DOUBLE: return 8;
    case SQL_C_LONG:
    case SQL_C_SLONG:
    case SQL_C_ULONG:
    case SQL_C_FLOAT: return 4;
    case SQL_C_SHORT:
    case SQL_C_SSHORT:
    case SQL_C_USHORT: return 2;
    case SQL_C_TINYINT:
    case SQL_C_STINYINT:
    case SQL_C_UTINYINT:
    case SQL_C_BIT: return 1;
    case SQL_C_TYPE_DATE: return sizeof(SQL_DATE_STRUCT);
    case SQL_C_TYPE_TIMESTAMP: return sizeof(SQL_TIMESTAMP_STRUCT);
    default: return 0;
  }
}

Delivery deliver(const Encoded& encoded, size_t offset, void* buffer, SQLLEN capacity, SQLLEN* indicator, bool no_total) {
  const size_t left = encoded.bytes.size() - std::min(offset, encoded.bytes.size());
  if (indicator != nullptr) *indicator = static_cast<SQLLEN>(left);
  if (encoded.fixed) {
    if (buffer != nullptr) std::memcpy(buffer, encoded.bytes.data(), left);
    return {false, left};
  }
  const size_t given = capacity > 0 && buffer != nullptr ? static_cast<size_t>(capacity) : 0;
  size_t room = given;
  if (encoded.unit != 0) room = given < encoded.unit ? 0 : given / encoded.unit * encoded.unit - encoded.unit;
  const size_t copied = std::min(room, left);
  if (copied != 0) std::memcpy(buffer, encoded.bytes.data() + offset, copied);
  if (encoded.unit != 0 && given >= encoded.unit) std::memset(static_cast<char*>(buffer) + copied, 0, encoded.unit);
  // An empty text in a buffer that has no room for its end is cut, too.
  const bool truncated = copied < left || (encoded.unit > given && encoded.unit != 0);
  if (truncated && no_total && indicator != nullptr) *indicator = SQL_NO_TOTAL;
  return {truncated, copied};
}

}  // namespace penstock::fake_odbc
