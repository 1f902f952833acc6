#include "sink.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::sim {
namespace {

using namespace host;

Failure lost() { return {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the connection was lost"}; }

// Nothing when all went well.
std::optional<Failure> failure_of(Store::Answer answer) {
  switch (answer) {
    case Store::Answer::done: return {};
    case Store::Answer::fenced: return Failure{PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run took over"};
    case Store::Answer::wiped: return Failure{PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the store was emptied"};
    case Store::Answer::out_of_step: return Failure{PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the sequence is another"};
    case Store::Answer::failed: return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "a row of a transaction failed"};
  }
  return {};
}

Write write_of(const BatchView& batch, int64_t row) {
  Write out;
  out.entity = static_cast<size_t>(batch[0].bytes(row)[1] - '0');
  const std::string_view order = batch[1].bytes(row);
  std::copy(order.begin(), order.end(), out.order.end() - static_cast<ptrdiff_t>(order.size()));
  out.value = batch[2].value<int64_t>(row);
  return out;
}

}  // namespace

class SimSink::Writer final : public SinkWriter {
 public:
  Writer(SimSink& sink, RunStamp stamp) : sink_(sink), connection_(sink.store_.connections_of()), stamp_(stamp) {}

  int64_t fence() const override { return stamp_.fence; }
  int64_t previous_fence() const override { return stamp_.previous_fence; }

  Result<WriteOutcome> write(const CallLimits&, uint64_t, Batch& batch) override {
    if (auto refused = sink_.refusal()) return *refused;
    sink_.hazards_.crash_point();
    const BatchView view = batch.view();
    WriteOutcome outcome;
    std::optional<Failure> failure;
    std::vector<Write> taken;
    for (int64_t row = 0; row < view.rows(); ++row) {
      const Write write = write_of(view, row);
      if (sink_.store_.refuses(write.entity))
        outcome.rejected.push_back({row, PENSTOCK_REJECT_NO_COLUMN, "something else has the key", true});
      else
        taken.push_back(write);
    }
    const std::vector<Store::Decided> decided = sink_.store_.compare(taken);
    const int64_t rows = static_cast<int64_t>(taken.size()), a_call = sink_.setup_.rows_a_call;
    const int64_t breaks_at = sink_.hazards_.happens(kStoreFails, 12) ? sink_.chance_.below(rows + 1) : -1;
    // The connection is gone before anything arrived; all of it arrives later.
    if (sink_.hazards_.happens(kStoreUnguarded, 8)) gone_ = late_ = true;
    for (int64_t first = 0; first < rows; first += a_call) {
      std::vector<Store::Decided> call(decided.begin() + first, decided.begin() + std::min(first + a_call, rows));
      const bool breaks = breaks_at >= first && breaks_at < first + a_call;
      const RunStamp stamp = stamp_;
      ++stamp_.sequence;
      // Whatever the answers to the calls before, this one is on its way already.
      if (auto failed = send(stamp, std::move(call), breaks, outcome); failed && !failure) failure = std::move(failed);
    }
    sink_.hazards_.crash_point();
    if (failure) return *failure;
    return outcome;
  }

  Result<void> flush(const CallLimits&) override { return {}; }

  Result<void> commit(const CallLimits&, const Position& position) override {
    if (auto refused = sink_.refusal()) return *refused;
    sink_.hazards_.crash_point();
    if (!connected()) return lost();
    const bool breaks = sink_.hazards_.happens(kStoreFails, 8);
    if (breaks && sink_.chance_.one_in(2)) {
      if (sink_.hazards_.happens(kStoreDelays, 2))
        sink_.store_.delay({connection_, stamp_, true, {}, position.ordinal, sink_.snapshot_event_});
      return lost();
    }
    const Store::Answer answer = sink_.store_.commit(stamp_, position.ordinal, sink_.snapshot_event_);
    sink_.hazards_.crash_point();
    if (breaks) return lost();
    if (auto failure = failure_of(answer)) return *failure;
    return {};
  }

  Result<void> abort(const CallLimits&) override { return {}; }

 private:
  bool connected() const { return !gone_ && connection_ == sink_.store_.connections_of(); }

  std::optional<Failure> send(const RunStamp& stamp, std::vector<Store::Decided> rows, bool breaks, WriteOutcome& outcome) {
    if (!connected()) {
      if (gone_ && late_) sink_.store_.delay({connection_, stamp, false, std::move(rows)});
      return lost();
    }
    if (breaks) {
      switch (sink_.chance_.below(3)) {
        case 0:  // the connection breaks, what was sent may still arrive
          gone_ = true;
          late_ = sink_.hazards_.happens(kStoreDelays, 2);
          return send(stamp, std::move(rows), false, outcome);
        case 1:  // applied, and the reply is lost
          sink_.store_.write(stamp, rows);
          gone_ = true;
          return lost();
        default: return failure_of(sink_.store_.write(stamp, rows, static_cast<size_t>(sink_.chance_.below(static_cast<int64_t>(rows.size())))));
      }
    }
    if (auto failure = failure_of(sink_.store_.write(stamp, rows))) return failure;
    for (const Store::Decided& row : rows) {
      if (row.code == Store::Code::written) ++outcome.written;
      if (row.code == Store::Code::unchanged) ++outcome.unchanged;
      if (row.code == Store::Code::stale) ++outcome.stale;
    }
    return {};
  }

  SimSink& sink_;
  const int64_t connection_;
  RunStamp stamp_;
  bool gone_ = false;  // the connection, and for good
  bool late_ = false;  // what was sent before it went arrives all the same
};

std::optional<Failure> SimSink::refusal() {
  if (!hazards_.happens(kStoreRefuses, 20)) return {};
  return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "out of memory", 1'000'000};
}

Result<SinkCapabilities> SimSink::capabilities(const CallLimits&) {
  uint32_t flags = PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_UNCHANGED;
  if (setup_.durable) flags |= PENSTOCK_SINK_DURABLE;
  return SinkCapabilities{flags, 0, 0};
}

Result<Marker> SimSink::load_marker(const CallLimits&, const ViewId&, const std::string&) {
  hazards_.crash_point();
  if (hazards_.happens(kStoreFails, 25)) return lost();
  const Store::Marker found = store_.load_marker();
  Marker out;
  out.store_id = std::to_string(found.store_id);
  out.fence = found.fence;
  out.committed_fence = found.positioned ? found.committed : 0;
  if (found.positioned) out.position = Position{found.position, {}, std::to_string(found.position)};
  return out;
}

Result<std::unique_ptr<SinkWriter>> SimSink::begin(const CallLimits&, const WriteSpec& spec) {
  hazards_.crash_point();
  if (auto refused = refusal()) return *refused;
  const bool breaks = hazards_.happens(kStoreFails, 20);
  if (breaks && chance_.one_in(2)) return lost();
  int64_t run = 0;
  std::from_chars(spec.run_id.data(), spec.run_id.data() + spec.run_id.size(), run);
  const RunStamp stamp = store_.begin(run, store_clock());
  hazards_.crash_point();
  if (breaks) return lost();
  return std::unique_ptr<SinkWriter>(std::make_unique<Writer>(*this, stamp));
}

Result<Batch> SimSink::lookup(const CallLimits&, const ViewId&, const std::string&, const Schema&, const std::vector<std::string>&) {
  return Failure{PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "the simulated store is read by its members"};
}

}  // namespace penstock::sim
