// A source as a check uses it: every call is answered with what came of it, and what the source hands out is checked before it is read.
#pragma once

#include "conformance/session.hpp"

#include <penstock/schema.hpp>
#include <penstock/testing/c_scan.hpp>
#include <penstock/testing/source_driver.hpp>

#include <optional>
#include <string>
#include <vector>

namespace penstock::host::conformance {

using testing::CursorSpec;
using testing::HorizonResult;
using testing::PlanResult;
using testing::ScanSpec;
using testing::TableSpec;
using testing::TextRows;

// The table, cursor and columns that the quirks file says to try the source on.
class ScanSubject {
 public:
  // Ends the check as skipped when the quirks file names no batch source.
  explicit ScanSubject(Session& session);

  const TableSpec& table() const { return table_; }
  const CursorSpec& cursor() const { return cursor_; }
  // Everything of the table up to `until`, with these columns; the key columns are those of the quirks file.
  ScanSpec scan(const HorizonResult& until, std::vector<std::string> columns) const;

 private:
  const ResolvedOptions given_;
  const ShapedOptions options_;
  TableSpec table_;
  CursorSpec cursor_;
  std::vector<std::string> keys_;
};

// A scan with its call and its stream. It must end before its source.
class TrialScan {
 public:
  // `given`: used in place of a call of its own, so that a check can cancel it.
  explicit TrialScan(Session& session, FakeCall* given = nullptr) : session_(session), own_call_(session.shape()), call(given == nullptr ? own_call_ : *given) {}
  TrialScan(const TrialScan&) = delete;
  TrialScan& operator=(const TrialScan&) = delete;
  ~TrialScan() { release(); }

  // Of the stream; empty until it was read. An unusable schema or array ends the check as failed.
  const Schema& schema() const { return schema_; }
  Answer read_schema();
  // The next array, which the caller releases; its release is NULL at the end. It fits the schema.
  Answer next_array(ArrowArray& array);
  // Appends the rows of the next array as text; `more` is false at the end.
  Answer next(TextRows& rows, bool& more);
  // Appends the rest, up to the end or an error.
  Answer rest(TextRows& rows);
  void release();

 private:
  friend class TrialSource;
  penstock_status stream_status(int code) const;

  Session& session_;
  FakeCall own_call_;
  ArrowArrayStream stream_{};
  Schema schema_;

 public:
  FakeCall& call;
  uint32_t honoured = 0;
  int64_t rows_estimate = -1;
  int64_t cursor_unit_ns = 0;
  std::string statement;
};

// Functions that take a call use it in place of a new one, so that a check can cancel it.
class TrialSource {
 public:
  // Opened with the options of the quirks file; ends the check as failed if that fails.
  explicit TrialSource(Session& session);
  // Opened with these; `opened` says whether it was, and nothing else may be called if it was not.
  TrialSource(Session& session, const OptionSet& options, Answer& opened, FakeCall* call = nullptr);
  // Closed.
  ~TrialSource() { close(); }
  TrialSource(const TrialSource&) = delete;
  TrialSource& operator=(const TrialSource&) = delete;

  void close();
  Answer ping(FakeCall* call = nullptr);
  Answer describe(const TableSpec& spec, Schema& out, FakeCall* call = nullptr);
  Answer list_tables(std::vector<std::string>& out, FakeCall* call = nullptr);  // "database.schema.table"
  Answer horizon(const TableSpec& spec, const CursorSpec& cursor, HorizonResult& out, FakeCall* call = nullptr);
  Answer plan(const ScanSpec& spec, PlanResult& out, FakeCall* call = nullptr);
  // Starts the scan and reads the stream's schema.
  Answer start(const ScanSpec& spec, const std::string& token, TrialScan& out);

  // The same where only success will do: anything else ends the check as failed.
  Schema describe(const TableSpec& spec);
  HorizonResult horizon(const TableSpec& spec, const CursorSpec& cursor);
  PlanResult plan(const ScanSpec& spec);
  // All rows of all partitions of the plan, in its order.
  TextRows read(const ScanSpec& spec);

  penstock_source* object() const { return source_; }
  const penstock_source_vtab& vtab() const { return *vtab_; }

 private:
  Session& session_;
  const penstock_source_vtab* vtab_;
  penstock_source* source_ = nullptr;
};

// "id", "at" … of the schema.
std::vector<std::string> names_of(const Schema& schema);

}  // namespace penstock::host::conformance
