// What a host remembers between its lives: positions, runs, rejects, applied definitions.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "base/view_id.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

struct PositionRecord {
  Position position;
  std::string store;     // the store's name in the configuration
  std::string store_id;  // the store's own identity when the position was committed
  int64_t fence = 0;
  int64_t committed_at_ns = 0;
  int64_t retried_fence = 0;  // of the last run that tried, or gave up, rows which the store had refused before; 0: none did

  bool operator==(const PositionRecord&) const = default;
};

enum class RunOutcome { running, completed, failed, cancelled, interrupted /* the host died */ };

struct RunRecord {
  std::string run_id;
  ViewId view;
  std::string reason;  // "start", "interval", "manual", "retry", "full"
  int64_t started_at_ns = 0;
  int64_t finished_at_ns = 0;  // 0: not yet
  RunOutcome outcome = RunOutcome::running;
  std::string from;  // position texts; empty: from the beginning
  std::string to;
  int64_t read = 0, written = 0, unchanged = 0, stale = 0, rejected = 0;
  int64_t attempts = 1;
  std::string error;
  std::string guarantee;  // "A", "B", "C", and why
  std::string guarantee_why;
  std::string holder;
  int64_t retried = 0;  // among read: rows that an earlier run's store refused
  int64_t without_cursor = 0;  // rows without a value in the timestamp field, written or skipped

  bool operator==(const RunRecord&) const = default;
};

struct EmptyRun {
  RunRecord record;
  std::optional<PositionRecord> position;  // to be remembered from now on
};

struct RejectRecord {
  ViewId view;
  std::string run_id;
  std::string key;
  std::string column;
  std::string value_class;  // what kind of value it was, never the value itself: "int64 above int32"
  std::string reason;
  int64_t at_ns = 0;

  // Of a row that its store refused, and that a later run tries again.
  bool retryable = false;
  std::string store = {};     // the store's name in the configuration
  std::string store_id = {};  // the store's own identity
  int64_t attempts = 0;       // in vain, after the run that met it
  int64_t retry_at_ns = 0;    // not before this time of the wall clock, which outlives a host as no other does
  std::string order = {};     // the row's order key
  std::string row = {};       // its content, see row_codec.hpp. `rejects` leaves both out

  bool operator==(const RejectRecord&) const = default;
};

// A reject that a run tried again.
struct StoredReject {
  int64_t number = 0;  // never given to another
  RejectRecord record;
};

struct RetriedReject {
  int64_t number = 0;
  bool resolved = false;  // the row is in the store, or something newer is: the reject goes
  // Otherwise what is known of it now. Not `retryable`: its content goes.
  bool retryable = false;
  std::string column = {}, reason = {};
  int64_t attempts = 0;
  int64_t retry_at_ns = 0;

  bool operator==(const RetriedReject&) const = default;
};

// A later time of the next try than this from now means that the clock was set back: the reject is due.
inline constexpr int64_t kRejectRetryDelayMaxNs = 3'600'000'000'000;

struct StoredDefinition {
  std::string kind, name;
  int32_t version = 0;
  std::string json;
  int64_t applied_at_ns = 0;

  bool operator==(const StoredDefinition&) const = default;
};

// Thread-safe. The message of a failure names the state. Every function that changes something returns only when the change is on disk, or fails and has changed nothing.
// Each may wait for the disk, and up to 5 seconds for another process: not for the event loop. A full or read-only disk is a
// Failure with PENSTOCK_RETRY_AFTER, and the same call works when there is room again.
class State {
 public:
  virtual ~State() = default;

  virtual Result<std::optional<PositionRecord>> position(const ViewId&) = 0;
  virtual Result<void> forget_position(const ViewId&) = 0;

  // A run id is used once: one that is known already, for another view or as ended, is refused.
  virtual Result<void> start_run(const RunRecord&) = 0;
  // Progress of a run that goes on, NOT_FOUND for any other.
  virtual Result<void> update_run(const RunRecord&) = 0;
  // The rejects of a run that goes on; finish_run replaces them.
  virtual Result<void> save_rejects(const RunRecord&, const std::vector<RejectRecord>&) = 0;
  // The end of a run, its rejects and (completed, durable store) the new position, in one transaction. Trims history and
  // rejects to the limits given at opening. The run need not have been started here; finishing it again replaces what it left
  // the first time. Rejects are kept under this run, whatever they say; of its texts and theirs, 8 KiB each. A row to be tried
  // again takes the place of what the same store refused before of the same key with a lesser order key. `retried` changes only what is still there.
  virtual Result<void> finish_run(const RunRecord&, const std::vector<RejectRecord>&, const std::optional<PositionRecord>&,
                                  const std::vector<RetriedReject>& retried = {}) = 0;
  // As finish_run for each of these, which found nothing and were not started here, all in one transaction. Of each view the
  // history is trimmed now and then only.
  virtual Result<void> finish_empty_runs(const std::vector<EmptyRun>&) = 0;
  // Marks runs that a former host left as running: interrupted.
  virtual Result<void> close_interrupted_runs(int64_t now_ns) = 0;

  // Newest first: the order of the starts, whatever the clock said. No view: of all views.
  virtual Result<std::vector<RunRecord>> history(const std::optional<ViewId>&, int64_t limit) = 0;
  virtual Result<std::vector<RejectRecord>> rejects(const std::optional<ViewId>&, int64_t limit) = 0;
  // Those of a view and a store to be tried again that are due, oldest first, numbers above `after`.
  virtual Result<std::vector<StoredReject>> due_rejects(const ViewId&, const std::string& store, int64_t now_ns, int64_t after, int64_t limit) = 0;
  virtual Result<int64_t> count_rejects(const ViewId&) = 0;
  virtual Result<int64_t> drop_rejects(const ViewId&) = 0;

  virtual Result<std::vector<StoredDefinition>> definitions() = 0;
  // Replaces all definitions in one transaction; they keep their order. INVALID_ARGUMENT when one is given twice.
  virtual Result<void> replace_definitions(const std::vector<StoredDefinition>&) = 0;
  // A number that grows whenever any process replaces the definitions.
  virtual Result<int64_t> definitions_version() = 0;
};

struct StateLimits {
  int64_t history_runs = 1000;   // a view; at least one
  int64_t rejects_kept = 10000;  // a view
};

// Opens or makes <directory>/state.db. The directory is made with mode 0700; one that is a symlink, belongs to another user
// or is accessible by others is refused. A corrupt or newer-versioned database is a Failure that says what to do.
Result<std::unique_ptr<State>> open_state(const std::filesystem::path& directory, const StateLimits& limits);

// The same without making anything, for commands that only look, while a host runs or not: NOT_FOUND when there is none. What
// changes something fails. Works on a read-only file system as long as the last host ended in order.
Result<std::unique_ptr<State>> open_state_read_only(const std::filesystem::path& directory);

// Held by the one host of a state directory; released by the destructor or the end of the process.
class HostLock {
 public:
  virtual ~HostLock() = default;
};

// FAILED_PRECONDITION, naming the pid that holds it, when another host has the directory. Makes the directory as open_state().
Result<std::unique_ptr<HostLock>> lock_state(const std::filesystem::path& directory);

// The pid of the host that holds the directory, or 0.
int64_t lock_holder(const std::filesystem::path& directory);

}  // namespace penstock::host
