#include "run/execution.hpp"

#include "run/pace.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <system_error>
#include <vector>

namespace penstock::host {
namespace {

constexpr std::chrono::seconds kAbortTimeout(2);

}  // namespace

RunReport RunExecution::finish() {
  // Only what is committed is in the store for sure. A run that took nothing over changed nothing.
  if (job_.repeats && writer_) {
    if (remembers_ && machine_.marker_moved())
      job_.repeats->committed(writer_->fence());
    else
      job_.repeats->forget();
  }
  auto look = empty_look();
  feed_.reset();
  writer_.reset();
  // An object that failed may be in any state: it is dropped, not given back.
  if (!machine_.failure()) {
    if (source_) connections_.give_back(job_.source.warehouse, std::move(source_));
    if (sink_) connections_.give_back(view().store, std::move(sink_));
  }
  RunReport report{record_so_far(), machine_.failure(), machine_.notice(), clock_.steady_ns() - started_, std::move(look)};
  if (report.failure) report.failure = std::move(*report.failure).in(view().id.label());
  return report;
}

// A step that throws has failed like any other: the machine goes on to abort and record.
void RunExecution::step() {
  // Plugins look at the token themselves, but one that does not must not keep a run alive. Once the data is flushed there is
  // nothing left that is worth giving up.
  const bool may_end = machine_.step() < Step::save_refused;
  try {
    if (may_end && job_.cancelled()) return machine_.failed({PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"});
    act();
  } catch (const std::bad_alloc&) {
    machine_.failed({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "out of memory"});
  } catch (const std::system_error& error) {
    machine_.failed({PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, std::string("out of resources: ") + error.what()});
  } catch (const std::exception& exception) {
    machine_.failed(internal(std::string("unexpected: ") + exception.what()));
  }
}

void RunExecution::act() {
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
    case Step::begin: return tell(begin(), [&] { machine_.begun(writer_ ? std::optional(writer_->fence()) : std::nullopt); });
    case Step::check_marker:
      if (auto done = check_marker(); !done) machine_.failed(std::move(done.failure()));
      return;
    case Step::transfer: {
      auto more = transfer();
      if (!more) return machine_.failed(std::move(more.failure()));
      if (!*more) machine_.transferred(counts());
      return;
    }
    case Step::flush: {
      auto flushed = writer_ ? writer_->flush(limits_for(store_label())) : Result<void>();
      if (!flushed) return machine_.failed(std::move(flushed.failure()).in(store_label() + ": flush"));
      return machine_.flushed();
    }
    case Step::save_refused: return tell(save_refused(), [&] { machine_.refused_saved(); });
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

// From here on it shows as running, and as interrupted if the host dies. A run that ends before is recorded once, at its end.
Result<void> RunExecution::register_run() {
  if (job_.dry_run || std::exchange(registered_, true)) return {};
  return state_.start_run(record_so_far());
}

Result<void> RunExecution::connect() {
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
  // A slice is about its rows alone.
  auto due = job_.dry_run || job_.request.slice() ? Result<bool>(false) : RejectRetry::is_due(state_, job_, clock_);
  if (!due) return std::move(due.failure());
  rejects_due_ = *due;
  machine_.connected(*capabilities, sink_->has_marker(), rejects_due_);
  return {};
}

Result<void> RunExecution::load_marker() {
  auto marker = sink_->load_marker(limits_for(store_label()), view().id, view().entity);
  if (!marker) return std::move(marker.failure()).in(store_label() + ": load the marker");
  machine_.marker_loaded(*marker);
  return {};
}

Result<void> RunExecution::ask_horizon() {
  const CallLimits limits = limits_for(source_label());
  const TableRef table = table_ref(job_.source, table_options_);
  auto schema = source_->describe(limits, table);
  if (!schema) return std::move(schema.failure()).in(source_label());
  table_schema_ = *schema;
  auto plan = RowPlan::make(view(), job_.source, job_.entity, *schema);
  if (!plan) return std::move(plan.failure()).in(source_label());
  described_ = std::move(*plan);
  auto horizon = source_->horizon(limits, table, cursor_ref(view(), job_.source, described_->cursor_column()));
  if (!horizon) return std::move(horizon.failure()).in(source_label());
  machine_.horizon_known(*horizon);
  return {};
}

Result<void> RunExecution::open_scan() {
  ScanRequest request = scan_request(view(), job_.source, table_options_, machine_.window(), *described_, limits_);
  request.batch_rows = Pace(view().max_rows_per_second).batch_rows(request.batch_rows);
  feed_ = std::make_unique<RowFeed>(*source_, limits_for(source_label()), std::move(request), static_cast<size_t>(limits_.queue_batches), limits_.memory);
  // A window without rows says so at once, and its run is recorded once, at its end: the state waits for the disk. While a longer
  // scan is at it there is time for that.
  if (!feed_->wait_until_ready(limits_.unrecorded_scan))
    if (auto registered = register_run(); !registered) return registered;
  auto first = feed_->next();
  if (!first) return std::move(first.failure()).in(source_label());
  first_ = std::move(*first);
  return {};
}

Result<void> RunExecution::begin() {
  if (job_.on_work) job_.on_work();
  if (job_.dry_run) return {};
  if (auto registered = register_run(); !registered) return registered;
  WriteSpec spec{view().id, view().entity, job_.run_id, std::chrono::ceil<std::chrono::milliseconds>(job_.ttl).count(),
                 described_->order_size(), described_->sink_schema()};
  auto writer = sink_->begin(limits_for(store_label()), spec);
  if (!writer) return std::move(writer.failure()).in(store_label() + ": begin");
  writer_ = std::move(*writer);
  return {};
}

Result<void> RunExecution::check_marker() {
  auto marker = sink_->load_marker(limits_for(store_label()), view().id, view().entity);
  if (!marker) return std::move(marker.failure()).in(store_label() + ": load the marker again");
  machine_.marker_checked(*marker);
  return {};
}

Result<bool> RunExecution::transfer() {
  if (!transfer_) {
    if (rejects_due_) retry_ = std::make_unique<RejectRetry>(state_, job_, limits_, clock_, machine_.store_id(), described_->sink_schema());
    transfer_ = std::make_unique<RowTransfer>(
        job_, machine_, limits_, clock_,
        RowTransfer::Parts{feed_.get(), retry_.get(), writer_.get(), start_repeats(), described_->sink_schema(), std::exchange(first_, {}), started_});
  }
  auto more = transfer_->write_next();
  if (more && !*more) feed_.reset();
  return more;
}

// Only a lookback reads rows again, over and over.
RepeatFilter* RunExecution::start_repeats() {
  const View& of = view();
  remembers_ = job_.repeats && writer_ && !job_.request.slice() && !retry_ && job_.request.cursor == CursorKind::timestamp &&
               of.lookback.count() > 0 && machine_.loaded_marker();
  if (!remembers_) return nullptr;
  std::string definition = job_.source.warehouse + '\n' + view().store + '\n' + std::to_string(job_.ttl.count());
  for (const std::string& column : described_->columns()) definition += '\n' + column;
  for (const Field& field : described_->sink_schema()) definition += '\n' + field.name + ' ' + penstock::arrow_format(field);
  const Marker& marker = *machine_.loaded_marker();
  const RepeatFilter::Found found{definition, marker.store_id, writer_->previous_fence(), marker.committed_fence, started_, started_wall_, job_.ttl.count()};
  job_.repeats->start(found, !machine_.window().everything);
  return job_.repeats.get();
}

Result<void> RunExecution::save_refused() {
  if (job_.dry_run || !transfer_) return {};
  const std::vector<RejectRecord>& rejects = transfer_->rejects();
  const bool any = std::any_of(rejects.begin(), rejects.end(), [](const RejectRecord& reject) { return reject.retryable; });
  if (!any) return {};
  refused_saved_ = true;  // or maybe saved, whatever the state says
  auto saved = state_.save_rejects(record_so_far(), rejects);
  if (!saved) return std::move(saved.failure());
  return {};
}

Result<void> RunExecution::record() {
  if (job_.dry_run) return {};
  auto rejects = transfer_ ? transfer_->rejects() : std::vector<RejectRecord>();
  // The position stays, so the next run reads these rows again. Unless the marker may have moved, or others were given up for them.
  if (machine_.failure() && !refused_saved_)
    for (RejectRecord& reject : rejects) reject.retryable = false;
  const auto retried = retry_ ? retry_->results(machine_.outcome()) : std::vector<RetriedReject>();
  auto recorded = state_.finish_run(record_so_far(), rejects, machine_.new_position(clock_.wall_ns()), retried);
  if (!recorded) return std::move(recorded.failure());
  return {};
}

// Of the table as it was after the horizon: what such a run says holds for others that would have read part of the same window.
std::optional<EmptyLook> RunExecution::empty_look() const {
  const Window& window = machine_.window();
  if (machine_.failure() || writer_ || first_ || job_.dry_run || job_.request.slice() || window.everything || !window.since) return {};
  return EmptyLook{table_schema_, machine_.horizon(), window};
}

RunRecord make_record(const RunJob& job, const RunMachine& machine, const RunCounts& rows, int64_t started_at_ns, int64_t now_ns) {
  RunRecord record;
  record.run_id = job.run_id;
  record.view = job.request.view.id;
  record.reason = job.reason;
  record.started_at_ns = started_at_ns;
  record.attempts = job.attempt;
  const bool over = machine.step() == Step::record || machine.step() == Step::finish;
  record.outcome = over ? machine.outcome() : RunOutcome::running;
  if (over) record.finished_at_ns = now_ns;
  if (machine.window().since) record.from = machine.window().since->text;
  record.to = machine.window().until.text;
  record.read = rows.read;
  record.written = rows.written;
  record.unchanged = rows.unchanged;
  record.stale = rows.stale;
  record.rejected = rows.rejected;
  record.retried = rows.retried;
  record.without_cursor = rows.null_cursors;
  if (machine.failure()) record.error = machine.failure()->message;
  if (!machine.horizon().why.empty()) {
    record.guarantee = std::string(1, static_cast<char>('A' + static_cast<int>(machine.horizon().guarantee) - 1));
    record.guarantee_why = machine.horizon().why;
    record.holder = machine.horizon().holder;
  }
  return record;
}

}  // namespace penstock::host
