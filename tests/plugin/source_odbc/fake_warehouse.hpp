// The connector opened on the fake driver.
#pragma once

#include "support/fake_odbc.hpp"
#include "warehouse.hpp"

#include <string>

namespace penstock::test {

// A table "S"."T" of ID and AT, and of NAME, of which a cell of 128 units is not enough for every value.
inline constexpr const char* kTable = R"({"catalog": "DB", "schema": "S", "name": "T", "columns": [
  {"name": "ID", "type": "bigint", "type_name": "BIGINT", "size": 19},
  {"name": "NAME", "type": "wvarchar", "type_name": "VARCHAR", "size": 16000},
  {"name": "AT", "type": "timestamp", "type_name": "TIMESTAMP", "size": 29, "digits": 9}]})";

// A rule for the scan of ID and NAME of that table; `more` is the rest of the rule, with the rows.
inline std::string scan_rule(const std::string& more) {
  return R"({"match": "SELECT .* FROM .*\"T\".*", "columns": [{"name": "ID", "type": "bigint"}, {"name": "NAME", "type": "wvarchar", "size": 16000}], )" +
         more + "}";
}

inline std::string ten_rows(const std::string& more = {}) {
  return scan_rule(R"("generate": {"rows": 10, "row": [{"n": 1}, "name {n}"]})" + (more.empty() ? "" : ", " + more));
}

inline const std::string kPing = R"({"match": "SELECT 1", "columns": [{"name": "1", "type": "integer"}], "rows": [[1]]})";

struct FakeWarehouse : SourceDriver {
  static Given with_login(const FakeOdbc& fake, Given options) {
    options.emplace("dsn", fake.connection_string("UID=penstock;"));
    options.emplace("password", PostgresServer::kPassword);
    return options;
  }
  explicit FakeWarehouse(const FakeOdbc& fake, const Given& options = {}) : SourceDriver(odbc(), with_login(fake, options)) {}
};

inline ScanSpec scan_of_t() {
  return {.table = {.schema = "S", .table = "T", .database = "DB"}, .columns = {"ID", "NAME"}, .cursor = {.column = "AT", .timezone = "UTC"}};
}

inline size_t read_to_the_end(ScanDriver& scan) {
  size_t rows = 0;
  for (int64_t n; (n = scan.next_length()) >= 0;) rows += static_cast<size_t>(n);
  return rows;
}

}  // namespace penstock::test
