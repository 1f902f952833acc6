// A process that is interrupted, or has no descriptors or no memory left.
#include "conformance/allocation_faults.hpp"
#include "conformance/fault_groups.hpp"
#include "conformance/fault_scene.hpp"
#include "conformance/process_state.hpp"

#include "plugin/file_check.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sys/resource.h>
#include <sys/time.h>

namespace penstock::host::conformance {
namespace {

// While it is there, a signal comes each millisecond, and system calls that wait are not started again by the kernel.
class Interruptions {
 public:
  Interruptions() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &before_);
    const itimerval each{{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &each, nullptr);
  }
  ~Interruptions() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  struct sigaction before_ {};
};

void check_interrupts(Trial& trial) {
  Session session(trial);
  TextRows before, after;
  {
    Work work(session);
    for (const Phase& phase : work.phases())
      if (const Answer answer = phase.run(nullptr); !answer.ok() && !answer.is(PENSTOCK_STATUS_NOT_SUPPORTED))
        trial.skip("not decided, since without signals too " + answer.text());
    if (work.source() != nullptr) session.require(work.source()->read(before));
  }
  const Interruptions interruptions;
  Work work(session);
  for (const Phase& phase : work.phases()) {
    trial.step(phase.name);
    const Answer answer = phase.run(nullptr);
    if (!trial.expect(answer.ok() || answer.is(PENSTOCK_STATUS_NOT_SUPPORTED), answer.text(), phase.name + " answers the same while signals come")) return;
  }
  if (work.source() == nullptr) return;
  const Answer answer = work.source()->read(after);
  trial.expect(answer.ok() && before == after, answer.ok() ? "other rows" : answer.text(), "the same rows while signals come");
}

// Every descriptor that the process may have is open.
class NoDescriptors {
 public:
  NoDescriptors() {
    for (;;) {
      Descriptor next(open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!next) return;
      held_.push_back(std::move(next));
    }
  }

 private:
  std::vector<Descriptor> held_;
};

void check_descriptors(Trial& trial) {
  constexpr rlim_t kFew = 256;
  if (is_sanitized()) trial.skip("the sanitizer needs descriptors of its own");
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min(limit.rlim_cur, kFew);
  setrlimit(RLIMIT_NOFILE, &limit);
  Session session(trial);
  std::optional<NoDescriptors> none;
  at_each_phase(session, [&] { none.emplace(); }, [&](const std::string& phase, const RunPhase& run) {
    const Answer answer = run(nullptr);
    none.reset();
    if (!answer.ok() && !answer.is(PENSTOCK_STATUS_NOT_SUPPORTED))
      trial.expect(answer.error.status != PENSTOCK_STATUS_OK, answer.text(), phase + " says why it fails");
  });
  trial.step("work when there are descriptors again");
  const auto answers = exercise(session);
  if (const Answer* trouble = trouble_in(answers)) trial.fail(trouble->text(), "everything works again when there are descriptors again");
}

// Of many allocations the first few, which are all different, and then ever fewer.
std::vector<size_t> some_of(size_t count) {
  constexpr size_t kAll = 12;
  std::vector<size_t> out;
  for (size_t n = 1; n <= count; n += n < kAll ? 1 : n / 4) out.push_back(n);
  return out;
}

void check_memory(Trial& trial) {
  Session session(trial);
  AllocationFaults faults(&trial.component());
  if (faults.redirected() == 0) trial.skip("it allocates nothing by itself");
  std::map<std::string, size_t> counts;
  at_each_phase(session, [&] { faults.fail_at(0); }, [&](const std::string& phase, const RunPhase& run) {
    run(nullptr);
    counts[phase] = faults.stop();
  });
  size_t most = 0;
  for (const auto& [phase, count] : counts) most = std::max(most, count);
  for (const size_t n : some_of(most))
    at_each_phase(session, [&] { faults.fail_at(n); }, [&](const std::string& phase, const RunPhase& run) {
      if (n > counts[phase]) return void(faults.stop());
      trial.step(phase + ", with allocation " + std::to_string(n) + " of " + std::to_string(counts[phase]) + " failing");
      const Answer answer = run(nullptr);
      faults.stop();
      if (!answer.ok()) trial.expect(answer.error.status != PENSTOCK_STATUS_OK, answer.text(), phase + " says why it fails without memory");
    });
  trial.step("work when there is memory again");
  const auto answers = exercise(session);
  if (const Answer* trouble = trouble_in(answers)) trial.fail(trouble->text(), "everything works again when there is memory again");
}

constexpr Check kChecks[] = {
    {"faults.interrupts", Subject::component, "a signal in the middle of a system call changes nothing", "interrupted-calls", check_interrupts, 2},
    {"faults.descriptors", Subject::component, "without free descriptors there is an error, or it works all the same", "no-descriptors", check_descriptors, 2},
    {"faults.memory", Subject::component, "a failed allocation is an error, or it works all the same", "no-memory", check_memory, 3},
};

}  // namespace

std::span<const Check> resource_checks() { return kChecks; }

}  // namespace penstock::host::conformance
