#include "state/sqlite_state.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <sqlite3.h>
#include <utility>

namespace penstock::host {
namespace {

// A text of a run or reject is for people: more than this of it is cut off.
constexpr size_t kTextBytesKept = 8 * 1024;
// Positions and definitions are never cut: a larger one is refused. The ABI allows 4 KiB for a position's detail.
constexpr size_t kPositionBytesMax = 64 * 1024;
constexpr size_t kDefinitionBytesMax = 16 << 20;

constexpr std::array<std::pair<RunOutcome, std::string_view>, 5> kOutcomes = {{{RunOutcome::running, "running"},
                                                                               {RunOutcome::completed, "completed"},
                                                                               {RunOutcome::failed, "failed"},
                                                                               {RunOutcome::cancelled, "cancelled"},
                                                                               {RunOutcome::interrupted, "interrupted"}}};

std::string_view to_text(RunOutcome outcome) {
  for (const auto& [known, text] : kOutcomes) {
    if (known == outcome) return text;
  }
  return "failed";
}

RunOutcome to_outcome(std::string_view text) {
  for (const auto& [outcome, known] : kOutcomes) {
    if (known == text) return outcome;
  }
  return RunOutcome::failed;
}

// At most kTextBytesKept bytes, cut between characters.
std::string_view kept(std::string_view text) {
  if (text.size() <= kTextBytesKept) return text;
  size_t size = kTextBytesKept;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

#define RUN_COLUMNS                                                                                                        \
  "run_id, view, version, reason, started_at_ns, finished_at_ns, outcome, position_from, position_to, rows_read, "         \
  "rows_written, rows_unchanged, rows_stale, rows_rejected, attempts, error, guarantee, guarantee_why, holder, rows_retried, "         \
  "rows_without_cursor"
#define REJECT_COLUMNS                                                                                                      \
  "view, version, run_id, key, field, value_class, reason, at_ns, store, store_id, attempts, retry_at_ns"
// A run that is there already: its number, and so its place in the history, stays.
#define RUN_UPSERT                                                                                                         \
  "INSERT INTO run (" RUN_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "             \
  "ON CONFLICT (run_id) DO UPDATE SET reason = excluded.reason, started_at_ns = excluded.started_at_ns, "                  \
  "finished_at_ns = excluded.finished_at_ns, outcome = excluded.outcome, position_from = excluded.position_from, "         \
  "position_to = excluded.position_to, rows_read = excluded.rows_read, rows_written = excluded.rows_written, "             \
  "rows_unchanged = excluded.rows_unchanged, rows_stale = excluded.rows_stale, rows_rejected = excluded.rows_rejected, "   \
  "attempts = excluded.attempts, error = excluded.error, guarantee = excluded.guarantee, "                                 \
  "guarantee_why = excluded.guarantee_why, holder = excluded.holder, "                              \
  "rows_retried = excluded.rows_retried, rows_without_cursor = excluded.rows_without_cursor WHERE view = excluded.view AND version = excluded.version"

void bind_run(Query& query, const RunRecord& run) {
  query.bind(run.run_id);
  query.bind(run.view.name);
  query.bind(run.view.version);
  query.bind(kept(run.reason));
  query.bind(run.started_at_ns);
  query.bind(run.finished_at_ns);
  query.bind(to_text(run.outcome));
  query.bind(kept(run.from));
  query.bind(kept(run.to));
  for (const int64_t number : {run.read, run.written, run.unchanged, run.stale, run.rejected, run.attempts}) query.bind(number);
  for (const std::string* text : {&run.error, &run.guarantee, &run.guarantee_why, &run.holder}) query.bind(kept(*text));
  query.bind(run.retried);
  query.bind(run.without_cursor);
}

RunRecord read_run(Query& query) {
  RunRecord run;
  run.run_id = query.text(0);
  run.view = {query.text(1), static_cast<int32_t>(query.integer(2))};
  run.reason = query.text(3);
  run.started_at_ns = query.integer(4);
  run.finished_at_ns = query.integer(5);
  run.outcome = to_outcome(query.text(6));
  run.from = query.text(7);
  run.to = query.text(8);
  int column = 9;
  for (int64_t* number : {&run.read, &run.written, &run.unchanged, &run.stale, &run.rejected, &run.attempts}) {
    *number = query.integer(column++);
  }
  for (std::string* text : {&run.error, &run.guarantee, &run.guarantee_why, &run.holder}) *text = query.text(column++);
  run.retried = query.integer(column++);
  run.without_cursor = query.integer(column);
  return run;
}

RejectRecord read_reject(Query& query) {
  RejectRecord reject;
  reject.view = {query.text(0), static_cast<int32_t>(query.integer(1))};
  reject.run_id = query.text(2);
  reject.key = query.text(3);
  reject.column = query.text(4);
  reject.value_class = query.text(5);
  reject.reason = query.text(6);
  reject.at_ns = query.integer(7);
  reject.store = query.text(8);
  reject.store_id = query.text(9);
  reject.attempts = query.integer(10);
  reject.retry_at_ns = query.integer(11);
  reject.retryable = query.integer(12) != 0;
  return reject;
}

StoredReject read_stored_reject(Query& query) {
  StoredReject stored{query.integer(13), read_reject(query)};
  stored.record.order = query.text(14);
  stored.record.row = query.text(15);
  return stored;
}

// All rows of a query, or its failure.
template <class Record>
Result<std::vector<Record>> read_all(Query& query, Record (*read)(Query&)) {
  std::vector<Record> records;
  while (query.next()) records.push_back(read(query));
  if (auto outcome = query.outcome(); !outcome) return outcome.failure();
  return records;
}

// Counting the runs of a view up to the limit costs more than writing one down. About every sixteenth number, in no order, so that
// views that are always recorded one after the other have their turns.
bool is_time_to_trim(int64_t number) { return (static_cast<uint64_t>(number) * 0x9e3779b97f4a7c15u) >> 60 == 0; }

std::string run_label(const RunRecord& run) { return "run " + run.run_id + " of " + run.view.label(); }

class SqliteState final : public State {
 public:
  SqliteState(std::unique_ptr<Database> database, const StateLimits& limits)
      : limits_{std::max<int64_t>(limits.history_runs, 1), std::max<int64_t>(limits.rejects_kept, 0)},
        database_(std::move(database)) {}

  Result<std::optional<PositionRecord>> position(const ViewId& view) override {
    return locked("read the position of " + view.label(), [&] { return read_position(view); });
  }

  Result<void> forget_position(const ViewId& view) override {
    return locked("forget the position of " + view.label(), [&] {
      return Query(*database_, "DELETE FROM position WHERE view = ? AND version = ?", view.name, view.version).run();
    });
  }

  Result<void> start_run(const RunRecord& run) override {
    return locked("record the start of " + run_label(run), [&]() -> Result<void> {
      Query query(*database_, RUN_UPSERT " AND outcome = 'running'");
      bind_run(query, run);
      if (auto saved = query.run(); !saved) return saved;
      if (database_->changes() == 0) return internal("a run of that id is already recorded, for another view or as ended");
      return {};
    });
  }

  Result<void> update_run(const RunRecord& run) override {
    return locked("record the progress of " + run_label(run), [&] { return save_progress(run); });
  }

  Result<void> save_rejects(const RunRecord& run, const std::vector<RejectRecord>& rejects) override {
    return locked("record the rejects of " + run_label(run), [&] {
      return database_->in_transaction([&]() -> Result<void> {
        if (auto saved = replace_rejects(run, rejects); !saved) return saved;
        return trim(run.view);
      });
    });
  }

  Result<void> finish_run(const RunRecord& run, const std::vector<RejectRecord>& rejects,
                          const std::optional<PositionRecord>& position, const std::vector<RetriedReject>& retried) override {
    return locked("record the end of " + run_label(run), [&] {
      return database_->in_transaction([&]() -> Result<void> {
        if (auto saved = save_run(run); !saved) return saved;
        for (const RetriedReject& reject : retried) {
          if (auto saved = save_retried(run.view, reject); !saved) return saved;
        }
        if (auto saved = replace_rejects(run, rejects); !saved) return saved;
        if (position) {
          if (auto saved = save_position(run.view, *position); !saved) return saved;
        }
        return trim(run.view);
      });
    });
  }

  Result<void> finish_empty_runs(const std::vector<EmptyRun>& runs) override {
    return locked("record the ends of " + std::to_string(runs.size()) + " runs that found nothing", [&] {
      return database_->in_transaction([&]() -> Result<void> {
        for (const EmptyRun& run : runs) {
          if (auto saved = save_run(run.record); !saved) return std::move(saved.failure()).in(run_label(run.record));
          const bool trims = is_time_to_trim(database_->last_row());
          if (run.position) {
            if (auto saved = save_position(run.record.view, *run.position); !saved) return std::move(saved.failure()).in(run_label(run.record));
          }
          if (trims) {
            if (auto trimmed = trim_runs(run.record.view); !trimmed) return trimmed;
          }
        }
        return {};
      });
    });
  }

  Result<void> close_interrupted_runs(int64_t now_ns) override {
    return locked("close the runs of a former host", [&] {
      return Query(*database_, "UPDATE run SET outcome = 'interrupted', finished_at_ns = ? WHERE outcome = 'running'",
                   now_ns)
          .run();
    });
  }

  Result<std::vector<RunRecord>> history(const std::optional<ViewId>& view, int64_t limit) override {
    return locked("read the history of runs", [&] {
      const int64_t rows = std::max<int64_t>(limit, 0);
      if (!view) {
        Query query(*database_, "SELECT " RUN_COLUMNS " FROM run ORDER BY number DESC LIMIT ?", rows);
        return read_all(query, read_run);
      }
      Query query(*database_,
                  "SELECT " RUN_COLUMNS " FROM run WHERE view = ? AND version = ? ORDER BY number DESC LIMIT ?",
                  view->name, view->version, rows);
      return read_all(query, read_run);
    });
  }

  Result<std::vector<RejectRecord>> rejects(const std::optional<ViewId>& view, int64_t limit) override {
    return locked("read the rejects", [&] {
      const int64_t rows = std::max<int64_t>(limit, 0);
      if (!view) {
        Query query(*database_, "SELECT " REJECT_COLUMNS ", content IS NOT NULL FROM reject ORDER BY number DESC LIMIT ?", rows);
        return read_all(query, read_reject);
      }
      Query query(*database_,
                  "SELECT " REJECT_COLUMNS ", content IS NOT NULL FROM reject WHERE view = ? AND version = ? ORDER BY number DESC LIMIT ?",
                  view->name, view->version, rows);
      return read_all(query, read_reject);
    });
  }

  Result<std::vector<StoredReject>> due_rejects(const ViewId& view, const std::string& store, int64_t now_ns, int64_t after,
                                                int64_t limit) override {
    return locked("read the rejects to be tried again of " + view.label(), [&] {
      Query query(*database_,
                  "SELECT " REJECT_COLUMNS ", 1, number, order_key, content FROM reject "
                  "WHERE view = ? AND version = ? AND store = ? AND number > ? AND content IS NOT NULL "
                  "AND (retry_at_ns <= ?5 OR retry_at_ns - ?6 > ?5) ORDER BY number LIMIT ?7",
                  view.name, view.version, store, after, now_ns, kRejectRetryDelayMaxNs, std::max<int64_t>(limit, 0));
      return read_all(query, read_stored_reject);
    });
  }

  Result<int64_t> count_rejects(const ViewId& view) override {
    return locked("count the rejects of " + view.label(), [&] {
      return read_number("SELECT count(*) FROM reject WHERE view = ? AND version = ?", view.name, view.version);
    });
  }

  Result<int64_t> drop_rejects(const ViewId& view) override {
    return locked("drop the rejects of " + view.label(), [&]() -> Result<int64_t> {
      auto dropped = Query(*database_, "DELETE FROM reject WHERE view = ? AND version = ?", view.name, view.version).run();
      if (!dropped) return dropped.failure();
      return database_->changes();
    });
  }

  Result<std::vector<StoredDefinition>> definitions() override {
    return locked("read the applied definitions", [&] {
      Query query(*database_, "SELECT kind, name, version, json, applied_at_ns FROM definition ORDER BY number");
      return read_all<StoredDefinition>(query, [](Query& row) {
        return StoredDefinition{row.text(0), row.text(1), static_cast<int32_t>(row.integer(2)), row.text(3), row.integer(4)};
      });
    });
  }

  Result<void> replace_definitions(const std::vector<StoredDefinition>& definitions) override {
    return locked("replace the applied definitions", [&] {
      return database_->in_transaction([&]() -> Result<void> {
        if (auto deleted = Query(*database_, "DELETE FROM definition").run(); !deleted) return deleted;
        for (const StoredDefinition& definition : definitions) {
          if (auto saved = save_definition(definition); !saved) {
            return std::move(saved.failure()).in(definition.kind + " \"" + definition.name + "\"");
          }
        }
        return Query(*database_, "UPDATE counter SET value = value + 1 WHERE name = 'definitions'").run();
      });
    });
  }

  Result<int64_t> definitions_version() override {
    return locked("read the version of the applied definitions",
                  [&] { return read_number("SELECT value FROM counter WHERE name = 'definitions'"); });
  }

 private:
  // One call at a time; a failure says which file and what was going on.
  template <class Work>
  auto locked(const std::string& action, Work work) -> decltype(work()) {
    const std::lock_guard lock(mutex_);
    auto result = work();
    if (!result.ok()) return std::move(result.failure()).in(action).in("state \"" + database_->path().string() + "\"");
    return result;
  }

  template <class... Values>
  Result<int64_t> read_number(const char* sql, const Values&... values) {
    Query query(*database_, sql, values...);
    const int64_t number = query.next() ? query.integer(0) : 0;
    if (auto outcome = query.outcome(); !outcome) return outcome.failure();
    return number;
  }

  Result<std::optional<PositionRecord>> read_position(const ViewId& view) {
    Query query(*database_,
                "SELECT ordinal, detail, text, store, store_id, fence, committed_at_ns, retried_fence FROM position "
                "WHERE view = ? AND version = ?",
                view.name, view.version);
    std::optional<PositionRecord> record;
    if (query.next()) {
      const Position position{query.integer(0), query.text(1), query.text(2)};
      record = PositionRecord{position, query.text(3), query.text(4), query.integer(5), query.integer(6), query.integer(7)};
    }
    if (auto outcome = query.outcome(); !outcome) return outcome.failure();
    return record;
  }

  Result<void> save_position(const ViewId& view, const PositionRecord& record) {
    if (record.position.detail.size() + record.position.text.size() > kPositionBytesMax) {
      return invalid("the position is longer than " + std::to_string(kPositionBytesMax) + " bytes");
    }
    return Query(*database_,
                 "INSERT OR REPLACE INTO position (view, version, ordinal, detail, text, store, store_id, fence, committed_at_ns, "
                 "retried_fence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 view.name, view.version, record.position.ordinal, Blob{record.position.detail}, record.position.text,
                 record.store, record.store_id, record.fence, record.committed_at_ns, record.retried_fence)
        .run();
  }

  // Waits for the disk as all do: what was written and not synced would be lost, with every later commit, by a sync that fails
  // once. Linux drops what it could not save, and says so only that once.
  Result<void> save_progress(const RunRecord& run) {
    Query query(*database_,
                "UPDATE run SET (" RUN_COLUMNS ") = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
                "?16, ?17, ?18, ?19, ?20, ?21) WHERE run_id = ?1 AND view = ?2 AND version = ?3 AND outcome = 'running'");
    bind_run(query, run);
    if (auto saved = query.run(); !saved) return saved;
    if (database_->changes() == 0) {
      return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "no such run is going on"};
    }
    return {};
  }

  Result<void> save_run(const RunRecord& run) {
    Query query(*database_, RUN_UPSERT);
    bind_run(query, run);
    if (auto saved = query.run(); !saved) return saved;
    if (database_->changes() == 0) return internal("a run of that id is already recorded for another view");
    return {};
  }

  Result<void> replace_rejects(const RunRecord& run, const std::vector<RejectRecord>& rejects) {
    // A caller that could not know whether its first try was saved tries again.
    auto deleted = Query(*database_, "DELETE FROM reject WHERE view = ? AND version = ? AND run_id = ?", run.view.name,
                         run.view.version, run.run_id)
                       .run();
    if (!deleted) return deleted;
    const size_t kept_count = std::min(rejects.size(), static_cast<size_t>(limits_.rejects_kept));
    for (size_t i = rejects.size() - kept_count; i < rejects.size(); ++i) {
      const RejectRecord& reject = rejects[i];
      auto saved = reject.retryable ? save_refused_row(run, reject) : save_reject(run, reject);
      if (!saved) return saved;
    }
    return {};
  }

  Result<void> save_reject(const RunRecord& run, const RejectRecord& reject) {
    return Query(*database_,
                 "INSERT INTO reject (view, version, run_id, key, field, value_class, reason, at_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                 run.view.name, run.view.version, run.run_id, kept(reject.key), kept(reject.column), kept(reject.value_class),
                 kept(reject.reason), reject.at_ns)
        .run();
  }

  // A source that is read again brings the same row again; the store would take only the newest in any case. What another store of that
  // name refused stays: that one may come back.
  Result<void> save_refused_row(const RunRecord& run, const RejectRecord& reject) {
    auto replaced = Query(*database_,
                          "DELETE FROM reject WHERE view = ? AND version = ? AND key = ? AND content IS NOT NULL AND store = ? "
                          "AND store_id = ? AND order_key <= ?",
                          run.view.name, run.view.version, kept(reject.key), reject.store, reject.store_id, Blob{reject.order})
                        .run();
    if (!replaced) return replaced;
    return Query(*database_,
                 "INSERT INTO reject (" REJECT_COLUMNS ", order_key, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 run.view.name, run.view.version, run.run_id, kept(reject.key), kept(reject.column), kept(reject.value_class),
                 kept(reject.reason), reject.at_ns, reject.store, reject.store_id, reject.attempts, reject.retry_at_ns,
                 Blob{reject.order}, Blob{reject.row})
        .run();
  }

  Result<void> save_retried(const ViewId& view, const RetriedReject& reject) {
    if (reject.resolved) {
      return Query(*database_, "DELETE FROM reject WHERE number = ? AND view = ? AND version = ?", reject.number, view.name, view.version)
          .run();
    }
    return Query(*database_,
                 "UPDATE reject SET field = ?4, reason = ?5, attempts = ?6, retry_at_ns = ?7, "
                 "content = CASE WHEN ?8 THEN content END WHERE number = ?1 AND view = ?2 AND version = ?3",
                 reject.number, view.name, view.version, kept(reject.column), kept(reject.reason), reject.attempts, reject.retry_at_ns,
                 int64_t{reject.retryable})
        .run();
  }

  Result<void> save_definition(const StoredDefinition& definition) {
    if (definition.json.size() > kDefinitionBytesMax) {
      return invalid("the definition is longer than " + std::to_string(kDefinitionBytesMax) + " bytes");
    }
    auto saved = Query(*database_,
                       "INSERT INTO definition (kind, name, version, json, applied_at_ns) VALUES (?, ?, ?, ?, ?)",
                       definition.kind, definition.name, definition.version, definition.json, definition.applied_at_ns)
                     .run();
    if (!saved.ok() && (saved.failure().vendor_code & 0xff) == SQLITE_CONSTRAINT) return invalid("it is given twice");
    return saved;
  }

  // The newest that are kept are those above the one that comes after the limit.
  Result<void> trim_runs(const ViewId& view) {
    return Query(*database_,
                 "DELETE FROM run WHERE view = ?1 AND version = ?2 AND number <= "
                 "(SELECT number FROM run WHERE view = ?1 AND version = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
                 view.name, view.version, limits_.history_runs)
        .run();
  }

  Result<void> trim(const ViewId& view) {
    if (auto runs = trim_runs(view); !runs) return runs;
    return Query(*database_,
                 "DELETE FROM reject WHERE view = ?1 AND version = ?2 AND number <= "
                 "(SELECT number FROM reject WHERE view = ?1 AND version = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
                 view.name, view.version, limits_.rejects_kept)
        .run();
  }

  const StateLimits limits_;
  std::mutex mutex_;
  const std::unique_ptr<Database> database_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<State> make_sqlite_state(std::unique_ptr<Database> database, const StateLimits& limits) {
  return std::make_unique<SqliteState>(std::move(database), limits);
}

}  // namespace penstock::host
