// A source as the host sees it. The real one stands in front of a plugin (proxy.hpp) and trusts nothing that it answers;
// tests and the simulator have their own.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "batch/batch.hpp"
#include "plugin/call.hpp"

#include <penstock/source.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

class ResolvedOptions;

struct TableRef {
  std::string database, schema, table, query;
  const ResolvedOptions* options = nullptr;  // borrowed; null: none

  std::string label() const;  // `table "S"."T"` or `query`
};

struct CursorRef {
  int32_t kind = PENSTOCK_CURSOR_TIMESTAMP;
  std::string column;
  std::string timezone;
  int64_t lag_ns = 0;
};

enum class GuaranteeClass : int32_t { a = PENSTOCK_CLASS_A, b = PENSTOCK_CLASS_B, c = PENSTOCK_CLASS_C };

struct Horizon {
  Position position;
  GuaranteeClass guarantee = GuaranteeClass::c;
  std::string why;
  std::string holder;  // empty, or who holds the position back
};

struct ScanRequest {
  TableRef table;
  CursorRef cursor;
  std::optional<Position> since;  // exclusive
  Position until;                 // inclusive
  std::vector<std::string> columns;
  std::vector<std::string> key_columns;
  bool include_null_cursor = false;
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;
  bool advise = false;  // plan also looks for what makes the scan slow
};

struct ScanPlan {
  std::vector<std::string> partitions;
  std::string statement;
  int64_t cursor_unit_ns = 0;  // of a cursor that is an integer: what it counts since 1970; 0: the source did not say
  std::string advice = {};     // what makes the scan slow, and the remedy; empty: nothing, or not asked for
};

// The rows of one partition. Every batch has been validated.
class BatchStream {
 public:
  virtual ~BatchStream() = default;
  virtual const Schema& schema() const = 0;
  virtual uint32_t honoured() const = 0;        // PENSTOCK_HONOURED_*
  virtual int64_t rows_estimate() const = 0;    // -1: unknown
  virtual int64_t cursor_unit_ns() const { return 0; }  // as in ScanPlan
  // The next batch, or nothing at the end.
  virtual Result<std::optional<Batch>> next() = 0;
};

class Source {
 public:
  virtual ~Source() = default;  // closes
  virtual Result<void> ping(const CallLimits&) = 0;
  virtual Result<Schema> describe(const CallLimits&, const TableRef&) = 0;
  virtual Result<Horizon> horizon(const CallLimits&, const TableRef&, const CursorRef&) = 0;
  virtual Result<ScanPlan> plan(const CallLimits&, const ScanRequest&) = 0;
  // The limits hold for starting the scan and then for each next().
  virtual Result<std::unique_ptr<BatchStream>> scan(const CallLimits&, const ScanRequest&, const std::string& partition) = 0;
};

}  // namespace penstock::host
