#include "run/machine.hpp"

#include "base/time_text.hpp"

#include <cassert>
#include <cstdio>
#include <limits>

namespace penstock::host {
namespace {

Position at(int64_t ns) { return {ns, {}, format_instant(ns)}; }

}  // namespace

void RunMachine::connected(const SinkCapabilities& capabilities, bool has_marker, bool rejects_due) {
  assert(step_ == Step::connect);
  capabilities_ = capabilities;
  has_marker_ = has_marker;
  rejects_due_ = rejects_due;
  if (has_marker_) {
    step_ = Step::load_marker;
    return;
  }
  decide_start(std::nullopt);
}

void RunMachine::marker_loaded(const Marker& marker) {
  assert(step_ == Step::load_marker);
  store_id_ = marker.store_id;
  decide_start(marker);
}

// P = min(local, marker). A store without a marker for this view has lost the data or is another store: only a full read
// makes it whole. A store that forgets when it restarts is believed only by its marker.
void RunMachine::decide_start(const std::optional<Marker>& marker) {
  step_ = Step::ask_horizon;
  loaded_ = marker;
  std::optional<Position> local;
  if (request_.local && capabilities_.durable() && request_.local->store == request_.view.store) local = request_.local->position;
  if (!has_marker_) {
    position_ = local;
    return;
  }
  if (!marker->position) {
    if (local) notice_ = "the store has no marker for this view (wiped, or another store): reading everything again";
    return;
  }
  position_ = marker->position;
  if (local && request_.local->retried_fence > 0) {
    const bool other_store = request_.local->store_id != marker->store_id;
    if (other_store || (marker->committed_fence > 0 && marker->committed_fence < request_.local->retried_fence)) {
      notice_ = other_store ? "the store is not the one of the last run, which had rows that it refused at first: reading everything again"
                            : "the store went back to before it took rows that it had refused (restored, or failed over): reading everything again";
      position_.reset();
      return;
    }
  }
  if (!local) {
    found_fence_ = marker->fence;
    return;
  }
  if (local->ordinal < position_->ordinal) position_ = local;
  if (request_.local->store_id != marker->store_id)
    notice_ = "the store is not the one of the last run: starting from what its marker says";
  else if (marker->position->ordinal < local->ordinal)
    notice_ = "the store went back from " + local->text + " to " + marker->position->text + " (restored, or failed over): reading again from there";
}

void RunMachine::read_everything() {
  window_.everything = true;
  if (request_.view.backfill_since_ns) window_.since = at(*request_.view.backfill_since_ns);
}

void RunMachine::horizon_known(const Horizon& horizon) {
  assert(step_ == Step::ask_horizon);
  horizon_ = horizon;
  window_.until = horizon.position;
  step_ = Step::open_scan;

  if (request_.slice()) {
    // Nanoseconds lie above every transaction id: nothing would be read, as if there were nothing.
    if (request_.cursor == CursorKind::xid) return failed(invalid("--from and --to are times, and cursor = \"xid\" does not count in times; use --full"));
    if (request_.from_ns) window_.since = at(*request_.from_ns);
    if (request_.to_ns && *request_.to_ns < horizon.position.ordinal) window_.until = at(*request_.to_ns);
    return;
  }
  if (request_.full || !position_) return read_everything();
  // The ids of another server, or of another life of this one, mean something else, and so does the position of another kind of
  // source (a source always gives details, or never): what was read before is not known.
  const bool xid = request_.cursor == CursorKind::xid;
  const auto foreign = [&](const Position& position) {
    return xid ? position.detail != horizon.position.detail : position.detail.empty() != horizon.position.detail.empty();
  };
  if (foreign(*position_) || (loaded_ && foreign(*loaded_->position))) {
    const Position& other = foreign(*position_) ? *position_ : *loaded_->position;
    if (xid && !other.detail.empty())
      notice_ = "the transaction ids are those of another server, or this one was promoted or restored (" + other.detail + ", now " +
                horizon.position.detail + "): reading everything again";
    else
      notice_ = "the position " + other.text + " is that of another kind of source: reading everything again";
    if (xid && request_.view.order_by.empty())
      notice_ += "; where the store has a greater id it keeps its row, unless order_by names a time";
    position_.reset();
    found_fence_.reset();
    return read_everything();
  }
  window_.since = position_;
  if (horizon.position.ordinal < position_->ordinal) {
    notice_ = horizon.holder.empty() ? "the source's horizon " + horizon.position.text + " is behind the position " + position_->text +
                                           " (its clock went back, or another server answers): nothing is read until it has caught up"
                                     : "nothing is read while the horizon is held back by " + horizon.holder;
    window_.until = *position_;  // which the store still is true up to
    step_ = Step::record;
    return;
  }
  const bool detailed = !position_->detail.empty();
  if (horizon.position.ordinal == position_->ordinal && horizon.position.detail == position_->detail &&
      request_.view.lookback.count() == 0) {
    step_ = rejects_due_ ? Step::begin : Step::record;
    return;
  }
  // A detail says exactly what was read; stepping the ordinal back under it would mean something else.
  if (!detailed && request_.view.lookback.count() > 0) {
    int64_t since = 0;
    if (__builtin_sub_overflow(position_->ordinal, request_.view.lookback.count(), &since)) since = std::numeric_limits<int64_t>::min();
    window_.since = at(since);
  }
}

void RunMachine::scan_opened(bool any_rows) {
  assert(step_ == Step::open_scan);
  scanned_ = true;
  // Nothing to write: the store is not touched, and the position stays. The next window is only longer, and as empty.
  // A first sync of an empty table is written down all the same, so that the marker proves it.
  step_ = any_rows || rejects_due_ || (!position_ && !request_.slice()) ? Step::begin : Step::record;
}

void RunMachine::begun(std::optional<int64_t> fence) {
  assert(step_ == Step::begin);
  fence_ = fence.value_or(0);
  begun_ = true;
  step_ = has_marker_ && fence ? Step::check_marker : Step::transfer;
}

void RunMachine::marker_checked(const Marker& marker) {
  assert(step_ == Step::check_marker);
  if (marker.store_id == store_id_ && marker.position == loaded_->position && marker.committed_fence == loaded_->committed_fence) {
    step_ = Step::transfer;
    return;
  }
  failed({PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_SAFE,
          "the store was emptied, restored or written to by another host since this run read its marker: the next run starts from what the marker says now"});
}

std::optional<Failure> RunMachine::judge(const RunCounts& counts) const {
  const View& view = request_.view;
  if (counts.null_cursors > 0 && view.null_timestamp == NullTimestamp::fail)
    return invalid((counts.null_cursors == 1 ? "1 row" : std::to_string(counts.null_cursors) + " rows") +
                   " without a value in the timestamp field: set null_timestamp to \"skip\" or \"always\", or fix the rows");
  if (counts.rejected > 0 && view.on_reject == OnReject::fail)
    return invalid("a row was rejected and on_reject is \"fail\"; `penstock history` shows the reason");
  // A ratio of a handful of rows says nothing.
  constexpr int64_t kRowsForRatio = 100;
  if (counts.read >= kRowsForRatio && static_cast<double>(counts.rejected) > view.max_reject_ratio * static_cast<double>(counts.read)) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "%g", view.max_reject_ratio);
    return invalid(std::to_string(counts.rejected) + " of " + std::to_string(counts.read) + " rows were rejected, more than max_reject_ratio = " + ratio);
  }
  return {};
}

void RunMachine::transferred(const RunCounts& counts) {
  assert(step_ == Step::transfer);
  counts_ = counts;
  if (!counts.add_up()) {
    failed(internal("the rows do not add up: read " + std::to_string(counts.read) + ", written " + std::to_string(counts.written) +
                    ", unchanged " + std::to_string(counts.unchanged) + ", stale " + std::to_string(counts.stale) + ", rejected " +
                    std::to_string(counts.rejected)));
    return;
  }
  step_ = Step::flush;
}

void RunMachine::flushed() {
  assert(step_ == Step::flush);
  // A slice says nothing about the rows outside it.
  step_ = request_.slice() ? Step::record : Step::save_refused;
}

void RunMachine::refused_saved() {
  assert(step_ == Step::save_refused);
  step_ = Step::commit_marker;
}

void RunMachine::marker_committed() {
  assert(step_ == Step::commit_marker);
  moved_ = true;
  step_ = Step::record;
}

void RunMachine::aborted() {
  assert(step_ == Step::abort);
  step_ = Step::record;
}

void RunMachine::recorded() {
  assert(step_ == Step::record);
  step_ = Step::finish;
}

void RunMachine::failed(Failure failure) {
  const Step where = step_;
  if (!failure_) failure_ = std::move(failure);
  if (where == Step::record) {
    step_ = Step::finish;
  } else if (where == Step::abort || !begun_) {
    step_ = Step::record;
  } else {
    step_ = Step::abort;
  }
}

RunOutcome RunMachine::outcome() const {
  if (!failure_) return RunOutcome::completed;
  return failure_->status == PENSTOCK_STATUS_CANCELLED ? RunOutcome::cancelled : RunOutcome::failed;
}

std::optional<PositionRecord> RunMachine::new_position(int64_t now_ns) const {
  // A store that does not survive a restart never has a remembered position.
  if (failure_ || !capabilities_.durable()) return {};
  if (moved_) {
    // A run that read everything has brought the rows of earlier retries once more; the store may still go back to before it. And
    // rows that were given up as this is another store are missing from the one that refused them, if it comes back.
    const int64_t known = request_.local && request_.local->store == request_.view.store ? request_.local->retried_fence : 0;
    const bool news = counts_.retried > 0 || counts_.given_up > 0 || (known > 0 && !position_);
    return PositionRecord{window_.until, request_.view.store, store_id_, fence_, now_ns, news ? fence_ : known};
  }
  if (found_fence_) return PositionRecord{*position_, request_.view.store, store_id_, *found_fence_, now_ns};
  return {};
}

}  // namespace penstock::host
