// What happens when the library is loaded and its module started and ended.
#include "conformance/exercise.hpp"
#include "conformance/io_trap.hpp"
#include "conformance/process_state.hpp"
#include "conformance/trial.hpp"

#include "plugin/elf_note.hpp"
#include "plugin/file_check.hpp"
#include "plugin/printable.hpp"

#include <penstock/testing/load_module.hpp>

#include <algorithm>
#include <array>
#include <barrier>
#include <fcntl.h>
#include <thread>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLoadMs = 250;
constexpr size_t kEntryThreads = 8;
constexpr const char* kEventFd = "anon_inode:[eventfd]";  // a call's cancel_fd, which is the host's

void check_module_is_complete(Trial& trial) {
  const Descriptor file(open(trial.plugin().c_str(), O_RDONLY | O_CLOEXEC));
  if (!read_plugin_note(file.get())) trial.skip("the file is not a plugin: static.note says why");
  if (const auto loaded = trial.load(); !loaded) trial.fail(loaded.failure().message, "the host can load the plugin");
}

void check_entry_point(Trial& trial) {
  const penstock_module* const expected = &trial.module();
  std::array<const penstock_module*, kEntryThreads> seen{};
  std::barrier start(kEntryThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : seen)
      threads.emplace_back([&] {
        start.arrive_and_wait();
        slot = &testing::load_module(trial.plugin());
      });
  }
  trial.expect(std::all_of(seen.begin(), seen.end(), [&](const penstock_module* module) { return module == expected; }),
               "another pointer than at first, from one of 8 threads");
}

// The library's own file is held by the host.
std::vector<std::string> new_descriptors(const Trial& trial, const std::map<int, std::string>& before) {
  std::vector<std::string> out;
  for (const auto& [fd, target] : open_descriptors())
    if (!before.contains(fd) && target != trial.plugin().string() && target != kEventFd) out.push_back(printable(std::string_view(target), 256));
  return out;
}

void check_start(Trial& trial) {
  const CaughtOutput output;
  ProcessSettings settings = process_settings();
  const auto descriptors = open_descriptors();
  const size_t threads = count_threads();
  const auto start = Clock::now();
  {
    Session session(trial);
    const double took = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    trial.measure("load and init", took, "ms");
    if (took > kLoadMs) trial.warn("they took " + std::to_string(static_cast<int>(took)) + " ms", "loading and init return within 250 ms");
    for (const std::string& difference : differences(settings, process_settings())) trial.fail(difference);
    settings = process_settings();
    if (const std::string text = output.text(); !text.empty()) trial.fail("it printed \"" + printable(std::string_view(text), 256) + "\"", "nothing is written to the host's output");
    if (const size_t now = count_threads(threads); now > threads) trial.warn("threads: " + std::to_string(now - threads) + " more than before", "threads are started for an object, by its open");
    for (const std::string& left : new_descriptors(trial, descriptors)) trial.warn("a descriptor on " + left + " was opened", "descriptors are opened for an object, by its open");
    trial.step("deinit, with nothing ever opened");
  }
  for (const std::string& difference : differences(settings, process_settings())) trial.fail(difference + ", after deinit");
}

void check_offline(Trial& trial) {
  IoTrap trap(IoTrap::What::network);
  if (!trap.is_set()) trial.skip("the system does not let the suite watch system calls (seccomp)");
  const Session session(trial);
  for (const std::string& seen : trap.seen()) trial.fail(seen);
}

void check_other_hosts(Trial& trial) {
  const auto use = [&](const HostShape& shape, const std::string& host) {
    trial.apart("with " + host, [&] {
      Session session(trial, shape);
      const auto answers = exercise(session);
      if (const Answer* trouble = trouble_in(answers)) trial.fail(trouble->text() + ", with " + host);
      for (const std::string& violation : session.violations())
        if (violation.ends_with(Session::kWroteBehind)) trial.fail(violation + ", with " + host);
    });
  };
  const bool works = trial.apart("with this host", [&] {
    Session session(trial);
    const auto answers = exercise(session);
    if (const Answer* trouble = trouble_in(answers)) trial.skip("not decided, since it does not work with this host either: " + trouble->text());
  });
  if (!works) return;
  use(testing::kFirstHost, "a host of ABI 1.0");
  use(testing::kNewerHost, "a host of a later minor version, whose structs are larger");
}

constexpr Check kChecks[] = {
    {"load.module", Subject::module, "the module is complete: no slot is NULL, all names, sizes and options are sensible", "module", check_module_is_complete},
    {"load.entry_point", Subject::module, "penstock_module_v1 returns the same pointer each time, on every thread", "entry-point", check_entry_point},
    {"load.start", Subject::module, "loading, init and deinit return at once and leave the process as it is", "side-effects", check_start},
    {"load.offline", Subject::module, "loading and init do no I/O over the network", "load-time", check_offline},
    {"load.other_hosts", Subject::component, "the plugin works in an older and in a newer host", "growth", check_other_hosts},
};

}  // namespace

std::span<const Check> load_checks() { return kChecks; }

}  // namespace penstock::host::conformance
