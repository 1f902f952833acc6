#include "stage/cell.hpp"

#include "base/time_text.hpp"
#include "batch/batch.hpp"
#include "stage/number_text.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace penstock::host {
namespace {

using penstock::ColumnView;
using penstock::Type;

constexpr CoercionError kNotInt32{"number outside int32", "does not fit into int32"};
constexpr CoercionError kNotInt64{"number outside int64", "does not fit into int64"};
constexpr CoercionError kFraction{"number with a fraction", "is not a whole number"};
constexpr CoercionError kNotFinite{"NaN or infinity", "is not a whole number"};
constexpr CoercionError kNotNumber{"text", "is not a number"};
constexpr CoercionError kNotExact{"integer beyond the exact range of the field's type", "has no exact floating-point form"};
constexpr CoercionError kTooLarge{"number beyond the range of the field's type", "would become infinite"};
constexpr CoercionError kNotBool{"value other than true, false, 1, 0", "is not a boolean"};
constexpr CoercionError kNotUtf8{"binary", "is not valid UTF-8"};
constexpr CoercionError kNotTime{"text", "is not an ISO 8601 time between the years 1678 and 2262"};
constexpr CoercionError kTimeRange{"time outside 1678 to 2262, or infinity", "does not fit into nanoseconds"};
constexpr CoercionError kTextRange{"time outside the years 0 to 9999, or infinity", "has no ISO 8601 form"};
constexpr CoercionError kNoZone{"time without a zone", "needs the view's `timezone`"};
constexpr CoercionError kNoWay{"value of another type", "cannot be converted"};

// The integer in a wider type, so that uint64 needs no case of its own.
__extension__ using Wide = __int128;
Wide read_integer(const ColumnView& column, int64_t row) {
  switch (column.field().type) {
    case Type::int8: return column.value<int8_t>(row);
    case Type::int16: return column.value<int16_t>(row);
    case Type::int32: return column.value<int32_t>(row);
    case Type::int64: return column.value<int64_t>(row);
    case Type::uint8: return column.value<uint8_t>(row);
    case Type::uint16: return column.value<uint16_t>(row);
    case Type::uint32: return column.value<uint32_t>(row);
    default: return static_cast<Wide>(column.value<uint64_t>(row));
  }
}

const CoercionError* from_floating(double value, int64_t& out) {
  if (!std::isfinite(value)) return &kNotFinite;
  if (value != std::trunc(value)) return &kFraction;
  // 2^63 is exact as a double; int64's maximum is not.
  if (value < -0x1p63 || value >= 0x1p63) return &kNotInt64;
  out = static_cast<int64_t>(value);
  return nullptr;
}

const CoercionError* whole_error(NumberParse parsed) {
  switch (parsed) {
    case NumberParse::ok: return nullptr;
    case NumberParse::fraction: return &kFraction;
    case NumberParse::range: return &kNotInt64;
    default: return &kNotNumber;
  }
}

// Whole numbers as floating-point ones, and texts and decimals rounded once: not by way of double to float.
template <class Floating>
const CoercionError* read_inexact(const ColumnView& column, int64_t row, Floating& out) {
  const Type type = column.field().type;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    out = static_cast<Floating>(value);
    return static_cast<Wide>(out) == value ? nullptr : &kNotExact;
  }
  NumberParse parsed;
  if (type == Type::decimal128)
    parsed = parse_floating(decimal_text(column.bytes(row), column.field().scale), out);
  else if (type == Type::utf8)
    parsed = parse_floating(column.bytes(row), out);
  else
    return &kNoWay;
  return parsed == NumberParse::ok ? nullptr : parsed == NumberParse::range ? &kTooLarge : &kNotNumber;
}

int64_t units_per_second(Type timestamp) {
  static constexpr int64_t kUnits[] = {1, 1000, 1'000'000, 1'000'000'000};
  return kUnits[static_cast<size_t>(timestamp) - static_cast<size_t>(Type::timestamp_s)];
}

// The extremes of int64 are how sources carry infinity; no real time lies there.
bool is_infinite(int64_t time) { return time == std::numeric_limits<int64_t>::max() || time == std::numeric_limits<int64_t>::min(); }

const CoercionError* to_ns(int64_t value, int64_t factor, int64_t& out) {
  return __builtin_mul_overflow(value, factor, &out) || is_infinite(out) ? &kTimeRange : nullptr;
}

// As it stands in the column: a naive time stays one.
const CoercionError* format_timestamp(const ColumnView& column, int64_t row, std::string& out) {
  const int64_t value = column.value<int64_t>(row);
  const EpochTime time = epoch_time(value, units_per_second(column.field().type));
  if (is_infinite(value) || time.seconds < kFirstDay * 86400 || time.seconds >= (kLastDay + 1) * 86400) return &kTextRange;
  out = is_naive(column.field()) ? format_local(time) : format_instant(time);
  return nullptr;
}

template <class Number>
void format_number(Number value, std::string& out) {
  char text[32];
  out.assign(text, std::to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

bool is_integer(Type type) { return type >= Type::int8 && type <= Type::uint64; }
bool is_floating(Type type) { return type == Type::float32 || type == Type::float64; }
bool is_binary(Type type) { return type == Type::binary || type == Type::fixed_binary; }
bool is_timestamp(Type type) { return type == Type::date32 || (type >= Type::timestamp_s && type <= Type::timestamp_ns); }
bool is_naive(const penstock::Field& column) {
  return is_timestamp(column.type) && column.type != Type::date32 && column.timezone.empty();
}

std::string type_label(const penstock::Field& column) {
  static constexpr const char* kNames[] = {"null",   "bool",   "int8",   "int16",   "int32", "int64", "uint8",  "uint16",
                                           "uint32", "uint64", "float",  "double",  "decimal", "text",  "binary", "binary",
                                           "date",   "timestamp", "timestamp", "timestamp", "timestamp", "list"};
  std::string label = kNames[static_cast<size_t>(column.type)];
  if (is_naive(column)) label += " without time zone";
  if (column.type == Type::list) label += " of " + type_label(column.children[0]);
  return label;
}

const CoercionError* read_int64(const ColumnView& column, int64_t row, int64_t& out) {
  const Type type = column.field().type;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    out = static_cast<int64_t>(value);
    return out == value ? nullptr : &kNotInt64;
  }
  switch (type) {
    case Type::boolean: return out = column.value<bool>(row) ? 1 : 0, nullptr;
    case Type::float64: return from_floating(column.value<double>(row), out);
    case Type::float32: return from_floating(static_cast<double>(column.value<float>(row)), out);
    case Type::utf8: return whole_error(parse_whole(column.bytes(row), out));
    case Type::decimal128: return whole_error(whole_decimal(column.bytes(row), column.field().scale, out));
    default: return &kNoWay;
  }
}

const CoercionError* read_int32(const ColumnView& column, int64_t row, int32_t& out) {
  int64_t value = 0;
  if (const auto* error = read_int64(column, row, value)) return error == &kNotInt64 ? &kNotInt32 : error;
  out = static_cast<int32_t>(value);
  return out == value ? nullptr : &kNotInt32;
}

const CoercionError* read_double(const ColumnView& column, int64_t row, double& out) {
  if (column.field().type == Type::float64) return out = column.value<double>(row), nullptr;
  if (column.field().type == Type::float32) return out = static_cast<double>(column.value<float>(row)), nullptr;
  return read_inexact(column, row, out);
}

const CoercionError* read_float(const ColumnView& column, int64_t row, float& out) {
  if (column.field().type == Type::float32) return out = column.value<float>(row), nullptr;
  if (column.field().type != Type::float64) return read_inexact(column, row, out);
  const double wide = column.value<double>(row);
  out = static_cast<float>(wide);
  return std::isfinite(wide) && !std::isfinite(out) ? &kTooLarge : nullptr;
}

const CoercionError* read_boolean(const ColumnView& column, int64_t row, bool& out) {
  const Type type = column.field().type;
  if (type == Type::boolean) return out = column.value<bool>(row), nullptr;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    out = value == 1;
    return value == 0 || value == 1 ? nullptr : &kNotBool;
  }
  if (type != Type::utf8) return &kNoWay;
  return parse_boolean(column.bytes(row), out) ? nullptr : &kNotBool;
}

const CoercionError* read_instant_ns(const ColumnView& column, int64_t row, const std::optional<TimeZone>& zone, int64_t& out, int64_t unit_ns) {
  const Type type = column.field().type;
  int64_t ns = 0;
  bool naive = is_naive(column.field());
  if (type == Type::date32) {
    if (const auto* error = to_ns(column.value<int32_t>(row), 86'400'000'000'000, ns)) return error;
  } else if (is_timestamp(type)) {
    if (const auto* error = to_ns(column.value<int64_t>(row), 1'000'000'000 / units_per_second(type), ns)) return error;
  } else if (type == Type::utf8) {
    const auto parsed = parse_time(column.bytes(row));
    if (!parsed) return &kNotTime;
    ns = parsed->ns;
    naive = !parsed->has_offset;
  } else if (is_integer(type)) {
    int64_t units = 0;
    if (read_int64(column, row, units) != nullptr) return &kTimeRange;
    return to_ns(units, unit_ns, out);
  } else {
    return &kNoWay;
  }
  if (naive && !zone) return &kNoZone;
  out = naive ? zone->to_utc_ns(ns) : ns;
  return is_infinite(out) ? &kTimeRange : nullptr;
}

const CoercionError* read_text(const ColumnView& column, int64_t row, std::string& scratch, std::string_view& out) {
  const Type type = column.field().type;
  if (type == Type::utf8) return out = column.bytes(row), nullptr;
  if (is_binary(type)) return is_utf8(out = column.bytes(row)) ? nullptr : &kNotUtf8;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    value < 0 ? format_number(static_cast<int64_t>(value), scratch) : format_number(static_cast<uint64_t>(value), scratch);
  } else if (type == Type::float64) {
    format_number(column.value<double>(row), scratch);
  } else if (type == Type::float32) {
    format_number(column.value<float>(row), scratch);
  } else if (type == Type::boolean) {
    scratch = column.value<bool>(row) ? "true" : "false";
  } else if (type == Type::decimal128) {
    scratch = decimal_text(column.bytes(row), column.field().scale);
  } else if (type == Type::date32) {
    const int64_t days = column.value<int32_t>(row);
    if (days < kFirstDay || days > kLastDay) return &kTextRange;
    scratch = format_date(days);
  } else if (is_timestamp(type)) {
    if (const auto* error = format_timestamp(column, row, scratch)) return error;
  } else {
    return &kNoWay;
  }
  // A NaN has a sign that means nothing.
  out = scratch == "-nan" ? std::string_view("nan") : std::string_view(scratch);
  return nullptr;
}

}  // namespace penstock::host
