// Disks that are full, fail, or come back. The faults go in where SQLite calls the system.
#include "unit/state/state_folder.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

namespace penstock::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const ViewId kUsers{"users", 1};

// While it lives, every write of SQLite in this process fails with the given errno. One at a time.
class FailingWrites {
 public:
  explicit FailingWrites(int error) : vfs_(sqlite3_vfs_find(nullptr)) {
    error_ = error;
    for (const char* name : {"write", "pwrite", "pwrite64"}) {
      vfs_->xSetSystemCall(vfs_, name, reinterpret_cast<sqlite3_syscall_ptr>(&FailingWrites::fail));
    }
  }
  ~FailingWrites() {
    for (const char* name : {"write", "pwrite", "pwrite64"}) vfs_->xSetSystemCall(vfs_, name, nullptr);
  }
  FailingWrites(const FailingWrites&) = delete;
  FailingWrites& operator=(const FailingWrites&) = delete;

 private:
  static ssize_t fail(int, const void*, size_t, off_t) {
    errno = error_;
    return -1;
  }
  static inline int error_ = 0;
  sqlite3_vfs* vfs_;
};

Result<void> finish(State& state, int64_t n) {
  return state.finish_run(completed(kUsers, n), rejects_of(kUsers, n, 2), position_at(n));
}

void expect_at(State& state, int64_t n) {
  EXPECT_EQ(*state.position(kUsers), position_at(n));
  EXPECT_EQ(state.history(kUsers, 1)->front(), completed(kUsers, n));
  EXPECT_EQ(state.rejects(kUsers, 1)->front(), rejects_of(kUsers, n, 2)[1]);
}

struct Fault {
  const char* name;
  int error;
  penstock_status status;
  const char* message;
};

class DiskFault : public ::testing::TestWithParam<Fault> {};

constexpr Fault kFaults[] = {
    {"Full", ENOSPC, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "is full (database or disk is full"},
    {"OverQuota", EDQUOT, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "no room is left for the files in "},
    {"Broken", EIO, PENSTOCK_STATUS_FAILED_PRECONDITION, "fails (disk I/O error, "},
    {"ReadOnly", EROFS, PENSTOCK_STATUS_FAILED_PRECONDITION, "fails (disk I/O error, "},
};
INSTANTIATE_TEST_SUITE_P(State, DiskFault, ::testing::ValuesIn(kFaults),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(DiskFault, FailsTheCommitAsAWholeAndTheNextOneWorksWhenTheDiskIsBack) {
  const StateFolder folder;
  auto state = open_or_throw(folder.directory());
  ASSERT_TRUE(finish(*state, 1).ok());
  {
    const FailingWrites failing(GetParam().error);

    const auto finished = finish(*state, 2);

    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.failure().status, GetParam().status);
    EXPECT_EQ(finished.failure().retry, PENSTOCK_RETRY_AFTER);
    EXPECT_GT(finished.failure().retry_after_ns, 0);
    EXPECT_THAT(finished.failure().message,
                AllOf(StartsWith("state \"" + folder.file().string() + "\": record the end of run run-2 of view \"users\" v1: "),
                      HasSubstr(GetParam().message), HasSubstr("\"" + folder.directory().string() + "\"")));
    EXPECT_FALSE(state->start_run(running(kUsers, 3)).ok());
    EXPECT_FALSE(state->replace_definitions({{"view", "users", 1, "{}", 1}}).ok());
    expect_at(*state, 1);
  }

  EXPECT_TRUE(finish(*state, 2).ok());
  expect_at(*state, 2);
  EXPECT_THAT(*state->definitions(), IsEmpty());
}

TEST_P(DiskFault, FailsTheOpeningOfANewStateAndLeavesNothingThatHinders) {
  const StateFolder folder;
  {
    const FailingWrites failing(GetParam().error);
    const auto opened = open_state(folder.directory(), {});
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.failure().status, GetParam().status);
  }
  auto state = open_or_throw(folder.directory());
  EXPECT_TRUE(finish(*state, 1).ok());
}

// As the kernel says it, with a limit on the size of files.
TEST(FullDisk, IsSaidWhenTheKernelRefusesToLetTheFileGrow) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  const int code = in_child([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{256 * 1024, 256 * 1024};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    auto state = open_or_throw(folder.directory());
    int64_t n = 1;
    while (n < 1'000 && finish(*state, n).ok()) ++n;
    const auto finished = finish(*state, n);
    if (finished.ok() || n < 2) return 2;
    if (finished.failure().status != PENSTOCK_STATUS_RESOURCE_EXHAUSTED) return 3;
    if (*state->position(kUsers) != position_at(n - 1)) return 4;
    return 0;
  });
  EXPECT_EQ(code, 0);
}

TEST(FullDisk, IsOutlivedOnARealFileSystem) {
  const StateFolder folder;
  if (mount("none", folder.root().c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "mounting needs root";
  {
    auto state = open_or_throw(folder.directory(), {.history_runs = 100'000, .rejects_kept = 100'000});
    int64_t n = 1;
    Result<void> finished;
    for (; n < 10'000; ++n) {
      finished = finish(*state, n);
      if (!finished.ok()) break;
    }
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.failure().status, PENSTOCK_STATUS_RESOURCE_EXHAUSTED) << finished.failure().message;
    expect_at(*state, n - 1);

    ASSERT_EQ(mount("none", folder.root().c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
    EXPECT_TRUE(finish(*state, n).ok());
    expect_at(*state, n);
  }
  {
    auto state = open_or_throw(folder.directory());
    EXPECT_TRUE(state->position(kUsers).ok());
  }
}

}  // namespace
}  // namespace penstock::host
