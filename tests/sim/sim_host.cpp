#include "sim_host.hpp"

#include "run/shared_look.hpp"

namespace penstock::sim {
namespace {

using namespace host;

constexpr std::chrono::nanoseconds kInterval = std::chrono::microseconds(300);
const ViewId kView{"v", 1}, kOther{"other", 1};

RunJob common_job(const Setup& setup) {
  RunJob job;
  View& view = job.request.view;
  view.id = kView;
  view.entity = "e";
  view.store = "s";
  view.batch_source = "t";
  view.online = view.offline = true;
  view.fields = {{"value", "", {Scalar::int64, false}, ""}};
  if (setup.order_by_event) view.order_by = {"event"};
  view.lag = std::chrono::nanoseconds(setup.lag_ns);
  view.lookback = std::chrono::nanoseconds(setup.lookback_ns);
  if (setup.null_cursors) view.null_timestamp = NullTimestamp::always;
  job.source.name = "t";
  job.source.warehouse = "w";
  job.source.table = "t";
  job.source.timestamp_field = "at";
  job.source.cursor = setup.cursor == Setup::Cursor::xid ? CursorKind::xid : CursorKind::timestamp;
  job.entity.name = "e";
  job.entity.keys = {"id"};
  return job;
}

}  // namespace

SimHost::SimHost(const Surroundings& around, int64_t clock_skew_ns)
    : around_(around), clock_skew_ns_(clock_skew_ns), job_(common_job(around.setup)), disk_(around.hazards), other_store_(around.setup), other_disk_(around.hazards) {
  limits_.batch_rows = around.setup.batch_rows;
  limits_.queue_batches = 0;  // read on the spot: there are no threads in a simulation
  retries_.delay = std::chrono::microseconds(50);
  retries_.delay_max = std::chrono::microseconds(500);
  restart();
}

void SimHost::restart() {
  dead_ = false;
  // Too small now and then.
  repeats_ = std::make_shared<RepeatFilter>(std::make_shared<RepeatBudget>(around_.chance.one_in(8) ? 4096 : 1 << 20));
  schedule_ = Schedule(1);
  schedule_.set_views({{kView, kInterval, 0}}, steady_ns());
  attempts_ = 0;
  full_next_ = false;
}

void SimHost::die() {
  dead_ = true;
  ++deaths_;
  run_.reset();
  waiting_.reset();
  cancel_.reset();
  idle_source_.reset();
}

void SimHost::run_fully() {
  full_next_ = true;
  schedule_.run_now(kView, steady_ns());
}

void SimHost::step() {
  if (dead_) return;
  try {
    around_.hazards.crash_point();
    if (!run_) return start_run();
    if (cancel_ && around_.chance.one_in(4)) cancel_->cancel();
    run_->step();
    if (run_->over()) end_step();
  } catch (const HostCrash&) {
    die();
  }
}

void SimHost::start_run() {
  const auto due = schedule_.next_due(steady_ns());
  if (!due) return;
  ++runs_;
  RunJob job = job_;
  auto local = disk_.position(kView);
  job.request.local = *local;
  job.run_id = std::to_string(around_.next_run++);
  job.repeats = repeats_;
  job.attempt = attempts_ + 1;
  job.request.full = std::exchange(full_next_, false);
  if (around_.hazards.happens(kByHand, 8)) job.request.full = true;
  if (around_.setup.cursor != Setup::Cursor::xid && around_.hazards.happens(kByHand, 10)) {
    const int64_t to = around_.database.now() - around_.chance.below(2'000'000);
    job.request.from_ns = to - around_.chance.below(2'000'000);
    job.request.to_ns = to;
  }
  if (around_.setup.shares_looks && !job.request.full && !job.request.slice() && around_.chance.one_in(2)) {
    waiting_ = std::move(job);
    return start_look();
  }
  if (around_.hazards.happens(kCancelled, 8)) job.cancel = cancel_ = std::make_shared<CancelToken>();
  Connections& connections = *this;
  const Clock& clock = *this;
  run_.emplace(connections, disk_, clock, limits_, std::move(job));
}

void SimHost::start_look() {
  RunJob look = job_;
  look.request.view.id = kOther;
  look.request.view.store = kOther.name;
  auto local = other_disk_.position(kOther);
  look.request.local = *local;
  look.run_id = std::to_string(around_.next_run++);
  Connections& connections = *this;
  const Clock& clock = *this;
  run_.emplace(connections, other_disk_, clock, limits_, std::move(look));
}

// The run under way is over: it was the view's, or the look before it.
void SimHost::end_step() {
  RunReport report = run_->finish();
  run_.reset();
  if (!waiting_) return end_run(report);
  RunJob job = std::move(*waiting_);
  waiting_.reset();
  Connections& connections = *this;
  const Clock& clock = *this;
  if (report.look) {
    const auto shared = share_look(connections, disk_, clock, limits_, *report.look, {job});
    if (shared.front()) {
      ++shared_looks_;
      return end_run(*shared.front());
    }
  }
  run_.emplace(connections, disk_, clock, limits_, std::move(job));
}

// As the daemon does.
void SimHost::end_run(const RunReport& report) {
  cancel_.reset();
  std::optional<std::chrono::nanoseconds> retry;
  last_failure_ = report.failure ? report.failure->message : "";
  const RunRecord& run = report.record;
  if (run.read != run.written + run.unchanged + run.stale + run.rejected || (run.rejected != 0 && !around_.setup.has(kRowsRefused)))
    ended_badly_ = true;
  if (report.failure) {
    retry = retries_.after(*report.failure, ++attempts_);
    if (!retry) attempts_ = 0;
  } else {
    attempts_ = 0;
    ++completed_;
  }
  schedule_.finished(kView, steady_ns(), retry);
}

std::optional<std::string> SimHost::broken_promise() const {
  if (ended_badly_ || !disk_.every_run_added_up()) return "a run's rows do not add up, or one was rejected";
  return {};
}

Result<std::unique_ptr<Source>> SimHost::take_source(const std::string&, const CallLimits&) {
  if (auto failure = around_.hazards.source_failure()) return *failure;
  if (idle_source_) return std::move(idle_source_);
  return std::unique_ptr<Source>(
      std::make_unique<SimSource>(around_.setup, around_.database, around_.hazards, around_.event, snapshot_event_));
}

Result<std::unique_ptr<Sink>> SimHost::take_sink(const std::string& store, const CallLimits&) {
  around_.hazards.crash_point();
  if (store == kOther.name)
    return std::unique_ptr<Sink>(
        std::make_unique<SimSink>(around_.setup, around_.chance, other_store_, around_.database, around_.hazards, other_snapshot_event_));
  return std::unique_ptr<Sink>(
      std::make_unique<SimSink>(around_.setup, around_.chance, around_.store, around_.database, around_.hazards, snapshot_event_));
}

}  // namespace penstock::sim
