// What a test wants the driver to say; README.md describes the file.
#pragma once

#include "value.hpp"

#include <boost/json/value.hpp>
#include <boost/regex.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::fake_odbc {

struct Column {
  std::string name;
  SQLSMALLINT sql_type = SQL_VARCHAR;
  std::string type_name = {};
  SQLULEN size = 0;
  SQLSMALLINT digits = 0;
  bool nullable = true;
  bool is_unsigned = false;
};

struct Table {
  std::string catalog, schema, name, type;
  std::vector<Column> columns;
};

struct Fault {
  std::string sqlstate;
  SQLINTEGER native = 0;
  std::string message = {};
  std::optional<int64_t> before_row = {};  // at execute when it is not there
  bool row_only = false;              // reported as the status of that row, not as the outcome of the fetch
  bool ends_connection = false;       // whatever is asked later on the connection fails in the same way
};

struct Stall {
  std::optional<int64_t> before_row = {};
  bool ignores_timeout = false;
};

struct Rule {
  boost::regex match;
  std::optional<int64_t> times;
  std::vector<Column> columns;
  int64_t rows = 0;
  std::function<Row(int64_t)> row;
  SQLLEN row_count = -1;
  std::vector<Fault> faults;
  std::vector<Stall> stalls;
  std::chrono::milliseconds delay{0}, row_delay{0};
  std::string query_id;
};

struct ConnectRule {
  std::optional<int64_t> nth;  // from 1; every connect when it is not there
  std::chrono::milliseconds delay{0};
  std::optional<Fault> fault;
};

struct DriverTraits {
  std::string driver_name, driver_version, dbms_name, dbms_version, quote, catalog;
  SQLUSMALLINT identifier_case = SQL_IC_UPPER;
  SQLUINTEGER getdata = 0;
  SQLULEN max_array = 0;       // 0: any
  std::string larger_array = {};    // 01S02: max_array instead; else refused with this SQLSTATE
  std::string getdata_in_arrays = {};  // empty: allowed; else refused with this SQLSTATE where the row array is larger than 1
  bool has_setpos = true;
  std::string setpos = {};  // empty: works; else refused with this SQLSTATE
  Wide wide = Wide::utf16;
  bool no_total = false;
  bool catalog_patterns = false;
  bool has_transactions = true;
  SQLINTEGER query_id_attribute = 0;
  std::map<std::string, std::string> refused_attributes = {};  // name, SQLSTATE
};

struct Script {
  DriverTraits driver;
  std::map<std::string, std::string> require;  // connection string keys and their values
  std::vector<ConnectRule> connect;
  std::vector<Table> tables;
  std::vector<Rule> statements;
};

// Throws std::exception when it is not a script.
Script parse_script(const std::string& text);

// A cell, or what "generate" makes of it for row `n`.
Value value_from(const boost::json::value& cell, int64_t n);

}  // namespace penstock::fake_odbc
