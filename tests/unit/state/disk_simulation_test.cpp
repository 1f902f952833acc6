// The state on a disk that fails and loses power, by seed: after each failure and each power cut it is what was acknowledged
// last, or with the one call in it whose outcome nobody was told.
//
// PENSTOCK_DISK_SEEDS=20000 runs more seeds than usual, PENSTOCK_DISK_FIRST_SEED=4711 others.
#include "support/faulty_disk.hpp"
#include "unit/state/state_folder.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sqlite3.h>

namespace penstock::host {
namespace {

using test::FaultyDisk;
using ::testing::HasSubstr;

constexpr uint64_t kSeeds = 200;
constexpr StateLimits kLimits{.history_runs = 5, .rejects_kept = 12};
const std::vector<ViewId> kViews{{"users", 1}, {"orders", 2}};

// What a state holds, and how its calls change that. Everything is compared.
struct Content {
  std::map<std::string, PositionRecord> positions;       // by the view's name
  std::map<std::string, std::vector<RejectRecord>> rejects;  // likewise, oldest first
  std::vector<RunRecord> runs;                            // oldest first
  std::vector<StoredDefinition> definitions;
  int64_t definitions_version = 0;

  bool operator==(const Content&) const = default;

  void put_run(const RunRecord& run) {
    const auto known = std::find_if(runs.begin(), runs.end(), [&](const RunRecord& each) { return each.run_id == run.run_id; });
    if (known == runs.end()) {
      runs.push_back(run);
    } else {
      *known = run;
    }
  }

  void finish_run(const RunRecord& run, const std::vector<RejectRecord>& met, const std::optional<PositionRecord>& position) {
    put_run(run);
    auto& kept = rejects[run.view.name];
    std::erase_if(kept, [&](const RejectRecord& each) { return each.run_id == run.run_id; });
    kept.insert(kept.end(), met.begin(), met.end());
    if (const auto limit = static_cast<size_t>(kLimits.rejects_kept); kept.size() > limit) {
      kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(limit));
    }
    if (kept.empty()) rejects.erase(run.view.name);
    if (position) positions[run.view.name] = *position;
    int64_t of_view = 0;
    for (auto each = runs.rbegin(); each != runs.rend(); ++each) {
      if (each->view == run.view && ++of_view > kLimits.history_runs) each->run_id.clear();
    }
    std::erase_if(runs, [](const RunRecord& each) { return each.run_id.empty(); });
  }

  int64_t reject_count(const ViewId& view) const {
    const auto found = rejects.find(view.name);
    return found == rejects.end() ? 0 : static_cast<int64_t>(found->second.size());
  }

  std::string summary() const {
    std::string text;
    for (const auto& [view, position] : positions) text += view + "@" + std::to_string(position.position.ordinal) + " ";
    for (const auto& [view, kept] : rejects) text += view + ":" + std::to_string(kept.size()) + " rejects ";
    for (const RunRecord& run : runs) text += run.run_id + (run.outcome == RunOutcome::running ? "? " : " ");
    return text + "definitions " + std::to_string(definitions.size()) + "/" + std::to_string(definitions_version);
  }
};

Result<Content> read_content(State& state) {
  Content content;
  for (const ViewId& view : kViews) {
    auto position = state.position(view);
    if (!position) return position.failure();
    if (*position) content.positions[view.name] = **position;
    auto rejects = state.rejects(view, 1'000);
    if (!rejects) return rejects.failure();
    if (!rejects->empty()) content.rejects[view.name] = {rejects->rbegin(), rejects->rend()};
  }
  auto runs = state.history(std::nullopt, 1'000);
  if (!runs) return runs.failure();
  content.runs = {runs->rbegin(), runs->rend()};
  auto definitions = state.definitions();
  if (!definitions) return definitions.failure();
  content.definitions = *definitions;
  auto version = state.definitions_version();
  if (!version) return version.failure();
  content.definitions_version = *version;
  return content;
}

// The connections that are opened while it lives.
struct Connections {
  Connections() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Connections::opened)); }
  ~Connections() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Connections::opened)); }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  static int opened(sqlite3* connection, const char**, const struct sqlite3_api_routines*) {
    last = connection;
    return SQLITE_OK;
  }
  static inline sqlite3* last = nullptr;
};

struct Broken {
  std::string what;
};

// What happened, of one seed or of many.
struct Coverage {
  int64_t calls = 0, failures = 0, failed_openings = 0, cuts = 0, in_doubt_lost = 0, in_doubt_kept = 0;
  std::array<int64_t, FaultyDisk::kOperations> faults{};
};

class DiskSimulation {
 public:
  DiskSimulation(uint64_t seed, Coverage& coverage) : random_(seed), disk_(seed + 1'000'000'007), coverage_(coverage) {}

  void ignore_syncs() { disk_.ignore_syncs(); }

  // What is broken; empty when nothing is.
  std::string run() {
    try {
      for (uint64_t lives = 3 + below(3); lives > 0; --lives) live();
      reopen();
      for (size_t i = 0; i < FaultyDisk::kOperations; ++i) {
        coverage_.faults[i] += disk_.faults_met(static_cast<FaultyDisk::Operation>(i));
      }
      return {};
    } catch (const Broken& broken) {
      return broken.what + "\n" + log_;
    }
  }

  const std::string& log() const { return log_; }

 private:
  struct Call {
    std::string name;
    std::function<Result<void>(State&)> make;
    Content after;
  };

  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  void note(const std::string& line) { log_ += line + "\n"; }

  void live() {
    note("life");
    const auto operations = static_cast<int64_t>(1 + below(one_in(2) ? 30 : 200));
    if (one_in(3)) disk_.cut_power_at(operations);
    if (one_in(3)) disk_.cut_power_in_sync_after(operations);
    if (one_in(3)) add_fault();
    open();
    for (uint64_t calls = below(25); calls > 0 && disk_.powered(); --calls) {
      if (one_in(4)) add_fault();
      // What SQLite has in its cache cannot fail to be read.
      if (one_in(4)) sqlite3_db_release_memory(Connections::last);
      call(next_call());
    }
    if (disk_.powered() && one_in(3)) disk_.cut_power();
    if (one_in(2)) disk_.repair();
    state_.reset();
    if (disk_.powered() && one_in(3)) disk_.cut_power();
    if (!disk_.powered()) restart();
    disk_.repair();
  }

  void restart() {
    disk_.restart();
    restarted_ = true;
    ++coverage_.cuts;
    note("power cut");
    reopen();
    state_.reset();
  }

  // Without faults: it has to work.
  void reopen() {
    disk_.repair();
    open();
    if (!disk_.powered()) {
      restart();
      open();
    }
  }

  void add_fault() {
    using Operation = FaultyDisk::Operation;
    constexpr Operation kWhat[] = {Operation::open, Operation::read,   Operation::write, Operation::write, Operation::truncate,
                                   Operation::sync, Operation::remove, Operation::share, Operation::read,  Operation::sync};
    const Operation what = kWhat[below(std::size(kWhat))];
    const bool full = (what == Operation::write || what == Operation::sync || what == Operation::share) && one_in(2);
    disk_.fail({what, static_cast<int64_t>(below(one_in(2) ? 3 : 12)), one_in(3) ? 1 + static_cast<int64_t>(below(8)) : 1,
                full                      ? ENOSPC
                : what == Operation::open ? EMFILE
                                          : EIO});
  }

  void open() {
    const int64_t faults = disk_.faults_met();
    auto opened = open_state(folder_.directory(), kLimits);
    if (!opened) {
      ++coverage_.failed_openings;
      note("opening fails");
      check_failure("opening", opened.failure(), faults);
      if (!disk_.powered()) return;
      disk_.repair();
      opened = open_state(folder_.directory(), kLimits);
      if (!opened && !disk_.powered()) return;
      if (!opened) throw Broken{"cannot be opened though the disk works again: " + opened.failure().message};
    }
    state_ = std::move(*opened);
    sqlite3_wal_autocheckpoint(Connections::last, static_cast<int>(1 + below(40)));
    if (one_in(3)) sqlite3_exec(Connections::last, "PRAGMA cache_size = 10", nullptr, nullptr, nullptr);
    take_what_is_there();
  }

  // Of all that it may be, what it is.
  void take_what_is_there() {
    std::optional<Content> found = read_repairing();
    if (!found) return;
    const auto match = std::find(possible_.rbegin(), possible_.rend(), *found);
    if (match == possible_.rend()) {
      throw Broken{"after opening it holds\n  " + found->summary() + "\nand not one of\n  " + summaries()};
    }
    if (possible_.size() > 1) ++(match == possible_.rbegin() ? coverage_.in_doubt_kept : coverage_.in_doubt_lost);
    note("holds " + found->summary());
    live_ = *found;
    // What a power cut left is on disk. Otherwise one may still bring the others, until a call waits for the disk.
    if (restarted_) possible_.clear();
    restarted_ = false;
    std::erase(possible_, live_);
    possible_.push_back(live_);
  }

  std::optional<Content> read_repairing() {
    const int64_t faults = disk_.faults_met();
    auto content = read_content(*state_);
    if (content.ok()) return *content;
    check_failure("reading", content.failure(), faults);
    if (!disk_.powered()) return std::nullopt;
    disk_.repair();
    content = read_content(*state_);
    if (!content) throw Broken{"cannot be read though the disk works again: " + content.failure().message};
    return *content;
  }

  void call(const Call& call) {
    ++coverage_.calls;
    const int64_t faults = disk_.faults_met();
    auto result = call.make(*state_);
    note(call.name + (result.ok() ? "" : " fails " + std::to_string(result.failure().vendor_code)));
    if (result.ok()) {
      acknowledge(call);
    } else {
      ++coverage_.failures;
      possible_.push_back(call.after);
      check_failure(call.name, result.failure(), faults);
      if (!disk_.powered()) return;
    }
    if (result.ok() && !one_in(4)) return;
    const auto found = read_repairing();
    if (!found) return;
    if (*found != live_) throw Broken{call.name + (result.ok() ? " was acknowledged" : " failed") + ", and it holds\n  " +
                                      found->summary() + "\nand not\n  " + live_.summary()};
    if (result.ok() || one_in(2)) return;
    disk_.repair();
    result = call.make(*state_);
    if (!result.ok() && !disk_.powered()) return;
    note("again " + call.name);
    if (!result.ok()) throw Broken{call.name + " fails though the disk works again: " + result.failure().message};
    acknowledge(call);
  }

  void acknowledge(const Call& call) {
    // Nothing to write: nothing that was in doubt is settled by it.
    if (call.after == live_) return;
    live_ = call.after;
    possible_ = {live_};
  }

  // A disk that fails for a while is no reason to throw the state away or to give up.
  void check_failure(const std::string& what, const Failure& failure, int64_t faults_before) {
    const std::string said = what + " fails: " + failure.message + " (status " + std::to_string(failure.status) + ")";
    if (disk_.powered() && disk_.faults_met() == faults_before) throw Broken{said + ", though the disk did not"};
    if (failure.message.rfind("state \"", 0) != 0) throw Broken{said + ", without saying of what"};
    const bool status_fits =
        failure.status == PENSTOCK_STATUS_RESOURCE_EXHAUSTED || failure.status == PENSTOCK_STATUS_FAILED_PRECONDITION;
    if (!status_fits || failure.retry != PENSTOCK_RETRY_AFTER || failure.retry_after_ns <= 0) {
      throw Broken{said + ", and is not to be tried again"};
    }
  }

  Call next_call() {
    const ViewId& view = kViews[below(kViews.size())];
    Content after = live_;
    const auto going_on = std::find_if(after.runs.rbegin(), after.runs.rend(), [&](const RunRecord& run) {
      return run.view == view && run.outcome == RunOutcome::running;
    });
    switch (below(12)) {
      case 0: {
        const int64_t dropping = after.reject_count(view);
        after.rejects.erase(view.name);
        return {"drop_rejects", [view, dropping](State& state) -> Result<void> {
                  auto dropped = state.drop_rejects(view);
                  if (!dropped) return dropped.failure();
                  if (*dropped != dropping) throw Broken{"drop_rejects says " + std::to_string(*dropped)};
                  return {};
                }, after};
      }
      case 1: {
        after.definitions.clear();
        for (uint64_t i = 0, count = below(4); i < count; ++i) {
          const std::string json(one_in(3) ? below(60'000) : below(200), static_cast<char>('a' + below(26)));
          after.definitions.push_back({"view", "v" + std::to_string(i), 1, json, 77});
        }
        ++after.definitions_version;
        return {"replace_definitions", [definitions = after.definitions](State& state) {
                  return state.replace_definitions(definitions);
                }, after};
      }
      case 2: {
        for (RunRecord& run : after.runs) {
          if (run.outcome != RunOutcome::running) continue;
          run.outcome = RunOutcome::interrupted;
          run.finished_at_ns = 9'999;
        }
        return {"close_interrupted_runs", [](State& state) { return state.close_interrupted_runs(9'999); }, after};
      }
      case 3: {
        if (!one_in(3)) break;
        after.positions.erase(view.name);
        return {"forget_position", [view](State& state) { return state.forget_position(view); }, after};
      }
      case 4:
      case 5: {
        if (going_on == after.runs.rend()) break;
        going_on->read += 10;
        return {"update_run", [run = *going_on](State& state) { return state.update_run(run); }, after};
      }
      default: break;
    }
    if (going_on == after.runs.rend()) {
      const RunRecord run = running(view, next_run_++);
      after.put_run(run);
      return {"start_run " + run.run_id, [run](State& state) { return state.start_run(run); }, after};
    }
    return finish(*going_on);
  }

  Call finish(const RunRecord& going_on) {
    const int64_t n = std::stoll(going_on.run_id.substr(4));
    RunRecord run = completed(going_on.view, n);
    std::optional<PositionRecord> position;
    if (one_in(5)) {
      run.outcome = RunOutcome::failed;
      run.error = std::string(below(3'000), 'e');
    } else {
      const auto known = live_.positions.find(run.view.name);
      position = position_at(known == live_.positions.end() ? 1 : known->second.position.ordinal + 1);
    }
    const auto rejects = rejects_of(run.view, n, static_cast<int64_t>(below(8)));
    Content after = live_;
    after.finish_run(run, rejects, position);
    return {"finish_run " + run.run_id, [=](State& state) { return state.finish_run(run, rejects, position); }, after};
  }

  std::string summaries() const {
    std::string text;
    for (const Content& each : possible_) text += each.summary() + "\n  ";
    return text;
  }

  std::mt19937_64 random_;
  const StateFolder folder_;
  FaultyDisk disk_;
  const Connections connections_;
  Coverage& coverage_;
  std::unique_ptr<State> state_;
  Content live_;
  // What may be found after a power cut: what the disk was waited for last, and what was tried since.
  std::vector<Content> possible_{Content{}};
  bool restarted_ = false;
  int64_t next_run_ = 1;
  std::string log_;
};

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(StateOnAFaultyDisk, IsWhatWasAcknowledgedWhateverFailsAndWheneverThePowerIsCut) {
  const uint64_t first = number_from_environment("PENSTOCK_DISK_FIRST_SEED", 1);
  const uint64_t seeds = number_from_environment("PENSTOCK_DISK_SEEDS", kSeeds);
  Coverage coverage;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::string broken = DiskSimulation(seed, coverage).run();
    ASSERT_EQ(broken, "") << "PENSTOCK_DISK_FIRST_SEED=" << seed << " PENSTOCK_DISK_SEEDS=1";
  }
  if (seeds < kSeeds) return;
  // Of everything some.
  EXPECT_GT(coverage.cuts, 100);
  EXPECT_GT(coverage.failures, 100);
  EXPECT_GT(coverage.failed_openings, 10);
  EXPECT_GT(coverage.in_doubt_lost, 50);
  EXPECT_GT(coverage.in_doubt_kept, 10);
  for (const int64_t met : coverage.faults) EXPECT_GT(met, 0);
}

TEST(StateOnAFaultyDisk, EndsTheSameWithTheSameSeed) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Coverage ignored;
    std::string logs[2];
    for (std::string& log : logs) {
      DiskSimulation simulation(seed, ignored);
      ASSERT_EQ(simulation.run(), "");
      log = simulation.log();
    }
    EXPECT_EQ(logs[0], logs[1]) << "seed " << seed;
  }
}

// What the simulation found, in short.

// Seed 1: SQLite calls it damage, and the advice was to move the state away.
TEST(StateOnAFaultyDisk, IsNotCalledDamagedForAReadThatFails) {
  const StateFolder folder;
  FaultyDisk disk(1);
  const Connections connections;
  {
    auto state = open_or_throw(folder.directory());
    ASSERT_TRUE(state->finish_run(completed(kViews[0], 1), rejects_of(kViews[0], 1, 50), position_at(1)).ok());
  }
  int64_t openings_failed = 0;
  for (int64_t reads = 0; reads < 30; ++reads) {
    disk.fail({FaultyDisk::Operation::read, reads, 1, EIO});
    auto opened = open_state(folder.directory(), {});
    disk.repair();
    if (opened.ok()) {
      sqlite3_db_release_memory(Connections::last);
      disk.fail({FaultyDisk::Operation::read, 0, 1, EIO});
      const auto position = (*opened)->position(kViews[0]);
      disk.repair();
      ASSERT_FALSE(position.ok());
      EXPECT_EQ(position.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
      EXPECT_EQ(position.failure().retry, PENSTOCK_RETRY_AFTER);
      EXPECT_THAT(position.failure().message, HasSubstr("the disk of \"" + folder.directory().string() + "\" fails (cannot read, "));
      EXPECT_EQ(*(*opened)->position(kViews[0]), position_at(1));
      continue;
    }
    ++openings_failed;
    EXPECT_EQ(opened.failure().retry, PENSTOCK_RETRY_AFTER) << reads << ": " << opened.failure().message;
  }
  EXPECT_GT(openings_failed, 3);
}

// Seed 22: SQLite answers that it keeps a log before it has written down that it does, and without one the last commit may be
// undone by a power cut.
TEST(StateOnAFaultyDisk, IsNotOpenedWithoutItsLog) {
  for (int64_t syncs = 0; syncs < 12; ++syncs) {
    const StateFolder folder;
    FaultyDisk disk(1);
    disk.fail({FaultyDisk::Operation::sync, syncs, 1, EIO});
    const auto opened = open_state(folder.directory(), {});
    if (!opened.ok()) continue;
    EXPECT_TRUE(std::filesystem::exists(folder.file().string() + "-wal")) << syncs;
  }
}

// Seed 115: a sync that failed dropped the progress before it, which had not waited for one, and so cut off what came after.
TEST(StateOnAFaultyDisk, KeepsWhatFollowsProgressAndASyncThatFailed) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    const StateFolder folder;
    FaultyDisk disk(seed);
    {
      auto state = open_or_throw(folder.directory());
      ASSERT_TRUE(state->start_run(running(kViews[0], 1)).ok());
      ASSERT_TRUE(state->update_run(running(kViews[0], 1)).ok());
      disk.fail({FaultyDisk::Operation::sync, 0, 1, EIO});
      ASSERT_FALSE(state->finish_run(completed(kViews[0], 1), {}, position_at(1)).ok());
      ASSERT_TRUE(state->finish_run(completed(kViews[0], 1), {}, position_at(1)).ok());
      disk.cut_power();
    }
    disk.restart();
    EXPECT_EQ(*open_or_throw(folder.directory())->position(kViews[0]), position_at(1)) << "seed " << seed;
  }
}

// Seed 1212: likewise, when the host ended in between and left its log behind.
TEST(StateOnAFaultyDisk, KeepsWhatFollowsALogThatIsInMemoryOnly) {
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    const StateFolder folder;
    FaultyDisk disk(seed);
    {
      auto state = open_or_throw(folder.directory());
      disk.fail({FaultyDisk::Operation::sync, 0, 10, EIO});
      ASSERT_FALSE(state->start_run(running(kViews[0], 1)).ok());
    }
    disk.repair();
    {
      auto state = open_or_throw(folder.directory());
      ASSERT_TRUE(state->finish_run(completed(kViews[0], 1), {}, position_at(1)).ok());
      disk.cut_power();
    }
    disk.restart();
    EXPECT_EQ(*open_or_throw(folder.directory())->position(kViews[0]), position_at(1)) << "seed " << seed;
  }
}

// That the simulation would notice.
TEST(StateOnAFaultyDisk, IsFoundToHaveLostCallsWhenTheDiskOnlySaysItSynced) {
  int64_t found = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Coverage ignored;
    DiskSimulation simulation(seed, ignored);
    simulation.ignore_syncs();
    if (!simulation.run().empty()) ++found;
  }
  EXPECT_GT(found, 10);
}

}  // namespace
}  // namespace penstock::host
