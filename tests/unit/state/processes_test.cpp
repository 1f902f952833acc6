// A host and the commands beside it, in processes of their own.
#include "unit/state/state_folder.hpp"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

namespace penstock::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const ViewId kUsers{"users", 1};
const ViewId kOrders{"orders", 1};

// A pipe on which two processes wait for each other.
class Signal {
 public:
  Signal() {
    if (pipe(ends_) != 0) throw std::runtime_error("no pipe");
  }
  ~Signal() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void give() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  // False when the other side is gone.
  bool take() {
    char byte = 0;
    return read(ends_[0], &byte, 1) == 1;
  }

 private:
  int ends_[2];
};

TEST(StateProcesses, SeeEachOthersChanges) {
  const StateFolder folder;
  auto host = open_or_throw(folder.directory());
  ASSERT_EQ(*host->definitions_version(), 0);

  const int code = in_child([&] {
    auto command = open_or_throw(folder.directory());
    return command->replace_definitions({{"view", "users", 1, "{}", 1}}).ok() ? 0 : 1;
  });

  EXPECT_EQ(code, 0);
  EXPECT_EQ(*host->definitions_version(), 1);
  EXPECT_THAT(*host->definitions(), ElementsAre(StoredDefinition{"view", "users", 1, "{}", 1}));
}

TEST(StateProcesses, CountEveryReplacementThoughSeveralReplaceAtOnce) {
  const StateFolder folder;
  std::vector<pid_t> children;
  // None of them finds a database: they make it at the same time.
  for (int child = 0; child < 4; ++child) {
    children.push_back(start_child([&] {
      auto state = open_or_throw(folder.directory());
      for (int i = 0; i < 20; ++i) {
        if (!state->replace_definitions({{"view", "users", child, "{}", i}}).ok()) return 1;
      }
      return 0;
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);

  auto state = open_or_throw(folder.directory());
  EXPECT_EQ(*state->definitions_version(), 80);
  EXPECT_EQ(state->definitions()->size(), 1u);
}

TEST(StateProcesses, ReadWhileTheHostWrites) {
  const StateFolder folder;
  auto host = open_or_throw(folder.directory());
  ASSERT_TRUE(host->finish_run(completed(kUsers, 1), {}, position_at(1)).ok());
  Signal opened, written;

  const pid_t child = start_child([&] {
    auto reader = open_state_read_only(folder.directory());
    if (!reader || (*reader)->position(kUsers)->value() != position_at(1)) return 1;
    opened.give();
    written.take();
    return (*reader)->position(kUsers)->value() == position_at(2) ? 0 : 2;
  });
  ASSERT_TRUE(opened.take());
  ASSERT_TRUE(host->finish_run(completed(kUsers, 2), {}, position_at(2)).ok());
  written.give();

  EXPECT_EQ(wait_for(child), 0);
}

TEST(StateProcesses, CannotWriteThroughAStateThatWasOpenedForReading) {
  const StateFolder folder;
  {
    auto host = open_or_throw(folder.directory());
    ASSERT_TRUE(host->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 1), position_at(1)).ok());
  }
  auto reader = open_state_read_only(folder.directory());
  ASSERT_TRUE(reader.ok()) << reader.failure().message;

  const auto finished = (*reader)->finish_run(completed(kUsers, 2), {}, position_at(2));

  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(finished.failure().message,
              HasSubstr("record the end of run run-2 of view \"users\" v1: it was opened for reading only"));
  EXPECT_EQ(*(*reader)->position(kUsers), position_at(1));
  EXPECT_THAT(*(*reader)->history(kUsers, 10), ElementsAre(completed(kUsers, 1)));
}

TEST(StateProcesses, SeeTheRunsOfAKilledHostClosedByTheNext) {
  const StateFolder folder;
  const int code = in_child([&] {
    auto host = open_or_throw(folder.directory());
    if (!host->finish_run(completed(kUsers, 1), {}, position_at(1)).ok()) return 1;
    if (!host->start_run(running(kUsers, 2)).ok()) return 1;
    RunRecord run = running(kUsers, 2);
    run.read = 77;
    if (!host->update_run(run).ok()) return 1;
    raise(SIGKILL);
    return 1;
  });
  ASSERT_EQ(code, -SIGKILL);

  auto host = open_or_throw(folder.directory());
  ASSERT_TRUE(host->close_interrupted_runs(5'555).ok());

  RunRecord interrupted = running(kUsers, 2);
  interrupted.read = 77;
  interrupted.outcome = RunOutcome::interrupted;
  interrupted.finished_at_ns = 5'555;
  EXPECT_THAT(*host->history(kUsers, 10), ElementsAre(interrupted, completed(kUsers, 1)));
}

TEST(HostLock, IsHeldByOneProcessAndNamesIt) {
  const StateFolder folder;
  EXPECT_EQ(lock_holder(folder.directory()), 0);
  Signal locked, done;
  const pid_t child = start_child([&] {
    auto lock = lock_state(folder.directory());
    locked.give();
    done.take();
    return lock.ok() ? 0 : 1;
  });
  ASSERT_TRUE(locked.take());

  const auto second = lock_state(folder.directory());

  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(second.failure().message,
            "state \"" + folder.directory().string() + "\": another host has it: process " + std::to_string(child) +
                "; one host at a time");
  EXPECT_EQ(lock_holder(folder.directory()), child);
  done.give();
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(lock_holder(folder.directory()), 0);
  EXPECT_TRUE(lock_state(folder.directory()).ok());
}

TEST(HostLock, IsFreeAgainAfterItsHolderWasKilled) {
  const StateFolder folder;
  const int code = in_child([&] {
    const auto lock = lock_state(folder.directory());
    raise(SIGKILL);
    return 1;
  });
  ASSERT_EQ(code, -SIGKILL);

  EXPECT_EQ(lock_holder(folder.directory()), 0);  // though its pid is still in the file
  auto lock = lock_state(folder.directory());
  ASSERT_TRUE(lock.ok()) << lock.failure().message;
  EXPECT_EQ(lock_holder(folder.directory()), getpid());
}

TEST(HostLock, IsNotGivenTwiceInOneProcessAndNotLostByLookingAtIt) {
  const StateFolder folder;
  auto lock = lock_state(folder.directory());
  ASSERT_TRUE(lock.ok());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(lock_holder(folder.directory()), getpid());

  EXPECT_FALSE(lock_state(folder.directory()).ok());

  EXPECT_EQ(in_child([&] { return lock_state(folder.directory()).ok() ? 1 : 0; }), 0);
  lock->reset();
  EXPECT_EQ(lock_holder(folder.directory()), 0);
}

TEST(HostLock, DoesNotKeepCommandsFromReading) {
  const StateFolder folder;
  auto lock = lock_state(folder.directory());
  auto host = open_or_throw(folder.directory());
  EXPECT_EQ(in_child([&] { return open_state_read_only(folder.directory()).ok() ? 0 : 1; }), 0);
}

// Another user than root is needed where a directory is to be read-only by its mode.
TEST(StateProcesses, ReadFromADirectoryThatCannotBeWrittenTo) {
  const StateFolder folder;
  ASSERT_EQ(chmod(folder.root().c_str(), 0777), 0);
  const int code = in_child([&] {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 1;
    {
      auto host = open_or_throw(folder.directory());
      if (!host->finish_run(completed(kUsers, 1), {}, position_at(1)).ok()) return 2;
    }
    if (chmod(folder.directory().c_str(), 0500) != 0) return 3;
    {
      auto reader = open_state_read_only(folder.directory());
      if (!reader || *(*reader)->position(kUsers) != position_at(1)) return 4;
    }
    auto writer = open_state(folder.directory(), {});
    if (writer.ok() || writer.failure().status != PENSTOCK_STATUS_FAILED_PRECONDITION) return 5;
    return chmod(folder.directory().c_str(), 0700) == 0 ? 0 : 6;
  });
  EXPECT_EQ(code, 0);
}

TEST(StateProcesses, ReadFromAFileSystemThatIsMountedReadOnly) {
  const StateFolder folder;
  if (mount("none", folder.root().c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "mounting needs root";
  {
    auto host = open_or_throw(folder.directory());
    EXPECT_TRUE(host->finish_run(completed(kUsers, 1), {}, position_at(1)).ok());
  }
  EXPECT_EQ(mount("none", folder.root().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"), 0);
  {
    const auto reader = open_state_read_only(folder.directory());
    EXPECT_TRUE(reader.ok()) << reader.failure().message;
    if (reader.ok()) {
      EXPECT_EQ(*(*reader)->position(kUsers), position_at(1));
    }
    const auto writer = open_state(folder.directory(), {});
    EXPECT_FALSE(writer.ok());
    if (!writer.ok()) {
      EXPECT_EQ(writer.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
      EXPECT_EQ(writer.failure().retry, PENSTOCK_RETRY_AFTER);
      EXPECT_THAT(writer.failure().message, HasSubstr(folder.directory().string()));
    }
  }
}

}  // namespace
}  // namespace penstock::host
