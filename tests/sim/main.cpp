// The simulator's command: many seeds, or one with everything that happens in it.
#include "simulation.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace penstock::sim {
namespace {

constexpr const char* kUsage = R"(Simulates hosts, a warehouse and a store under faults, and checks the promise after every event.

  --seconds S      as many seeds as fit (default: 10)
  --seeds N        this many seeds instead
  --from N         the first seed (default: 1)
  --jobs N         threads (default: one a core)
  --seed N         one seed, and what happens in it
  --without A,B    without these kinds of faults
  --seed-file F    every seed of a file: its first word on each line
  --events N       at most this many events before faults stop
)";

struct Options {
  double seconds = 10;
  uint64_t seeds = 0;
  uint64_t from = 1;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  std::optional<uint64_t> seed;
  std::string seed_file;
  uint32_t mask = kAllFaults;
  int64_t events = INT64_MAX;
};

[[noreturn]] void usage(const std::string& problem) {
  std::fprintf(stderr, "%s\n%s", problem.c_str(), kUsage);
  std::exit(2);
}

template <class T>
T number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) usage("not a number: " + std::string(text));
  return value;
}

uint32_t fault(std::string_view name) {
  for (size_t i = 0; i < std::size(kFaultNames); ++i)
    if (kFaultNames[i] == name) return 1u << i;
  usage("no such fault: " + std::string(name));
}

uint32_t faults(std::string_view names) {
  uint32_t mask = 0;
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    mask |= fault(names.substr(begin, end - begin));
    begin = end + 1;
  }
  return mask;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help") usage("");
    if (i + 1 == argc) usage("no such option, or without its value: " + std::string(name));
    const std::string_view value = argv[++i];
    if (name == "--seconds") options.seconds = number<double>(value);
    else if (name == "--seeds") options.seeds = number<uint64_t>(value);
    else if (name == "--from") options.from = number<uint64_t>(value);
    else if (name == "--jobs") options.jobs = std::max(1u, number<unsigned>(value));
    else if (name == "--seed") options.seed = number<uint64_t>(value);
    else if (name == "--seed-file") options.seed_file = value;
    else if (name == "--events") options.events = number<int64_t>(value);
    else if (name == "--without") options.mask &= ~faults(value);
    else usage("no such option: " + std::string(name));
  }
  return options;
}

Setup setup_of(uint64_t seed, uint32_t mask, int64_t events) {
  Setup setup = Setup::of(seed, mask);
  setup.events = std::min(setup.events, events);
  return setup;
}

// The fewest kinds of faults and events with which the seed still fails, as the command that shows it.
std::string smallest_command(uint64_t seed, uint32_t mask, int64_t events) {
  const auto fails = [&](uint32_t with, int64_t most) { return simulate(setup_of(seed, with, most)).broken.has_value(); };
  for (uint32_t bit = 1; bit < kAllFaults; bit <<= 1)
    if (fails(mask & ~bit, events)) mask &= ~bit;
  int64_t most = std::min(events, setup_of(seed, mask, events).events);
  for (int64_t fewer = most - 1; fewer > 0; --fewer)
    if (fails(mask, fewer)) most = fewer;
  std::string without;
  for (size_t i = 0; i < std::size(kFaultNames); ++i)
    if ((mask >> i & 1) == 0) without += (without.empty() ? " --without " : ",") + std::string(kFaultNames[i]);
  return "tests/sim/run --seed " + std::to_string(seed) + without + " --events " + std::to_string(most);
}

int replay(const Options& options) {
  const Setup setup = setup_of(*options.seed, options.mask, options.events);
  std::printf("seed %lu: %s\n", setup.seed, setup.text().c_str());
  const Outcome outcome = simulate(setup, [](const std::string& line) { std::printf("%s\n", line.c_str()); });
  std::printf("%s\nhash %016lx\n", outcome.broken ? ("BROKEN: " + *outcome.broken).c_str() : "held", outcome.hash);
  return outcome.broken ? 1 : 0;
}

// Of each line the first word, and the kinds of faults that the second names are left out.
int run_file(const Options& options) {
  std::ifstream file(options.seed_file);
  if (!file) usage("cannot read " + options.seed_file);
  int seeds = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string seed, without;
    if (!(words >> seed >> without) || seed == "#") continue;
    ++seeds;
    const uint32_t mask = without == "-" ? kAllFaults : kAllFaults & ~faults(without);
    const Outcome outcome = simulate(setup_of(number<uint64_t>(seed), mask, options.events));
    if (!outcome.broken) continue;
    std::printf("seed %s: %s\n", line.c_str(), outcome.broken->c_str());
    return 1;
  }
  std::printf("%d seeds held\n", seeds);
  return seeds == 0;
}

struct Totals {
  uint64_t seeds = 0, events = 0, runs = 0, completed = 0, deaths = 0, losses = 0, looks = 0, versions = 0;

  void add(const Outcome& outcome) {
    ++seeds;
    events += static_cast<uint64_t>(outcome.events);
    runs += static_cast<uint64_t>(outcome.runs);
    completed += static_cast<uint64_t>(outcome.completed);
    deaths += static_cast<uint64_t>(outcome.host_deaths);
    losses += static_cast<uint64_t>(outcome.store_losses);
    looks += static_cast<uint64_t>(outcome.shared_looks);
    versions += static_cast<uint64_t>(outcome.versions);
  }
  void add(const Totals& other) {
    seeds += other.seeds, events += other.events, runs += other.runs, completed += other.completed;
    deaths += other.deaths, losses += other.losses, looks += other.looks, versions += other.versions;
  }
};

int run(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); };
  std::atomic<uint64_t> next{options.from};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  Totals totals;
  std::optional<std::pair<uint64_t, std::string>> broken;
  const auto work = [&] {
    Totals mine;
    while (!stop) {
      const uint64_t seed = next++;
      if (options.seeds != 0 ? seed >= options.from + options.seeds : seconds() >= options.seconds) break;
      const Outcome outcome = simulate(setup_of(seed, options.mask, options.events));
      mine.add(outcome);
      if (!outcome.broken) continue;
      const std::lock_guard lock(mutex);
      if (!broken || seed < broken->first) broken.emplace(seed, *outcome.broken);
      stop = true;
    }
    const std::lock_guard lock(mutex);
    totals.add(mine);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  const double took = seconds();
  std::printf("%lu seeds from %lu in %.1f s, %.0f seeds/s with %u threads: %lu events, %lu row versions, %lu runs (%lu completed, %lu by a shared look), %lu host deaths, "
              "%lu store losses: %s\n",
              totals.seeds, options.from, took, static_cast<double>(totals.seeds) / took, options.jobs, totals.events, totals.versions, totals.runs,
              totals.completed, totals.looks, totals.deaths, totals.losses, broken ? "BROKEN" : "0 failures");
  if (!broken) return 0;
  std::printf("seed %lu: %s\n  %s\n", broken->first, broken->second.c_str(), smallest_command(broken->first, options.mask, options.events).c_str());
  return 1;
}

}  // namespace
}  // namespace penstock::sim

int main(int argc, char** argv) {
  using namespace penstock::sim;
  const Options options = parse(argc, argv);
  if (!options.seed_file.empty()) return run_file(options);
  return options.seed ? replay(options) : run(options);
}
