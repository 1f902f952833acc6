#include "script.hpp"

#include "script_reader.hpp"

#include <boost/json/parse.hpp>

#include <memory>
#include <stdexcept>

namespace penstock::fake_odbc {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr SQLINTEGER kSnowflakeLastQueryId = 0x4107;

SQLSMALLINT sql_type_from(const json::value& value) {
  static const std::map<std::string, SQLSMALLINT> kTypes = {
      {"bigint", SQL_BIGINT},           {"binary", SQL_BINARY},   {"bit", SQL_BIT},           {"char", SQL_CHAR},
      {"date", SQL_TYPE_DATE},          {"decimal", SQL_DECIMAL}, {"double", SQL_DOUBLE},     {"float", SQL_FLOAT},
      {"guid", SQL_GUID},               {"integer", SQL_INTEGER}, {"longvarchar", SQL_LONGVARCHAR},
      {"longvarbinary", SQL_LONGVARBINARY}, {"numeric", SQL_NUMERIC}, {"real", SQL_REAL},     {"smallint", SQL_SMALLINT},
      {"time", SQL_TYPE_TIME},          {"timestamp", SQL_TYPE_TIMESTAMP}, {"tinyint", SQL_TINYINT},
      {"varbinary", SQL_VARBINARY},     {"varchar", SQL_VARCHAR}, {"wchar", SQL_WCHAR},       {"wlongvarchar", SQL_WLONGVARCHAR},
      {"wvarchar", SQL_WVARCHAR},
  };
  if (value.is_string()) return pick(kTypes, std::string(value.as_string()));
  return static_cast<SQLSMALLINT>(value.to_number<int64_t>());
}

Column column_from(const json::value& value) {
  const Members m(value, {"name", "type", "type_name", "size", "digits", "nullable", "unsigned"});
  Column column{.name = m.text("name"), .sql_type = SQL_VARCHAR, .type_name = m.text("type_name")};
  if (const json::value* type = m.find("type")) column.sql_type = sql_type_from(*type);
  column.size = static_cast<SQLULEN>(m.integer("size", 255));
  column.digits = static_cast<SQLSMALLINT>(m.integer("digits", 0));
  column.nullable = m.boolean("nullable", true);
  column.is_unsigned = m.boolean("unsigned", false);
  return column;
}

Table table_from(const json::value& value) {
  const Members m(value, {"catalog", "schema", "name", "type", "columns"});
  return {m.text("catalog"), m.text("schema"), m.text("name"), m.text("type", "TABLE"), m.list<Column>("columns", column_from)};
}

std::optional<int64_t> before_row_from(const Members& m) {
  const json::value* row = m.find("before_row");
  return row == nullptr ? std::optional<int64_t>() : row->to_number<int64_t>();
}

Fault fault_from(const json::value& value) {
  const Members m(value, {"sqlstate", "native", "message", "before_row", "row_only", "ends_connection"});
  Fault fault{.sqlstate = m.text("sqlstate"), .message = m.text("message")};
  fault.native = static_cast<SQLINTEGER>(m.integer("native", 0));
  fault.before_row = before_row_from(m);
  fault.row_only = m.boolean("row_only", false);
  fault.ends_connection = m.boolean("ends_connection", fault.sqlstate.starts_with("08"));
  return fault;
}

Stall stall_from(const json::value& value) {
  const Members m(value, {"before_row", "ignores_timeout"});
  return {before_row_from(m), m.boolean("ignores_timeout", false)};
}

Row row_from(const json::value& cells, int64_t n) {
  Row row;
  for (const json::value& cell : cells.as_array()) row.push_back(value_from(cell, n));
  return row;
}

void set_rows(const Members& m, Rule& rule) {
  if (const json::value* rows = m.find("rows")) {
    const auto shared = std::make_shared<json::value>(*rows);
    rule.rows = static_cast<int64_t>(shared->as_array().size());
    rule.row = [shared](int64_t n) { return row_from(shared->as_array()[static_cast<size_t>(n)], n); };
  } else if (const json::value* generate = m.find("generate")) {
    const Members g(*generate, {"rows", "row"});
    const auto shared = std::make_shared<json::value>(g.at("row"));
    rule.rows = g.integer("rows", 0);
    rule.row = [shared](int64_t n) { return row_from(*shared, n); };
  }
  for (int64_t n = 0; n < std::min<int64_t>(rule.rows, 1); ++n)
    if (rule.row(n).size() != rule.columns.size()) throw std::runtime_error("a row has not as many cells as there are columns");
}

Rule rule_from(const json::value& value) {
  const Members m(value, {"match", "times", "columns", "rows", "generate", "row_count", "fault", "faults", "stall", "delay_ms",
                          "row_delay_ms", "query_id"});
  Rule rule;
  rule.match = boost::regex(m.text("match"));
  if (const json::value* times = m.find("times")) rule.times = times->to_number<int64_t>();
  rule.columns = m.list<Column>("columns", column_from);
  set_rows(m, rule);
  rule.row_count = m.integer("row_count", -1);
  rule.faults = m.list<Fault>("faults", fault_from);
  if (const json::value* fault = m.find("fault")) rule.faults.push_back(fault_from(*fault));
  if (const json::value* stall = m.find("stall")) rule.stalls.push_back(stall_from(*stall));
  rule.delay = milliseconds(m.integer("delay_ms", 0));
  rule.row_delay = milliseconds(m.integer("row_delay_ms", 0));
  rule.query_id = m.text("query_id");
  return rule;
}

ConnectRule connect_from(const json::value& value) {
  const Members m(value, {"nth", "delay_ms", "fault"});
  ConnectRule rule;
  if (const json::value* nth = m.find("nth")) rule.nth = nth->to_number<int64_t>();
  rule.delay = milliseconds(m.integer("delay_ms", 0));
  if (const json::value* fault = m.find("fault")) rule.fault = fault_from(*fault);
  return rule;
}

DriverTraits driver_from(const json::value& value) {
  static const std::map<std::string, SQLUSMALLINT> kCases = {
      {"upper", SQL_IC_UPPER}, {"lower", SQL_IC_LOWER}, {"mixed", SQL_IC_MIXED}, {"sensitive", SQL_IC_SENSITIVE}};
  static const std::map<std::string, SQLUINTEGER> kGetData = {{"any_column", SQL_GD_ANY_COLUMN},
                                                              {"any_order", SQL_GD_ANY_ORDER},
                                                              {"block", SQL_GD_BLOCK},
                                                              {"bound", SQL_GD_BOUND}};
  static const std::map<std::string, Wide> kWide = {{"utf16", Wide::utf16}, {"utf32", Wide::utf32}};
  const Members m(value, {"driver_name", "driver_version", "dbms_name", "dbms_version", "quote", "catalog",
                          "identifier_case", "getdata", "max_array", "larger_array", "getdata_in_arrays", "setpos", "wide",
                          "no_total", "catalog_patterns", "transactions", "query_id_attribute", "refused_attributes"});
  DriverTraits driver{.driver_name = m.text("driver_name", "libfake_odbc.so"),
                      .driver_version = m.text("driver_version", "01.00.0000"),
                      .dbms_name = m.text("dbms_name", "Fake"),
                      .dbms_version = m.text("dbms_version", "01.00.0000"),
                      .quote = m.text("quote", "\""),
                      .catalog = m.text("catalog")};
  driver.identifier_case = pick(kCases, m.text("identifier_case", "upper"));
  driver.getdata = SQL_GD_ANY_COLUMN | SQL_GD_ANY_ORDER | SQL_GD_BLOCK | SQL_GD_BOUND;
  if (m.find("getdata") != nullptr) {
    driver.getdata = 0;
    for (const std::string& name : m.texts("getdata")) driver.getdata |= pick(kGetData, name);
  }
  driver.max_array = static_cast<SQLULEN>(m.integer("max_array", 0));
  driver.larger_array = m.text("larger_array", "01S02");
  driver.getdata_in_arrays = m.text("getdata_in_arrays");
  driver.setpos = m.text("setpos");
  driver.has_setpos = driver.setpos != "IM001";
  driver.wide = pick(kWide, m.text("wide", "utf16"));
  driver.no_total = m.boolean("no_total", false);
  driver.catalog_patterns = m.boolean("catalog_patterns", false);
  driver.has_transactions = m.boolean("transactions", true);
  driver.query_id_attribute = static_cast<SQLINTEGER>(m.integer("query_id_attribute", kSnowflakeLastQueryId));
  driver.refused_attributes = m.text_map("refused_attributes");
  return driver;
}

}  // namespace

Script parse_script(const std::string& text) {
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  options.allow_invalid_utf8 = false;
  const json::value value = json::parse(text, {}, options);
  const Members m(value, {"driver", "require", "connect", "tables", "statements"});
  Script script;
  const json::value* driver = m.find("driver");
  script.driver = driver_from(driver == nullptr ? json::value(json::object()) : *driver);
  script.require = m.text_map("require");
  script.connect = m.list<ConnectRule>("connect", connect_from);
  script.tables = m.list<Table>("tables", table_from);
  script.statements = m.list<Rule>("statements", rule_from);
  return script;
}

}  // namespace penstock::fake_odbc
