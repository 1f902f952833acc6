#include "run/row_transfer.hpp"

#include "batch/row_codec.hpp"
#include "batch/slice.hpp"

#include <algorithm>
#include <poll.h>

namespace penstock::host {
namespace {

// Column 0 of a batch for the sink is the key, column 1 the order key.
constexpr size_t kKeyColumn = 0;
constexpr size_t kOrderColumn = 1;

}  // namespace

RowTransfer::RowTransfer(const RunJob& job, const RunMachine& machine, const RunLimits& limits, const Clock& clock, Parts parts)
    : job_(job), machine_(machine), limits_(limits), clock_(clock), feed_(parts.feed), retry_(parts.retry), writer_(parts.writer), repeats_(parts.repeats), sink_schema_(parts.sink_schema),
      started_(parts.started_ns), piece_(std::move(parts.piece)), pace_(job.request.view.max_rows_per_second) {
  pace_.start(std::chrono::nanoseconds(clock_.steady_ns()));
}

RunCounts RowTransfer::counts() const {
  RunCounts sum = counts_;
  sum.read += retried_.read;
  sum.written += retried_.written;
  sum.unchanged += retried_.unchanged;
  sum.stale += retried_.stale;
  sum.rejected += retried_.rejected;
  sum.retried = retried_.read;
  return sum;
}

Result<bool> RowTransfer::write_next() {
  if (retry_) {
    auto more = write_again();
    if (!more || *more) return more;
    counts_.given_up = retry_->given_up();
    retry_ = nullptr;
  }
  if (piece_) {
    if (auto written = write(std::move(*piece_)); !written) return std::move(written.failure());
    if (job_.cancelled()) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
    auto next = feed_->next();
    if (!next) return std::move(next.failure()).in(job_.source_label());
    piece_ = std::move(*next);
    if (piece_) return true;
  }
  if (auto finished = finish(); !finished) return std::move(finished.failure());
  return false;
}

Result<bool> RowTransfer::write_again() {
  if (job_.cancelled()) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
  auto batch = retry_->next();
  if (!batch) return std::move(batch.failure());
  if (!*batch) return false;
  const int64_t rows = (*batch)->rows();
  if (auto paused = pause(rows); !paused) return std::move(paused.failure());
  auto outcome = writer_->write(job_.call_limits(limits_, job_.store_label()), ++sequence_, **batch);
  if (!outcome) return std::move(outcome.failure()).in(job_.store_label() + ": write what was refused before");
  retry_->written(*outcome);
  retried_.read += rows;
  retried_.written += outcome->written;
  retried_.unchanged += outcome->unchanged;
  retried_.stale += outcome->stale;
  retried_.rejected += static_cast<int64_t>(outcome->rejected.size());
  return true;
}

// The stream's own schema counts: a source may deliver more than was asked, partitions may differ in what they honour, and a
// table may change under a run.
Result<void> RowTransfer::prepare(const RowFeed::Piece& piece) {
  if (transformer_ && plan_->schema() == piece.batch.schema() && honoured_ == piece.honoured && cursor_unit_ns_ == piece.cursor_unit_ns) return {};
  if (auto finished = finish(); !finished) return finished;
  auto made = RowPlan::make(job_.request.view, job_.source, job_.entity, piece.batch.schema(), piece.cursor_unit_ns);
  if (!made) return std::move(made.failure()).in(job_.source_label());
  if (made->sink_schema() != sink_schema_) return internal(job_.source_label() + ": the columns changed during the run");
  plan_ = std::make_shared<const RowPlan>(std::move(*made));
  honoured_ = piece.honoured;
  cursor_unit_ns_ = piece.cursor_unit_ns;
  WindowFilter filter{{}, {}, job_.request.view.null_timestamp};
  if ((honoured_ & PENSTOCK_HONOURED_SINCE) == 0 && machine_.window().since) filter.after = machine_.window().since->ordinal;
  if ((honoured_ & PENSTOCK_HONOURED_UNTIL) == 0) filter.until = machine_.window().until.ordinal;
  const bool ordered = (honoured_ & PENSTOCK_HONOURED_ORDER) != 0;
  if (repeats_ != nullptr && !ordered) repeats_->unordered();
  int64_t again_after = 0;
  if (__builtin_sub_overflow(machine_.window().until.ordinal, job_.request.view.lookback.count(), &again_after))
    again_after = std::numeric_limits<int64_t>::min();
  transformer_ = std::make_unique<Transformer>(plan_, filter, writer_ ? writer_->fence() : 0, ordered, ordered ? repeats_ : nullptr, again_after);
  return {};
}

// What the transformer kept back.
Result<void> RowTransfer::finish() {
  if (!transformer_) return {};
  auto last = transformer_->finish();
  if (!last) return std::move(last.failure()).in(job_.source_label());
  return send(std::move(*last));
}

Result<void> RowTransfer::write(RowFeed::Piece piece) {
  if (auto prepared = prepare(piece); !prepared) return prepared;
  rows_estimate_ = std::max(rows_estimate_, piece.rows_estimate);
  // A small window comes in one batch, and its end is known by now: the last row needs no write of its own.
  auto transformed = transformer_->apply(std::move(piece.batch), feed_->at_end());
  if (!transformed) return std::move(transformed.failure()).in(job_.source_label());

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

  if (auto sent = send(std::move(*transformed)); !sent) return sent;
  if (auto allowed = judge(counts_); !allowed) return allowed;
  if (job_.on_progress) job_.on_progress({counts(), rows_estimate_, clock_.steady_ns() - started_});
  return {};
}

Result<void> RowTransfer::judge(const RunCounts& counts) const {
  if (auto verdict = machine_.judge(counts)) return std::move(*verdict).in(job_.source_label());
  return {};
}

Result<void> RowTransfer::send(Transformed transformed) {
  // Nothing of this batch is in the store yet, and nothing that was left out has been passed over.
  if (repeats_ != nullptr && repeats_->contradicted())
    return Failure{PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_SAFE, job_.source_label() + ": rows of one key and time came apart; the next run writes all of them"};
  const int64_t others = transformed.read - transformed.batch.rows();
  if (auto sent = send(std::move(transformed.batch)); !sent) return sent;
  counts_.read += others;
  counts_.unchanged += transformed.repeats;
  counts_.stale += transformed.superseded;
  counts_.rejected += static_cast<int64_t>(transformed.rejects.size());
  counts_.null_cursors += transformed.null_cursors;
  keep_rejects(std::move(transformed.rejects));
  return {};
}

// At once, or few rows at a time where the view is paced.
Result<void> RowTransfer::send(Batch batch) {
  const int64_t rows = batch.rows(), at_once = pace_.rows_at_once();
  if (writer_ == nullptr) {
    counts_.read += rows;
    counts_.written += rows;
    return {};
  }
  if (rows <= at_once) return rows == 0 ? Result<void>() : write_now(batch);
  const auto whole = std::make_shared<Batch>(std::move(batch));
  for (int64_t first = 0; first < rows; first += at_once) {
    Batch some = slice(whole, first, std::min(at_once, rows - first));
    if (auto written = write_now(some); !written) return written;
  }
  return {};
}

Result<void> RowTransfer::write_now(Batch& batch) {
  const int64_t rows = batch.rows();
  if (auto paused = pause(rows); !paused) return paused;
  auto outcome = writer_->write(job_.call_limits(limits_, job_.store_label()), ++sequence_, batch);
  if (!outcome) return std::move(outcome.failure()).in(job_.store_label() + ": write");
  counts_.read += rows;
  counts_.written += outcome->written;
  counts_.unchanged += outcome->unchanged;
  counts_.stale += outcome->stale;
  counts_.rejected += static_cast<int64_t>(outcome->rejected.size());
  if (outcome->rejected.empty()) return {};
  if (repeats_ != nullptr) repeats_->spoil();
  // A sink that took the array out leaves its rejects without keys, and so without another try.
  const bool there = batch.array()->release != nullptr;
  const std::optional<BatchView> view = there ? std::optional(batch.view()) : std::nullopt;
  keep_refused(view ? &*view : nullptr, outcome->rejected);
  return {};
}

void RowTransfer::keep_rejects(std::vector<Reject> rejects) {
  for (Reject& reject : rejects)
    keep({job_.request.view.id, job_.run_id, std::move(reject.key), std::move(reject.column), std::move(reject.value_class),
          std::move(reject.reason), clock_.wall_ns()});
}

void RowTransfer::keep_refused(const BatchView* batch, const std::vector<RejectedRow>& refused) {
  for (const RejectedRow& row : refused) {
    const bool known = row.column >= 0 && static_cast<size_t>(row.column) < sink_schema_.size();
    RejectRecord reject{job_.request.view.id, job_.run_id, "", known ? sink_schema_[static_cast<size_t>(row.column)].name : std::string(),
                        "refused by the store", row.reason, clock_.wall_ns()};
    const bool there = batch != nullptr && row.row >= 0 && row.row < batch->rows();
    if (there) reject.key = (*batch)[kKeyColumn].bytes(row.row);
    if (there && row.retryable && reject_bytes_ < limits_.reject_bytes) {
      if (auto content = encode_row(sink_schema_, *batch, row.row, static_cast<size_t>(limits_.reject_row_bytes))) {
        reject.retryable = true;
        reject.store = job_.request.view.store;
        reject.store_id = machine_.store_id();
        reject.retry_at_ns = reject.at_ns;
        reject.order = (*batch)[kOrderColumn].bytes(row.row);
        reject.row = std::move(*content);
      }
    }
    keep(std::move(reject));
  }
}

// All are counted, the first are kept.
void RowTransfer::keep(RejectRecord reject) {
  if (static_cast<int64_t>(rejects_.size()) >= limits_.rejects_kept) return;
  reject_bytes_ += static_cast<int64_t>(reject.row.size());
  rejects_.push_back(std::move(reject));
}

Result<void> RowTransfer::pause(int64_t rows) {
  const auto wait = pace_.wait(rows, std::chrono::nanoseconds(clock_.steady_ns()));
  if (wait.count() <= 0) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  const timespec time{static_cast<time_t>(seconds.count()), static_cast<long>((wait - seconds).count())};
  pollfd fd{job_.cancel ? job_.cancel->fd() : -1, POLLIN, 0};
  if (ppoll(&fd, 1, &time, nullptr) > 0) return Failure{PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"};
  return {};
}

}  // namespace penstock::host
