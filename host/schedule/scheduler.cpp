#include "schedule/scheduler.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace penstock::host {

class Scheduler::Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(boost::asio::io_context& loop, const Clock& clock, int64_t workers, Start start)
      : clock_(clock), start_(std::move(start)), timer_(loop), schedule_(workers) {}

  Schedule& schedule() { return schedule_; }
  int64_t now() const { return clock_.steady_ns(); }

  // Waits for what is due next, in place of what it waited for before. What is due already is started by the loop too, so
  // that a caller is never called back while it is at something.
  void wait() {
    if (stopped_) return;
    timer_.cancel();
    const auto due = schedule_.next_wakeup();
    if (!due) return;
    timer_.expires_after(std::chrono::nanoseconds(std::max<int64_t>(*due - now(), 0)));
    // One that ends just when it is replaced does no harm: the schedule is asked once more.
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->start_what_is_due();
    });
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void start_what_is_due() {
    while (!stopped_) {
      const auto due = schedule_.next_due(now());
      if (!due) break;
      start_(*due);
    }
    wait();
  }

  const Clock& clock_;
  const Start start_;
  boost::asio::steady_timer timer_;
  Schedule schedule_;
  bool stopped_ = false;
};

Scheduler::Scheduler(boost::asio::io_context& loop, const Clock& clock, int64_t workers, Start start)
    : loop_(std::make_shared<Loop>(loop, clock, workers, std::move(start))) {}

Scheduler::~Scheduler() { stop(); }

void Scheduler::set_workers(int64_t workers) {
  loop_->schedule().set_workers(workers);
  loop_->wait();
}

void Scheduler::set_views(const std::vector<ScheduledView>& views) {
  loop_->schedule().set_views(views, loop_->now());
  loop_->wait();
}

bool Scheduler::run_now(const ViewId& view) {
  const bool known = loop_->schedule().run_now(view, loop_->now());
  loop_->wait();
  return known;
}

bool Scheduler::finished(const ViewId& view, std::optional<std::chrono::nanoseconds> retry_after, bool found_nothing) {
  const bool ran = loop_->schedule().finished(view, loop_->now(), retry_after, found_nothing);
  loop_->wait();
  return ran;
}

bool Scheduler::put_back(const ViewId& view) {
  const bool ran = loop_->schedule().put_back(view);
  loop_->wait();
  return ran;
}

size_t Scheduler::running() const { return loop_->schedule().running(); }

std::vector<ViewSchedule> Scheduler::status() const { return loop_->schedule().status(); }

void Scheduler::stop() { loop_->stop(); }

}  // namespace penstock::host
