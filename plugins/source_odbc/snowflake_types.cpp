#include "snowflake_types.hpp"

#include <penstock/nearest_name.hpp>


#include <algorithm>
#include <charconv>

namespace penstock::odbc::snowflake {
namespace {

constexpr int64_t kInt64Digits = 18;  // every number of so many digits is an int64
constexpr int32_t kTimestampDigits = 9;
// The driver cannot read a value of an array again, so cells are wide enough for what is usual: a scan that meets a longer value
// is begun once more.
constexpr SQLLEN kTextBytes = 2048;
constexpr SQLLEN kBinaryBytes = 1024;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The numbers in "(38,0)"; fewer where the type says fewer.
std::vector<int64_t> numbers_in(std::string_view text) {
  std::vector<int64_t> out;
  while (!text.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) break;
    out.push_back(number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.starts_with(',')) break;
    text.remove_prefix(1);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  return out;
}

ReadColumn at_least(ReadColumn read, SQLLEN width) {
  read.width = std::max(read.width, width);
  return read;
}

ReadColumn read_text(std::string expression, int64_t characters) {
  const bool is_short = characters > 0 && (characters * 2 + 1) * 2 <= kTextBytes;
  ReadColumn out = read_wide(std::move(expression), is_short ? characters : 0);
  return is_short ? out : at_least(std::move(out), kTextBytes);
}

// What has no text of its own is JSON.
ReadColumn read_json(const std::string& value) { return read_text("TO_JSON(" + value + ")", 0); }

std::string to_char(const std::string& name, const char* format) { return "TO_CHAR(" + name + ", '" + format + "')"; }

}  // namespace

Column column_from(std::string name, std::string_view type) {
  Column out;
  out.name = std::move(name);
  const size_t base = std::min(type.find_first_of("( "), type.size());
  out.type_name = folded(type.substr(0, base));
  const std::vector<int64_t> numbers = base < type.size() && type[base] == '(' ? numbers_in(type.substr(base + 1)) : std::vector<int64_t>{};
  if (is_one_of(out.type_name, {"number", "decimal", "numeric", "fixed"})) {
    out.type_name = "number";
    out.sql_type = SQL_DECIMAL;
    out.size = numbers.empty() ? 38 : numbers[0];
    out.digits = numbers.size() < 2 ? 0 : static_cast<int32_t>(numbers[1]);
  } else if (out.type_name.starts_with("timestamp")) {
    out.sql_type = SQL_TYPE_TIMESTAMP;
    out.digits = numbers.empty() ? kTimestampDigits : static_cast<int32_t>(numbers[0]);
  } else if (out.type_name == "date") {
    out.sql_type = SQL_TYPE_DATE;
  } else if (is_one_of(out.type_name, {"varchar", "text", "string", "char"})) {
    // A collation would order in another way than the store's keys are compared.
    out.type_name = folded(type).find(" collate ") == std::string::npos ? "varchar" : "varchar collate";
    out.sql_type = SQL_VARCHAR;
    out.size = numbers.empty() ? 0 : numbers[0];
  } else if (is_one_of(out.type_name, {"binary", "varbinary"})) {
    out.type_name = "binary";
    out.sql_type = SQL_BINARY;
    out.size = numbers.empty() ? 0 : numbers[0];
  }
  return out;
}

// Numbers, times and documents are made text by the server: what the drivers make of them differs, and the zone of a TIMESTAMP_TZ
// is lost in all of them.
ReadColumn read_column(const Column& column, const std::string& name) {
  const std::string& type = column.type_name;
  if (type == "number" && column.digits == 0 && column.size <= kInt64Digits) return read_fixed(name, Decode::int64);
  if (is_one_of(type, {"number", "decfloat"})) return at_least(read_decimal("TO_VARCHAR(" + name + ")", column.size), 64);
  if (is_one_of(type, {"float", "float4", "float8", "double", "real"})) return read_fixed(name, Decode::float64);
  if (type == "boolean") return read_fixed(name, Decode::boolean);
  if (type == "date") return read_date_text(to_char(name, "YYYY-MM-DD"));
  if (type == "time") return read_utf8(to_char(name, "HH24:MI:SS.FF9"), 18);
  if (is_one_of(type, {"timestamp_ltz", "timestamp_tz"}))
    return at_least(read_time_text(to_char(name, "YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM"), Type::timestamp_ns, "UTC"), 64);
  if (type.starts_with("timestamp"))
    return at_least(read_time_text(to_char(name, "YYYY-MM-DD HH24:MI:SS.FF9"), Type::timestamp_ns, {}), 64);
  if (type == "binary") {
    const bool is_short = column.size > 0 && column.size <= kBinaryBytes;
    return is_short ? read_binary(name, column.size) : at_least(read_binary(name, 0), kBinaryBytes);
  }
  if (type.starts_with("varchar")) return read_text(name, column.size);
  if (is_one_of(type, {"variant", "object", "array", "map"})) return read_json(name + "::VARIANT");
  if (is_one_of(type, {"geography", "geometry"})) return read_json("ST_ASGEOJSON(" + name + ")::VARIANT");
  if (type == "vector") return read_json(name + "::ARRAY::VARIANT");
  return read_text("TO_VARCHAR(" + name + ")", 0);
}

CursorKind cursor_kind(const Column& column) {
  if (is_one_of(column.type_name, {"timestamp_ltz", "timestamp_tz"})) return CursorKind::instant;
  if (column.type_name.starts_with("timestamp")) return CursorKind::wall_clock;
  if (column.type_name == "date") return CursorKind::day;
  return column.type_name == "number" && column.digits == 0 && column.size <= kInt64Digits ? CursorKind::epoch : CursorKind::none;
}

std::string order_term(const Column& column, const std::string& name) {
  if (column.type_name == "varchar collate") return "COLLATE(" + name + ", '')";
  const bool is_ordered = column.sql_type != 0 || is_one_of(column.type_name, {"boolean", "float", "time"});
  return is_ordered ? name : read_column(column, name).expression;
}

}  // namespace penstock::odbc::snowflake
