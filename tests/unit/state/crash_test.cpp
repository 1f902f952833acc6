// A host that is killed while it commits: run, rejects and position are all there, or none of them.
#include "unit/state/state_folder.hpp"

#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <random>
#include <sqlite3.h>

namespace penstock::host {
namespace {

const ViewId kUsers{"users", 1};
constexpr StateLimits kLimits{.history_runs = 5, .rejects_kept = 12};
constexpr int64_t kRejects = 3;

// The position says which run was the last to commit; everything else must be what it was then. Returns that run's number,
// 0 before the first.
int64_t expect_consistent(const std::filesystem::path& directory) {
  auto opened = open_state(directory, kLimits);
  EXPECT_TRUE(opened.ok()) << opened.failure().message;
  if (!opened.ok()) return -1;
  State& state = **opened;
  const auto position = *state.position(kUsers);
  const int64_t last = position ? position->position.ordinal : 0;
  if (position) {
    EXPECT_EQ(*position, position_at(last));
  }

  auto history = *state.history(kUsers, 100);
  // The run that was going on.
  if (!history.empty() && history.front().outcome == RunOutcome::running) {
    EXPECT_EQ(history.front(), running(kUsers, last + 1));
    history.erase(history.begin());
  }
  std::vector<RunRecord> runs;
  for (int64_t n = last; n > 0 && static_cast<int64_t>(runs.size()) < kLimits.history_runs; --n) {
    runs.push_back(completed(kUsers, n));
  }
  EXPECT_EQ(history, runs);

  std::vector<RejectRecord> rejects;
  for (int64_t n = last; n > 0 && static_cast<int64_t>(rejects.size()) < kLimits.rejects_kept; --n) {
    auto of_run = rejects_of(kUsers, n, kRejects);
    rejects.insert(rejects.end(), of_run.rbegin(), of_run.rend());
  }
  EXPECT_EQ(*state.rejects(kUsers, 100), rejects);
  return last;
}

// Commits run after run; `committed` is called after each with its number.
template <class Committed>
void commit_for_ever(const std::filesystem::path& directory, Committed committed) {
  auto state = open_or_throw(directory, kLimits);
  const auto position = *state->position(kUsers);
  for (int64_t n = (position ? position->position.ordinal : 0) + 1;; ++n) {
    if (!state->start_run(running(kUsers, n)).ok()) return;
    if (!state->finish_run(completed(kUsers, n), rejects_of(kUsers, n, kRejects), position_at(n)).ok()) return;
    committed(n);
  }
}

// Kills this process at the n-th write of SQLite, after a part of it.
struct KillAtWrite {
  static inline int64_t writes_left = 0;
  static inline size_t part_percent = 0;

  static ssize_t write_or_die(int fd, const void* data, size_t size, off_t offset) {
    if (--writes_left > 0) return pwrite(fd, data, size, offset);
    const size_t part = size * part_percent / 100;
    if (part > 0 && pwrite(fd, data, part, offset) < 0) _exit(1);
    kill(getpid(), SIGKILL);
    return -1;
  }

  static void install(int64_t write, size_t percent) {
    writes_left = write;
    part_percent = percent;
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    for (const char* name : {"pwrite", "pwrite64"}) {
      vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&write_or_die));
    }
  }
};

TEST(KilledHost, LeavesWholeCommitsWhicheverWriteItDiesIn) {
  std::mt19937_64 random(1);
  for (int64_t write = 1; write <= 80; ++write) {
    SCOPED_TRACE("killed in write " + std::to_string(write));
    const StateFolder folder;
    const size_t percent = random() % 101;
    const int code = in_child([&] {
      KillAtWrite::install(write, percent);
      commit_for_ever(folder.directory(), [](int64_t) {});
      return 1;
    });
    ASSERT_EQ(code, -SIGKILL);
    expect_consistent(folder.directory());
    if (HasFailure()) return;
  }
}

TEST(KilledHost, LeavesWholeCommitsThoughItsSuccessorsAreKilledToo) {
  const StateFolder folder;
  std::mt19937_64 random(2);
  int64_t last = 0;
  for (int life = 1; life <= 40; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    const int64_t write = static_cast<int64_t>(1 + random() % 60);
    const size_t percent = random() % 101;
    ASSERT_EQ(in_child([&] {
                KillAtWrite::install(write, percent);
                commit_for_ever(folder.directory(), [](int64_t) {});
                return 1;
              }),
              -SIGKILL);
    const int64_t now = expect_consistent(folder.directory());
    ASSERT_GE(now, last);
    last = now;
    if (HasFailure()) return;
  }
  EXPECT_GT(last, 10);
}

// From outside, at whatever it is doing; what it had said to be committed is there.
TEST(KilledHost, LosesNothingThatItHadSaidToBeCommitted) {
  const StateFolder folder;
  std::mt19937_64 random(3);
  for (int life = 1; life <= 15; ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = start_child([&] {
      commit_for_ever(folder.directory(), [&](int64_t n) {
        if (write(ends[1], &n, sizeof n) != static_cast<ssize_t>(sizeof n)) _exit(1);
      });
      return 1;
    });
    close(ends[1]);
    int64_t said = 0;
    for (uint64_t i = 0, commits = 1 + random() % 12; i < commits; ++i) {
      ASSERT_EQ(read(ends[0], &said, sizeof said), static_cast<ssize_t>(sizeof said));
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 3'000);
    while (std::chrono::steady_clock::now() < until) {
    }
    kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), -SIGKILL);
    for (int64_t later = 0; read(ends[0], &later, sizeof later) == static_cast<ssize_t>(sizeof later);) said = later;
    close(ends[0]);

    ASSERT_GE(expect_consistent(folder.directory()), said);
  }
}

}  // namespace
}  // namespace penstock::host
