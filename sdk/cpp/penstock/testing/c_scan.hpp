// What a source is asked, as plain values and as the C structs that say it.
#pragma once

#include <penstock/error.hpp>
#include <penstock/module.h>
#include <penstock/testing/fake_options.hpp>

#include <limits>
#include <optional>

namespace penstock::testing {

struct TableSpec {
  std::string schema = {}, table = {}, query = {}, database = {};
  std::map<std::string, std::string> options = {};
  const penstock_options* given = nullptr;  // in place of `options`: as they are, borrowed
};

struct CursorSpec {
  std::string column = "at";
  std::string timezone = {};
  int64_t lag_ns = 0;
  int32_t kind = PENSTOCK_CURSOR_TIMESTAMP;
};

struct ScanSpec {
  TableSpec table = {};
  std::vector<std::string> columns = {};
  CursorSpec cursor = {};
  std::optional<int64_t> since = {};
  int64_t until = std::numeric_limits<int64_t>::max();
  std::vector<std::string> keys = {};
  bool include_null_cursor = false;
  int64_t batch_rows = 1000;
  int64_t batch_bytes = 1 << 20;
  std::string since_detail = {};
  std::string until_detail = {};
};

// These point into the spec, which must outlive them.
class CTable {
 public:
  CTable(const penstock_component& component, const TableSpec& spec, const HostShape& shape)
      : options_(component.table_options, component.n_table_options, spec.options, shape),
        table_(shape, {0, 0, to_c(spec.database), to_c(spec.schema), to_c(spec.table), to_c(spec.query), spec.given != nullptr ? spec.given : options_.get()}) {}
  CTable(const CTable&) = delete;
  CTable& operator=(const CTable&) = delete;
  const penstock_table* get() const { return table_.get(); }

 private:
  FakeOptions options_;
  HostStruct<penstock_table> table_;
};

class CCursor {
 public:
  CCursor(const CursorSpec& spec, const HostShape& shape)
      : cursor_(shape, {0, spec.kind, to_c(spec.column), to_c(spec.timezone), spec.lag_ns}) {}
  const penstock_cursor* get() const { return cursor_.get(); }

 private:
  HostStruct<penstock_cursor> cursor_;
};

class CScan {
 public:
  CScan(const penstock_component& component, const ScanSpec& spec, const HostShape& shape)
      : table_(component, spec.table, shape), cursor_(spec.cursor, shape),
        since_(shape, {0, 0, spec.since.value_or(0), to_bytes(spec.since_detail), {}}),
        until_(shape, {0, 0, spec.until, to_bytes(spec.until_detail), {}}), scan_(shape, {}) {
    for (const std::string& column : spec.columns) columns_.push_back(to_c(column));
    for (const std::string& key : spec.keys) keys_.push_back(to_c(key));
    penstock_scan& scan = *scan_.get();
    scan.null_cursor = spec.include_null_cursor ? PENSTOCK_NULL_CURSOR_INCLUDE : PENSTOCK_NULL_CURSOR_EXCLUDE;
    scan.table = table_.get();
    scan.cursor = cursor_.get();
    scan.since = spec.since ? since_.get() : nullptr;
    scan.until = until_.get();
    scan.columns = columns_.data();
    scan.n_columns = columns_.size();
    scan.key_columns = keys_.data();
    scan.n_key_columns = keys_.size();
    scan.batch_rows = spec.batch_rows;
    scan.batch_bytes = spec.batch_bytes;
  }
  CScan(const CScan&) = delete;
  CScan& operator=(const CScan&) = delete;
  const penstock_scan* get() const { return scan_.get(); }

 private:
  CTable table_;
  CCursor cursor_;
  HostStruct<penstock_position> since_, until_;
  std::vector<penstock_str> columns_, keys_;
  HostStruct<penstock_scan> scan_;
};

}  // namespace penstock::testing
