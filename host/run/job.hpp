// What a run is given to do, and within which limits.
#pragma once

#include "config/definitions.hpp"
#include "plugin/call.hpp"
#include "run/machine.hpp"
#include "run/memory_budget.hpp"
#include "stage/repeat_filter.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace penstock::host {

struct RunLimits {
  int64_t batch_rows = 16384;
  int64_t batch_bytes = 8 << 20;
  int64_t queue_batches = 4;
  std::chrono::nanoseconds call_timeout = std::chrono::minutes(1);
  int64_t rejects_kept = 10000;
  // How long a scan may take to deliver something before its run is recorded as running.
  std::chrono::nanoseconds unrecorded_scan = std::chrono::milliseconds(10);
  // Of a row that the store refused, to be tried again: a larger one is kept without its content, and so is what comes after
  // all of a run's have taken this much.
  int64_t reject_row_bytes = 64 << 10;
  int64_t reject_bytes = 64 << 20;
  std::shared_ptr<MemoryBudget> memory = {};  // shared by all runs; null: no limit but those above
};

// What a run saw that found nothing.
struct EmptyLook {
  Schema schema;  // of the table
  Horizon horizon;
  Window window;  // in which there is no row
};

struct RunProgress {
  RunCounts counts;
  int64_t rows_estimate = -1;  // -1: unknown
  int64_t elapsed_ns = 0;
};

struct RunJob {
  RunRequest request;
  BatchSource source;
  Entity entity;
  std::chrono::nanoseconds ttl{0};  // 0: none
  std::string run_id;
  std::string reason;               // "interval", "manual", "full", …
  int64_t attempt = 1;
  bool dry_run = false;             // read and count, write nothing anywhere
  bool retry_all_rejects = false;   // also those that are not due
  std::shared_ptr<RepeatFilter> repeats;  // the view's, from run to run; null: every row goes to the store
  std::shared_ptr<CancelToken> cancel;
  std::function<void(const RunProgress&)> on_progress;  // on the worker thread, after each batch
  std::function<void()> on_work;            // on the worker thread, once it is known that there is something to write

  // For messages.
  std::string source_label() const { return "batch source \"" + source.name + "\""; }
  std::string store_label() const { return "store \"" + request.view.store + "\""; }
  // For a call to that object.
  CallLimits call_limits(const RunLimits& limits, const std::string& object) const {
    return {limits.call_timeout, cancel, request.view.id.label() + ": " + object};
  }
  bool cancelled() const { return cancel && cancel->cancelled(); }
};

}  // namespace penstock::host
