// Calls that the host does not want to wait for any longer.
#include "conformance/fault_groups.hpp"
#include "conformance/fault_scene.hpp"

#include <algorithm>
#include <condition_variable>
#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLate{500};         // it has ended soon, and users notice
constexpr int kRepeats = 12;              // of each phase: what the percentiles are of
constexpr std::chrono::seconds kRepeatTime{3};  // fewer, where they take longer
constexpr milliseconds kInFlight{200};     // at most, for a request to reach the server
constexpr int64_t kDeadlineMs = 100;
constexpr int64_t kFarDeadlineMs = 60'000;

double in_ms(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1];
}

// Something that runs beside a call, until the call is over.
class Beside {
 public:
  // `act` gets a function that waits, and answers whether the call is over.
  using Wait = std::function<bool(Clock::duration)>;
  explicit Beside(std::function<void(const Wait&)> act) : thread_([this, act = std::move(act)] {
    act([this](Clock::duration time) {
      std::unique_lock lock(mutex_);
      return changed_.wait_for(lock, time, [this] { return over_; });
    });
  }) {}
  ~Beside() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

bool is_good_end(const Answer& answer) { return answer.ok() || answer.is(PENSTOCK_STATUS_CANCELLED) || answer.is(PENSTOCK_STATUS_NOT_SUPPORTED); }

void check_cancelled_before(Trial& trial) {
  Session session(trial);
  std::vector<double> took;
  at_each_phase(session, [] {}, [&](const std::string& phase, const RunPhase& run) {
    FakeCall call;
    call.cancel();
    const auto start = Clock::now();
    const Answer answer = run(&call);
    took.push_back(in_ms(Clock::now() - start));
    trial.expect(is_good_end(answer), answer.text(), phase + ", cancelled before, answers cancelled, or OK where it does not wait");
    trial.expect(took.back() < in_ms(kSoon), phase + " took " + std::to_string(static_cast<int>(took.back())) + " ms", "a call that was cancelled before ends soon");
  });
  trial.measure("cancelled before, p50", percentile(took, 0.5), "ms");
  trial.measure("p99", percentile(took, 0.99), "ms");
}

// What became of a call that was cancelled while the server did not answer.
struct Cancelled {
  Answer answer;
  bool waited = false;  // it was still running
  double latency_ms = 0;
};

Cancelled cancel_during(ServerProxy& proxy, const RunPhase& run) {
  FakeCall call;
  Cancelled out;
  Clock::time_point cancelled;
  const int64_t asked = proxy.asked();
  {
    const Beside canceller([&](const Beside::Wait& over) {
      // The request is on its way, or there is none.
      const auto until = Clock::now() + kInFlight;
      while (proxy.asked() == asked && Clock::now() < until)
        if (over(milliseconds(1))) return;
      if (over(milliseconds(1))) return;
      out.waited = true;
      cancelled = Clock::now();
      call.cancel();
      // A call that is deaf must not hold up the suite.
      if (!over(kSoon)) proxy.set(ServerProxy::Mode::reset);
    });
    out.answer = run(&call);
    out.latency_ms = in_ms(Clock::now() - cancelled);
  }
  return out;
}

void check_cancel(Trial& trial) {
  Session session(trial);
  const auto proxy = put_proxy(session);
  std::map<std::string, std::vector<double>> latencies;
  std::vector<std::string> order;
  std::set<std::string> late;
  const auto until = Clock::now() + kRepeatTime;
  for (int i = 0; i < kRepeats && (i == 0 || Clock::now() < until); ++i) {
    bool deaf = false;
    proxy->set(ServerProxy::Mode::pass);
    at_each_phase(session, [&] { proxy->set(ServerProxy::Mode::stall); }, [&](const std::string& phase, const RunPhase& run) {
      // Every phase once, and what has told enough not again.
      const bool enough = deaf || late.contains(phase) || (i > 0 && Clock::now() > until);
      const Cancelled seen = enough ? Cancelled{} : cancel_during(*proxy, run);
      proxy->set(ServerProxy::Mode::pass);
      if (!seen.waited) return;
      if (!latencies.contains(phase)) order.push_back(phase);
      latencies[phase].push_back(seen.latency_ms);
      deaf = !trial.expect(seen.latency_ms < in_ms(kSoon), phase + " went on waiting for the server", "a call that waits ends within a second after it is cancelled");
      if (!deaf && seen.latency_ms > in_ms(kLate) && late.insert(phase).second)
        trial.warn(phase + " noticed the cancellation after " + std::to_string(static_cast<int>(seen.latency_ms)) + " ms",
                   "a call that waits ends soon after it is cancelled");
      if (!deaf) deaf = !trial.expect(is_good_end(seen.answer), seen.answer.text(), phase + ", cancelled while it waits for the server, answers cancelled");
    });
    if (deaf) return;
  }
  for (const std::string& phase : order) {
    trial.measure("cancel during " + phase + ", p50", percentile(latencies[phase], 0.5), "ms");
    trial.measure("p99", percentile(latencies[phase], 0.99), "ms");
  }
  if (order.empty()) trial.skip("no call has waited for the server");
}

void check_deadline(Trial& trial) {
  Session session(trial);
  const auto proxy = put_proxy(session);
  at_each_phase(session, [] {}, [&](const std::string& phase, const RunPhase& run) {
    FakeCall call;
    call.set_deadline_ms_from_now(kFarDeadlineMs);
    const Answer answer = run(&call);
    trial.expect(answer.ok() || answer.is(PENSTOCK_STATUS_NOT_SUPPORTED), answer.text(), phase + " answers OK while there is time left");
  });
  at_each_phase(session, [&] { proxy->set(ServerProxy::Mode::stall); }, [&](const std::string& phase, const RunPhase& run) {
    FakeCall call;
    call.set_deadline_ms_from_now(kDeadlineMs);
    Answer answer;
    const auto start = Clock::now();
    {
      const Beside host([&](const Beside::Wait& over) {
        if (over(milliseconds(kDeadlineMs))) return;
        call.cancel();
        if (!over(kSoon)) proxy->set(ServerProxy::Mode::reset);
      });
      answer = run(&call);
    }
    const double took = in_ms(Clock::now() - start);
    proxy->set(ServerProxy::Mode::pass);
    if (!trial.expect(took < kDeadlineMs + in_ms(kSoon), phase + " went on waiting for the server", "a call is over by its deadline")) throw CheckOver();
    trial.expect(is_good_end(answer) || answer.is(PENSTOCK_STATUS_DEADLINE_EXCEEDED), answer.text(), phase + ", out of time, answers cancelled or deadline_exceeded");
  });
}

constexpr Check kChecks[] = {
    {"faults.cancelled_before", Subject::component, "a call that was cancelled before it began ends soon", "cancellation", check_cancelled_before},
    {"faults.cancel", Subject::component, "a call that is cancelled while it waits ends soon", "cancellation", check_cancel, 3},
    {"faults.deadline", Subject::component, "a call is over by its deadline, and not before for its sake", "deadline", check_deadline, 2},
};

}  // namespace

std::span<const Check> cancel_checks() { return kChecks; }

}  // namespace penstock::host::conformance
