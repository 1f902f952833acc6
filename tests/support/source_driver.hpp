// Drives a source connector through the C ABI and shows what it delivers as text.
#pragma once

#include "support/fake_host.hpp"

#include <penstock/reader.hpp>
#include <penstock/schema.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace penstock::test {

using Rows = std::vector<std::vector<std::string>>;

// What the connector reported.
class SourceFailure : public std::runtime_error {
 public:
  explicit SourceFailure(RecordedError recorded) : std::runtime_error(recorded.message), error(std::move(recorded)) {}
  RecordedError error;
};

struct TableSpec {
  std::string schema = {}, table = {}, query = {}, database = {};
  std::map<std::string, std::string> options = {};
};

struct CursorSpec {
  std::string column = "at";
  std::string timezone = {};
  int64_t lag_ns = 0;
  int32_t kind = PENSTOCK_CURSOR_TIMESTAMP;
};

struct ScanSpec {
  TableSpec table;
  std::vector<std::string> columns;
  CursorSpec cursor = {};
  std::optional<int64_t> since = {};
  int64_t until = INT64_MAX;
  std::vector<std::string> keys = {};
  bool include_null_cursor = false;
  int64_t batch_rows = 1000;
  int64_t batch_bytes = 1 << 20;
  std::string since_detail = {};
};

struct HorizonResult {
  int64_t ordinal = 0;
  std::string text, detail, why, holder;
  int32_t guarantee = 0;
};

struct PlanResult {
  std::vector<std::string> tokens;
  std::string statement;
  int64_t rows_estimate = -1;
  int64_t cursor_unit_ns = 0;
  std::string advice = {};
};

// A scan in progress; the call belongs to it.
class OpenScan {
 public:
  OpenScan() = default;
  OpenScan(const OpenScan&) = delete;
  OpenScan& operator=(const OpenScan&) = delete;
  ~OpenScan() { release(); }

  void release();
  const Schema& schema() const { return schema_; }
  // The next batch as text, or nothing at the end. Throws SourceFailure.
  std::optional<Rows> next();
  // Skips the values; the batch's length, or -1 at the end.
  int64_t next_length();

  FakeCall call;
  uint32_t honoured = 0;
  int64_t rows_estimate = -1;
  int64_t cursor_unit_ns = 0;
  std::string statement;

 private:
  friend class OpenSource;
  bool next_array(ArrowArray* array);

  ArrowArrayStream stream_{};
  Schema schema_;
};

// An opened connector. Every function throws SourceFailure with what the connector reported.
class OpenSource {
 public:
  OpenSource(const penstock_component& component, const std::map<std::string, std::string>& options);
  // As above, within a call that the test made: to cancel it or to give it a deadline.
  OpenSource(const penstock_component& component, const std::map<std::string, std::string>& options, FakeCall& call);
  ~OpenSource();
  OpenSource(const OpenSource&) = delete;
  OpenSource& operator=(const OpenSource&) = delete;

  void ping();
  void ping(FakeCall& call);
  Schema describe(const TableSpec& table);
  std::vector<std::string> list_tables();  // "database.schema.table"
  HorizonResult horizon(const TableSpec& table, const CursorSpec& cursor = {});
  PlanResult plan(const ScanSpec& spec);
  // Starts a scan in `scan`, with its call.
  void start(const ScanSpec& spec, OpenScan& scan);
  // All rows of a scan as text.
  Rows scan(const ScanSpec& spec);

 private:
  const penstock_component& component_;
  const penstock_source_vtab* vtab_;
  penstock_source* source_ = nullptr;
};

// The outcome of the component's offline check of its options.
RecordedError validate_options(const penstock_component& component, const std::map<std::string, std::string>& options);

std::vector<std::string> formats_of(const Schema& schema);  // "name:arrow format"

}  // namespace penstock::test
