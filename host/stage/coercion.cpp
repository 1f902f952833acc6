#include "stage/coercion.hpp"

#include "base/hash.hpp"
#include "base/time_text.hpp"
#include "batch/batch.hpp"
#include "stage/number_text.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace penstock::host {
namespace {

using penstock::ColumnBuilder;
using penstock::ColumnView;
using penstock::Type;

constexpr CoercionError kNotInt32{"integer outside int32", "does not fit into int32"};
constexpr CoercionError kNotInt64{"number outside int64", "does not fit into int64"};
constexpr CoercionError kFraction{"number with a fraction", "is not a whole number"};
constexpr CoercionError kNotFinite{"NaN or infinity", "is not a whole number"};
constexpr CoercionError kNotNumber{"text", "is not a number"};
constexpr CoercionError kNotExact{"integer beyond the exact range of the field's type", "has no exact floating-point form"};
constexpr CoercionError kTooLarge{"number beyond the range of the field's type", "would become infinite"};
constexpr CoercionError kNotBool{"value other than true, false, 1, 0", "is not a boolean"};
constexpr CoercionError kNotUtf8{"binary", "is not valid UTF-8"};
constexpr CoercionError kNotTime{"text", "is not an ISO 8601 time between the years 1678 and 2262"};
constexpr CoercionError kTimeRange{"timestamp outside 1678 to 2262, or infinity", "does not fit into nanoseconds"};
constexpr CoercionError kNoZone{"time without a zone", "needs the view's `timezone`"};
constexpr CoercionError kNullItem{"list with a null item", "a list may not hold nulls"};
constexpr CoercionError kNoWay{"value of another type", "cannot be converted"};

bool is_float(Type type) { return type == Type::float32 || type == Type::float64; }
bool is_binary(Type type) { return type == Type::binary || type == Type::fixed_binary; }

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

const CoercionError* narrow(Wide value, int64_t& out) {
  if (value < std::numeric_limits<int64_t>::min() || value > std::numeric_limits<int64_t>::max()) return &kNotInt64;
  out = static_cast<int64_t>(value);
  return nullptr;
}

const CoercionError* read_double(const ColumnView& column, int64_t row, double& out);

const CoercionError* whole(double value, int64_t& out) {
  if (!std::isfinite(value)) return &kNotFinite;
  if (value != std::trunc(value)) return &kFraction;
  // 2^63 is exact as a double; int64's maximum is not.
  if (value < -0x1p63 || value >= 0x1p63) return &kNotInt64;
  out = static_cast<int64_t>(value);
  return nullptr;
}

const CoercionError* from_parse(NumberParse parsed) {
  switch (parsed) {
    case NumberParse::ok: return nullptr;
    case NumberParse::fraction: return &kFraction;
    case NumberParse::range: return &kNotInt64;
    default: return &kNotNumber;
  }
}

const CoercionError* read_int64(const ColumnView& column, int64_t row, int64_t& out) {
  const Type type = column.field().type;
  if (is_integer(type)) return narrow(read_integer(column, row), out);
  if (type == Type::boolean) return out = column.value<bool>(row) ? 1 : 0, nullptr;
  if (is_float(type)) {
    double value = 0;
    read_double(column, row, value);
    return whole(value, out);
  }
  if (type == Type::utf8) return from_parse(parse_whole(column.bytes(row), out));
  if (type == Type::decimal128) return from_parse(parse_whole(decimal_text(column.bytes(row), column.field().scale), out));
  return &kNoWay;
}

const CoercionError* read_double(const ColumnView& column, int64_t row, double& out) {
  const Type type = column.field().type;
  if (type == Type::float64) return out = column.value<double>(row), nullptr;
  if (type == Type::float32) return out = static_cast<double>(column.value<float>(row)), nullptr;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    out = static_cast<double>(value);
    return static_cast<Wide>(out) == value ? nullptr : &kNotExact;
  }
  const std::string decimal = type == Type::decimal128 ? decimal_text(column.bytes(row), column.field().scale) : std::string();
  switch (parse_floating(type == Type::decimal128 ? std::string_view(decimal) : column.bytes(row), out)) {
    case NumberParse::ok: return nullptr;
    case NumberParse::range: return &kTooLarge;
    default: return &kNotNumber;
  }
}

const CoercionError* read_float(const ColumnView& column, int64_t row, float& out) {
  if (column.field().type == Type::float32) return out = column.value<float>(row), nullptr;
  double wide = 0;
  if (const auto* error = read_double(column, row, wide)) return error;
  out = static_cast<float>(wide);
  if (std::isfinite(wide) && !std::isfinite(out)) return &kTooLarge;
  return is_integer(column.field().type) && static_cast<double>(out) != wide ? &kNotExact : nullptr;
}

const CoercionError* read_bool(const ColumnView& column, int64_t row, bool& out) {
  const Type type = column.field().type;
  if (type == Type::boolean) return out = column.value<bool>(row), nullptr;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    out = value == 1;
    return value == 0 || value == 1 ? nullptr : &kNotBool;
  }
  return parse_boolean(column.bytes(row), out) ? nullptr : &kNotBool;
}

const CoercionError* scaled(int64_t value, int64_t factor, int64_t& out) {
  return __builtin_mul_overflow(value, factor, &out) ? &kTimeRange : nullptr;
}

// Can a column of this type hold a value for the field, and may a value fail all the same?
enum class Fit { never, sometimes, always };

Fit scalar_fit(Type from, Scalar field) {
  if (from == Type::null) return Fit::always;
  const auto when = [](bool possible, bool always) { return !possible ? Fit::never : always ? Fit::always : Fit::sometimes; };
  const bool number_like = is_integer(from) || is_float(from) || from == Type::decimal128 || from == Type::utf8;
  switch (field) {
    case Scalar::int32:
      return when(number_like || from == Type::boolean, from == Type::int8 || from == Type::int16 || from == Type::int32 ||
                                                            from == Type::uint8 || from == Type::uint16 || from == Type::boolean);
    case Scalar::int64:
      return when(number_like || from == Type::boolean, (is_integer(from) && from != Type::uint64) || from == Type::boolean);
    case Scalar::float64: return when(number_like, is_float(from));
    case Scalar::float32: return when(number_like, from == Type::float32);
    case Scalar::boolean: return when(from == Type::boolean || is_integer(from) || from == Type::utf8, from == Type::boolean);
    case Scalar::string: return when(from != Type::list, !is_binary(from) && !is_timestamp(from));
    case Scalar::bytes: return when(is_binary(from) || from == Type::utf8, true);
    case Scalar::unix_timestamp:
      return when(is_timestamp(from) || is_integer(from) || from == Type::utf8, false);
  }
  return Fit::never;
}

bool is_naive(const penstock::Field& column) {
  return is_timestamp(column.type) && column.type != Type::date32 && column.timezone.empty();
}

template <class T>
void hash_value(uint64_t& hash, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  hash = hash_bytes(hash, {bytes, sizeof(T)});
}

}  // namespace

bool is_integer(Type type) { return type >= Type::int8 && type <= Type::uint64; }
bool is_timestamp(Type type) { return type == Type::date32 || (type >= Type::timestamp_s && type <= Type::timestamp_ns); }

std::string type_label(const penstock::Field& column) {
  static constexpr const char* kNames[] = {"null",   "bool",   "int8",   "int16",   "int32", "int64", "uint8",  "uint16",
                                           "uint32", "uint64", "float",  "double",  "decimal", "text",  "binary", "binary",
                                           "date",   "timestamp", "timestamp", "timestamp", "timestamp", "list"};
  std::string label = kNames[static_cast<size_t>(column.type)];
  if (is_naive(column)) label += " without time zone";
  if (column.type == Type::list) label += " of " + type_label(column.children[0]);
  return label;
}

penstock::Field sink_field(const std::string& name, FieldType type) {
  static constexpr Type kTypes[] = {Type::binary,  Type::utf8,    Type::int32,   Type::int64,
                                    Type::float64, Type::float32, Type::boolean, Type::timestamp_ns};
  penstock::Field item{.name = name, .type = kTypes[static_cast<size_t>(type.scalar)]};
  if (type.scalar == Scalar::unix_timestamp) item.timezone = "UTC";
  if (!type.list) return item;
  penstock::Field list{.name = name, .type = Type::list};
  item.name = "item";
  list.children.push_back(std::move(item));
  return list;
}

const CoercionError* read_instant_ns(const ColumnView& column, int64_t row, const std::optional<TimeZone>& zone, int64_t& out) {
  const Type type = column.field().type;
  int64_t ns = 0;
  bool naive = is_naive(column.field());
  if (type == Type::date32) {
    if (const auto* error = scaled(column.value<int32_t>(row), 86'400'000'000'000, ns)) return error;
  } else if (is_timestamp(type)) {
    static constexpr int64_t kFactor[] = {1'000'000'000, 1'000'000, 1000, 1};
    const int64_t factor = kFactor[static_cast<size_t>(type) - static_cast<size_t>(Type::timestamp_s)];
    if (const auto* error = scaled(column.value<int64_t>(row), factor, ns)) return error;
    // The extremes of int64 are how sources carry infinity; no real time lies there.
    if (ns == std::numeric_limits<int64_t>::max() || ns == std::numeric_limits<int64_t>::min()) return &kTimeRange;
  } else if (type == Type::utf8) {
    const auto parsed = parse_time(column.bytes(row));
    if (!parsed) return &kNotTime;
    ns = parsed->ns;
    naive = !parsed->has_offset;
  } else {
    int64_t seconds = 0;
    if (const auto* error = read_int64(column, row, seconds)) return error;
    return scaled(seconds, 1'000'000'000, out);
  }
  if (naive && !zone) return &kNoZone;
  out = naive ? zone->to_utc_ns(ns) : ns;
  return nullptr;
}

const CoercionError* read_text(const ColumnView& column, int64_t row, std::string& scratch, std::string_view& out) {
  const Type type = column.field().type;
  char number[32];
  if (type == Type::utf8) return out = column.bytes(row), nullptr;
  if (is_binary(type)) return is_utf8(out = column.bytes(row)) ? nullptr : &kNotUtf8;
  if (is_integer(type)) {
    const Wide value = read_integer(column, row);
    const auto end = value < 0 ? std::to_chars(number, number + sizeof number, static_cast<int64_t>(value))
                               : std::to_chars(number, number + sizeof number, static_cast<uint64_t>(value));
    scratch.assign(number, end.ptr);
  } else if (type == Type::float64) {
    scratch.assign(number, std::to_chars(number, number + sizeof number, column.value<double>(row)).ptr);
  } else if (type == Type::float32) {
    scratch.assign(number, std::to_chars(number, number + sizeof number, column.value<float>(row)).ptr);
  } else if (type == Type::boolean) {
    scratch = column.value<bool>(row) ? "true" : "false";
  } else if (type == Type::decimal128) {
    scratch = decimal_text(column.bytes(row), column.field().scale);
  } else if (type == Type::date32) {
    scratch = format_date(column.value<int32_t>(row));
  } else if (is_timestamp(type)) {
    // As it stands in the column: a naive time stays one.
    static constexpr int64_t kFactor[] = {1'000'000'000, 1'000'000, 1000, 1};
    int64_t ns = 0;
    const int64_t factor = kFactor[static_cast<size_t>(type) - static_cast<size_t>(Type::timestamp_s)];
    if (const auto* error = scaled(column.value<int64_t>(row), factor, ns)) return error;
    scratch = is_naive(column.field()) ? format_local(ns) : format_instant(ns);
  } else {
    return &kNoWay;
  }
  out = scratch;
  return nullptr;
}

Result<Coercer> Coercer::make(const penstock::Field& column, FieldType field, const std::optional<TimeZone>& zone) {
  const bool from_list = column.type == Type::list;
  const penstock::Field& item = from_list ? column.children[0] : column;
  const Fit fit = from_list != field.list && column.type != Type::null ? Fit::never : scalar_fit(item.type, field.scalar);
  if (fit == Fit::never)
    return invalid("column \"" + column.name + "\" of type " + type_label(column) + " cannot become " + field.name());
  if (field.scalar == Scalar::unix_timestamp && is_naive(item) && !zone)
    return invalid("column \"" + column.name + "\" is a " + type_label(item) +
                   ": set `timezone` on the view to the zone that its values are in");
  return Coercer(field, zone, from_list || fit == Fit::sometimes);
}

const CoercionError* Coercer::check_value(const ColumnView& column, int64_t row) const {
  int64_t whole_number = 0;
  double wide = 0;
  float narrow_float = 0;
  bool truth = false;
  std::string_view text;
  switch (field_.scalar) {
    case Scalar::int32:
      if (const auto* error = read_int64(column, row, whole_number)) return error == &kNotInt64 ? &kNotInt32 : error;
      return whole_number < std::numeric_limits<int32_t>::min() || whole_number > std::numeric_limits<int32_t>::max() ? &kNotInt32
                                                                                                                      : nullptr;
    case Scalar::int64: return read_int64(column, row, whole_number);
    case Scalar::float64: return read_double(column, row, wide);
    case Scalar::float32: return read_float(column, row, narrow_float);
    case Scalar::boolean: return read_bool(column, row, truth);
    case Scalar::string: return read_text(column, row, scratch_, text);
    case Scalar::bytes: return nullptr;
    case Scalar::unix_timestamp: return read_instant_ns(column, row, zone_, whole_number);
  }
  return &kNoWay;
}

void Coercer::append_value(const ColumnView& column, int64_t row, ColumnBuilder& out, uint64_t& hash) const {
  int64_t whole_number = 0;
  double wide = 0;
  float narrow_float = 0;
  bool truth = false;
  std::string_view text;
  switch (field_.scalar) {
    case Scalar::int32:
      read_int64(column, row, whole_number);
      out.append(static_cast<int32_t>(whole_number));
      return hash_value(hash, whole_number);
    case Scalar::int64:
      read_int64(column, row, whole_number);
      out.append(whole_number);
      return hash_value(hash, whole_number);
    case Scalar::float64:
      read_double(column, row, wide);
      out.append(wide);
      return hash_value(hash, wide);
    case Scalar::float32:
      read_float(column, row, narrow_float);
      out.append(narrow_float);
      return hash_value(hash, narrow_float);
    case Scalar::boolean:
      read_bool(column, row, truth);
      out.append(truth);
      return hash_value(hash, static_cast<uint8_t>(truth));
    case Scalar::string: read_text(column, row, scratch_, text); break;
    case Scalar::bytes: text = column.bytes(row); break;
    case Scalar::unix_timestamp:
      read_instant_ns(column, row, zone_, whole_number);
      out.append(whole_number);
      return hash_value(hash, whole_number);
  }
  out.append_bytes(text);
  hash = hash_bytes(hash, text);
}

const CoercionError* Coercer::Bound::check(int64_t row) const {
  if (column_.is_null(row)) return nullptr;
  if (!items_) return owner_->check_value(column_, row);
  const auto [first, last] = column_.list_range(row);
  for (int64_t i = first; i < last; ++i) {
    if (items_->is_null(i)) return &kNullItem;
    if (const auto* error = owner_->check_value(*items_, i)) return error;
  }
  return nullptr;
}

void Coercer::Bound::append(int64_t row, ColumnBuilder& out, uint64_t& hash) const {
  if (column_.is_null(row)) {
    out.append_null();
    hash = mix(hash, 0x6e756c6c);  // apart from every value, also from the empty text
    return;
  }
  if (!items_) return owner_->append_value(column_, row, out, hash);
  const auto [first, last] = column_.list_range(row);
  hash = mix(hash, static_cast<uint64_t>(last - first));
  for (int64_t i = first; i < last; ++i) owner_->append_value(*items_, i, out.item(), hash);
  out.end_list();
}

}  // namespace penstock::host
