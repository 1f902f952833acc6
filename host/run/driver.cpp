#include "run/driver.hpp"

#include "run/pace.hpp"
#include "run/row_feed.hpp"
#include "stage/row_plan.hpp"
#include "stage/transformer.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <poll.h>
#include <system_error>

namespace penstock::host {
namespace {

constexpr std::chrono::seconds kAbortTimeout(2);

// Column 0 of a batch for the sink is the key.
std::vector<std::string> keys_of_rejected(const BatchView& view, const std::vector<RejectedRow>& rejected) {
  std::vector<std::string> keys;
  for (const RejectedRow& row : rejected)
    keys.emplace_back(row.row >= 0 && row.row < view.rows() ? view[0].bytes(row.row) : std::string_view());
  return keys;
}

// One run: the objects it holds, and one function a step.
class Execution {
 public:
  Execution(Connections& connections, State& state, const Clock& clock, const RunLimits& limits, RunJob job)
      : connections_(connections), state_(state), clock_(clock), limits_(limits), job_(std::move(job)), machine_(job_.request),
        pace_(job_.request.view.max_rows_per_second), started_(clock.steady_ns()) {}

  RunReport run();

 private:
  const View& view() const { return job_.request.view; }
  std::string source_label() const { return "batch source \"" + job_.source.name + "\""; }
  std::string store_label() const { return "store \"" + view().store + "\""; }
  CallLimits limits_for(const std::string& object) const {
    return {limits_.call_timeout, job_.cancel, view().id.label() + ": " + object};
  }

  void step();
  void act();
  Result<void> connect();
  Result<void> load_marker();
  Result<void> ask_horizon();
  Result<void> open_scan();
  Result<void> begin();
  Result<void> transfer();
  Result<void> prepare(const RowFeed::Piece& piece);
  Result<void> write(const RowFeed::Piece& piece);
  Result<void> send(Transformed transformed);
  Result<void> judge(const RunCounts& counts) const;
  Result<void> pause(int64_t rows);
  Result<void> record();
  bool cancelled() const { return job_.cancel && job_.cancel->cancelled(); }
  void keep_rejects(std::vector<Reject> rejects);
  RunRecord make_record() const;

  Connections& connections_;
  State& state_;
  const Clock& clock_;
  const RunLimits& limits_;
  RunJob job_;
  RunMachine machine_;
  Pace pace_;
  int64_t started_;
  int64_t started_wall_ = 0;

  // Destroyed in the reverse order: the writer before the sink, the feed before the source.
  ResolvedOptions table_options_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Sink> sink_;
  std::optional<RowPlan> described_;
  std::unique_ptr<RowFeed> feed_;
  std::optional<RowFeed::Piece> first_;
  // For the pieces of the stream: made for the schema and the honoured bits of the last one.
  std::shared_ptr<const RowPlan> plan_;
  uint32_t honoured_ = 0;
  std::unique_ptr<Transformer> transformer_;
  std::unique_ptr<SinkWriter> writer_;
  int64_t fence_ = 0;
  uint64_t sequence_ = 0;
  RunCounts counts_;
  int64_t rows_estimate_ = -1;
  std::vector<RejectRecord> rejects_;
};

RunReport Execution::run() {
  started_wall_ = clock_.wall_ns();
  if (!job_.dry_run)
    if (auto started = state_.start_run(make_record()); !started) machine_.failed(std::move(started.failure()).in("state"));
  while (machine_.step() != Step::finish) step();

  feed_.reset();
  writer_.reset();
  // An object that failed may be in any state: it is dropped, not given back.
  if (!machine_.failure()) {
    if (source_) connections_.give_back(job_.source.warehouse, std::move(source_));
    if (sink_) connections_.give_back(view().store, std::move(sink_));
  }
  RunReport report{make_record(), machine_.failure(), machine_.notice(), clock_.steady_ns() - started_};
  if (report.failure) report.failure = std::move(*report.failure).in(view().id.label());
  return report;
}

// A step that throws has failed like any other: the machine goes on to abort and record.
void Execution::step() {
  // Plugins look at the token themselves, but one that does not must not keep a run alive. Once the data is flushed there is
  // nothing left that is worth giving up.
  const bool may_end = machine_.step() < Step::commit_marker;
  try {
    if (may_end && cancelled()) return machine_.failed({PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"});
    act();
  } catch (const std::bad_alloc&) {
    machine_.failed({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "out of memory"});
  } catch (const std::system_error& error) {
    machine_.failed({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, std::string("out of resources: ") + error.what()});
  } catch (const std::exception& exception) {
    machine_.failed(internal(std::string("unexpected: ") + exception.what()));
  }
}

void Execution::act() {
  const auto tell = [&](Result<void> result, auto&& event) {
    if (result)
      event();
    else
      machine_.failed(std::move(result.failure()));
  };
  switch (machine_.step()) {
    case Step::connect:
      if (auto done = connect(); !done) machine_.failed(std::move(done.failure()));
      return;
    case Step::load_marker:
      if (auto done = load_marker(); !done) machine_.failed(std::move(done.failure()));
      return;
    case Step::ask_horizon:
      if (auto done = ask_horizon(); !done) machine_.failed(std::move(done.failure()));
      return;
    case Step::open_scan: return tell(open_scan(), [&] { machine_.scan_opened(first_.has_value()); });
    case Step::begin: return tell(begin(), [&] { machine_.begun(fence_); });
    case Step::transfer: return tell(transfer(), [&] { machine_.transferred(counts_); });
    case Step::flush: {
      auto flushed = writer_ ? writer_->flush(limits_for(store_label())) : Result<void>();
      if (!flushed) return machine_.failed(std::move(flushed.failure()).in(store_label() + ": flush"));
      return machine_.flushed();
    }
    case Step::commit_marker: {
      auto committed = writer_ ? writer_->commit(limits_for(store_label()), machine_.window().until) : Result<void>();
      if (!committed) return machine_.failed(std::move(committed.failure()).in(store_label() + ": commit"));
      return machine_.marker_committed();
    }
    case Step::abort: {
      // The run has failed already; what abort says changes nothing, and a cancelled run must still be able to say it.
      CallLimits limits = limits_for(store_label());
      limits.cancel = nullptr;
      if (limits.timeout.count() == 0 || limits.timeout > kAbortTimeout) limits.timeout = kAbortTimeout;
      feed_.reset();
      if (writer_) static_cast<void>(writer_->abort(limits).ok());
      return machine_.aborted();
    }
    case Step::record: return tell(record(), [&] { machine_.recorded(); });
    case Step::finish: return;
  }
}

Result<void> Execution::connect() {
  auto options = connections_.table_options(job_.source);
  if (!options) return std::move(options.failure()).in(source_label());
  table_options_ = std::move(*options);
  auto source = connections_.take_source(job_.source.warehouse, limits_for("warehouse \"" + job_.source.warehouse + "\""));
  if (!source) return std::move(source.failure()).in("warehouse \"" + job_.source.warehouse + "\"");
  source_ = std::move(*source);
  auto sink = connections_.take_sink(view().store, limits_for(store_label()));
  if (!sink) return std::move(sink.failure()).in(store_label());
  sink_ = std::move(*sink);
  auto capabilities = sink_->capabilities(limits_for(store_label()));
  if (!capabilities) return std::move(capabilities.failure()).in(store_label());
  machine_.connected(*capabilities, sink_->has_marker());
  return {};
}

Result<void> Execution::load_marker() {
  auto marker = sink_->load_marker(limits_for(store_label()), view().id, view().entity);
  if (!marker) return std::move(marker.failure()).in(store_label() + ": load the marker");
  machine_.marker_loaded(*marker);
  return {};
}

Result<void> Execution::ask_horizon() {
  const CallLimits limits = limits_for(source_label());
  const TableRef table = table_ref(job_.source, table_options_);
  auto schema = source_->describe(limits, table);
  if (!schema) return std::move(schema.failure()).in(source_label());
  auto plan = RowPlan::make(view(), job_.source, job_.entity, *schema);
  if (!plan) return std::move(plan.failure()).in(source_label());
  described_ = std::move(*plan);
  auto horizon = source_->horizon(limits, table, cursor_ref(view(), job_.source, described_->cursor_column()));
  if (!horizon) return std::move(horizon.failure()).in(source_label());
  machine_.horizon_known(*horizon);
  return {};
}

Result<void> Execution::open_scan() {
  ScanRequest request = scan_request(view(), job_.source, table_options_, machine_.window(), *described_, limits_);
  request.batch_rows = pace_.batch_rows(request.batch_rows);
  feed_ = std::make_unique<RowFeed>(*source_, limits_for(source_label()), std::move(request), static_cast<size_t>(limits_.queue_batches));
  auto first = feed_->next();
  if (!first) return std::move(first.failure()).in(source_label());
  first_ = std::move(*first);
  return {};
}

Result<void> Execution::begin() {
  if (job_.dry_run) return {};
  WriteSpec spec{view().id, view().entity, job_.run_id, std::chrono::ceil<std::chrono::milliseconds>(job_.ttl).count(),
                 described_->order_size(), described_->sink_schema()};
  auto writer = sink_->begin(limits_for(store_label()), spec);
  if (!writer) return std::move(writer.failure()).in(store_label() + ": begin");
  writer_ = std::move(*writer);
  fence_ = writer_->fence();
  return {};
}

Result<void> Execution::transfer() {
  pace_.start(std::chrono::nanoseconds(clock_.steady_ns()));
  std::optional<RowFeed::Piece> piece = std::move(first_);
  while (piece) {
    if (auto written = write(*piece); !written) return written;
    if (cancelled()) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
    auto next = feed_->next();
    if (!next) return std::move(next.failure()).in(source_label());
    piece = std::move(*next);
  }
  feed_.reset();
  return {};
}

// The stream's own schema counts: a source may deliver more than was asked, partitions may differ in what they honour, and a
// table may change under a run.
Result<void> Execution::prepare(const RowFeed::Piece& piece) {
  if (transformer_ && plan_->schema() == piece.batch.schema() && honoured_ == piece.honoured) return {};
  auto made = RowPlan::make(view(), job_.source, job_.entity, piece.batch.schema());
  if (!made) return std::move(made.failure()).in(source_label());
  if (made->sink_schema() != described_->sink_schema()) return internal(source_label() + ": the columns changed during the run");
  plan_ = std::make_shared<const RowPlan>(std::move(*made));
  honoured_ = piece.honoured;
  WindowFilter filter{{}, {}, view().null_timestamp};
  if ((honoured_ & PENSTOCK_HONOURED_SINCE) == 0 && machine_.window().since) filter.after = machine_.window().since->ordinal;
  if ((honoured_ & PENSTOCK_HONOURED_UNTIL) == 0) filter.until = machine_.window().until.ordinal;
  transformer_ = std::make_unique<Transformer>(plan_, filter, fence_);
  return {};
}

Result<void> Execution::write(const RowFeed::Piece& piece) {
  if (auto prepared = prepare(piece); !prepared) return prepared;
  rows_estimate_ = std::max(rows_estimate_, piece.rows_estimate);
  auto transformed = transformer_->apply(piece.batch);
  if (!transformed) return std::move(transformed.failure()).in(source_label());

  // What the view forbids is not written. Its rejects are kept, as they say why.
  RunCounts expected = counts_;
  expected.read += transformed->read;
  expected.rejected += static_cast<int64_t>(transformed->rejects.size());
  expected.null_cursors += transformed->null_cursors;
  if (auto allowed = judge(expected); !allowed) {
    counts_.read += static_cast<int64_t>(transformed->rejects.size());
    counts_.rejected = expected.rejected;
    counts_.null_cursors = expected.null_cursors;
    keep_rejects(std::move(transformed->rejects));
    return allowed;
  }

  const int64_t rows = transformed->read;
  if (auto sent = send(std::move(*transformed)); !sent) return sent;
  if (auto allowed = judge(counts_); !allowed) return allowed;
  if (job_.on_progress) job_.on_progress({counts_, rows_estimate_, clock_.steady_ns() - started_});
  return pause(rows);
}

Result<void> Execution::judge(const RunCounts& counts) const {
  if (auto verdict = machine_.judge(counts)) return std::move(*verdict).in(source_label());
  return {};
}

Result<void> Execution::send(Transformed transformed) {
  WriteOutcome outcome;
  std::vector<std::string> keys;
  const int64_t rows = transformed.batch.rows();
  if (job_.dry_run) {
    outcome.written = rows;
  } else if (rows > 0) {
    auto written = writer_->write(limits_for(store_label()), ++sequence_, transformed.batch);
    if (!written) return std::move(written.failure()).in(store_label() + ": write");
    outcome = std::move(*written);
    // A sink that took the array out leaves its rejects without keys.
    if (!outcome.rejected.empty() && transformed.batch.array()->release != nullptr)
      keys = keys_of_rejected(transformed.batch.view(), outcome.rejected);
  }
  counts_.read += transformed.read;
  counts_.written += outcome.written;
  counts_.unchanged += outcome.unchanged;
  counts_.stale += outcome.stale + transformed.superseded;
  counts_.rejected += static_cast<int64_t>(outcome.rejected.size() + transformed.rejects.size());
  counts_.null_cursors += transformed.null_cursors;
  for (size_t i = 0; i < outcome.rejected.size(); ++i) {
    const RejectedRow& row = outcome.rejected[i];
    const Schema& schema = described_->sink_schema();
    const bool known = row.column >= 0 && static_cast<size_t>(row.column) < schema.size();
    transformed.rejects.push_back({i < keys.size() ? keys[i] : std::string(), known ? schema[static_cast<size_t>(row.column)].name : std::string(),
                                   "refused by the store", row.reason});
  }
  keep_rejects(std::move(transformed.rejects));
  return {};
}

void Execution::keep_rejects(std::vector<Reject> rejects) {
  for (Reject& reject : rejects) {
    if (static_cast<int64_t>(rejects_.size()) >= limits_.rejects_kept) return;  // all are counted, the first are kept
    rejects_.push_back({view().id, job_.run_id, std::move(reject.key), std::move(reject.column), std::move(reject.value_class),
                        std::move(reject.reason), clock_.wall_ns()});
  }
}

Result<void> Execution::pause(int64_t rows) {
  const auto wait = pace_.wait(rows, std::chrono::nanoseconds(clock_.steady_ns()));
  constexpr int64_t kLongestPoll = std::numeric_limits<int>::max();
  const int64_t ms = std::min<int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count(), kLongestPoll);
  if (ms == 0) return {};
  pollfd fd{job_.cancel ? job_.cancel->fd() : -1, POLLIN, 0};
  if (poll(&fd, 1, static_cast<int>(ms)) > 0) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
  return {};
}

Result<void> Execution::record() {
  if (job_.dry_run) return {};
  auto recorded = state_.finish_run(make_record(), rejects_, machine_.new_position(clock_.wall_ns()));
  if (!recorded) return std::move(recorded.failure()).in("state");
  return {};
}

RunRecord Execution::make_record() const {
  RunRecord record;
  record.run_id = job_.run_id;
  record.view = view().id;
  record.reason = job_.reason;
  record.started_at_ns = started_wall_;
  record.attempts = job_.attempt;
  const bool over = machine_.step() == Step::record || machine_.step() == Step::finish;
  record.outcome = over ? machine_.outcome() : RunOutcome::running;
  if (over) record.finished_at_ns = clock_.wall_ns();
  if (machine_.window().since) record.from = machine_.window().since->text;
  record.to = machine_.window().until.text;
  record.read = counts_.read;
  record.written = counts_.written;
  record.unchanged = counts_.unchanged;
  record.stale = counts_.stale;
  record.rejected = counts_.rejected;
  if (machine_.failure()) record.error = machine_.failure()->message;
  if (!machine_.horizon().why.empty()) {
    record.guarantee = std::string(1, static_cast<char>('A' + static_cast<int>(machine_.horizon().guarantee) - 1));
    record.guarantee_why = machine_.horizon().why;
    record.holder = machine_.horizon().holder;
  }
  return record;
}

}  // namespace

RunReport RunDriver::run(RunJob job) const { return Execution(connections_, state_, clock_, limits_, std::move(job)).run(); }

TableRef table_ref(const BatchSource& source, const ResolvedOptions& options) {
  return {source.database, source.schema, source.table, source.query, &options};
}

CursorRef cursor_ref(const View& view, const BatchSource& source, const std::string& column) {
  return {source.cursor == CursorKind::xid ? PENSTOCK_CURSOR_XID : PENSTOCK_CURSOR_TIMESTAMP, column, view.timezone, view.lag.count()};
}

ScanRequest scan_request(const View& view, const BatchSource& source, const ResolvedOptions& options, const Window& window,
                         const RowPlan& plan, const RunLimits& limits) {
  ScanRequest request;
  request.table = table_ref(source, options);
  request.cursor = cursor_ref(view, source, plan.cursor_column());
  request.since = window.since;
  request.until = window.until;
  request.columns = plan.columns();
  request.key_columns = plan.key_columns();
  request.include_null_cursor = view.null_timestamp != NullTimestamp::skip;
  request.batch_rows = limits.batch_rows;
  request.batch_bytes = limits.batch_bytes;
  return request;
}

}  // namespace penstock::host
