// What happens to the host's own state on disk: the store's marker says where to go on, and nothing is lost.
#include "fault/polling_host.hpp"
#include "sink_redis/scripts.hpp"
#include "support/redis_proxy.hpp"

#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// More than the host's log, less than its state.
constexpr uintmax_t kFullBytes = 64 * 1024;

// Whatever becomes of the test, nothing stays mounted.
struct Unmount {
  std::filesystem::path folder;
  ~Unmount() { umount(folder.c_str()); }
};

class NothingIsLostWhenTheStateIs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    redis_ = new RedisServer;
    create_profile_table(*postgres_);
  }
  static void TearDownTestSuite() {
    delete redis_;
    delete postgres_;
  }

  NothingIsLostWhenTheStateIs() {
    redis_->flush_all();
    postgres_->exec("TRUNCATE " + profile_table());
    upsert_users(*postgres_, "u", 0, 600);
  }

  void start() {
    host_.start();
    host_.await_caught_up();
  }
  void change() { upsert_users(*postgres_, "u", 300, 600); }
  std::filesystem::path folder() { return host_.world().state_dir(); }
  std::filesystem::path file() { return folder() / "state.db"; }
  // Files of the running host may not grow beyond that any more: what a full disk looks like to SQLite.
  void limit_files(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    ASSERT_EQ(prlimit(host_.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  }
  void await_large_state() {
    ASSERT_TRUE(eventually([&] { return std::filesystem::file_size(file().string() + "-wal") > 2 * kFullBytes; }));
  }
  void overwrite(uintmax_t from, uintmax_t bytes) {
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(from));
    out << std::string(bytes, '\xa5');
  }
  void expect_complete() {
    const Difference found = compare_every_key(*postgres_, *redis_);
    EXPECT_TRUE(found.none()) << found << "\n" << host_.log();
  }
  void expect_healed() {
    host_.await_caught_up();
    expect_complete();
  }
  Finished materialize() { return host_.world().penstock({"materialize", "--json"}); }

  static PostgresServer* postgres_;
  static RedisServer* redis_;
  RedisProxy proxy_{redis_->port()};
  PollingHost host_{*postgres_, *redis_, {.store_url = proxy_.url(), .warehouse = "margin = \"1ms\"\n"}};
};

PostgresServer* NothingIsLostWhenTheStateIs::postgres_ = nullptr;
RedisServer* NothingIsLostWhenTheStateIs::redis_ = nullptr;

TEST_F(NothingIsLostWhenTheStateIs, OnAFullDiskUnderARunningHost) {
  start();
  await_large_state();
  limit_files(kFullBytes);
  change();
  EXPECT_TRUE(eventually([&] { return host_.log().find("no room is left for the files in ") != std::string::npos; })) << host_.log();
  limit_files(RLIM_INFINITY);
  expect_healed();
}

TEST_F(NothingIsLostWhenTheStateIs, OnADiskThatFillsUpBetweenTheMarkerAndTheLocalRecord) {
  start();
  await_large_state();
  proxy_.stop_at({std::string(redis::script_text(redis::Script::commit)), 1, RedisProxy::Moment::after});
  change();
  ASSERT_TRUE(proxy_.await_stop());
  limit_files(kFullBytes);
  proxy_.go_on();
  EXPECT_TRUE(eventually([&] { return host_.log().find("no room is left for the files in ") != std::string::npos; })) << host_.log();
  limit_files(RLIM_INFINITY);
  kill(host_.pid(), SIGUSR1);  // now, not at the next retry
  expect_healed();
}

TEST_F(NothingIsLostWhenTheStateIs, OnAReadOnlyDisk) {
  std::filesystem::create_directories(folder());
  chmod(folder().c_str(), 0700);
  const bool mounts = geteuid() == 0;  // whom no permission stops
  if (mounts && mount("none", folder().c_str(), "tmpfs", 0, "size=16m,mode=0700") != 0) GTEST_SKIP() << "root, but may not mount";
  const Unmount unmount{folder()};
  EXPECT_EQ(materialize().exit_code, 0);
  const auto set_read_only = [&](bool read_only) {
    if (mounts) return mount("none", folder().c_str(), "tmpfs", MS_REMOUNT | (read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL), "size=16m,mode=0700") == 0;
    return chmod(file().c_str(), read_only ? 0400 : 0600) == 0 && chmod(folder().c_str(), read_only ? 0500 : 0700) == 0;
  };
  ASSERT_TRUE(set_read_only(true));
  change();
  const Finished refused = materialize();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out + refused.err, AllOf(HasSubstr("state"), HasSubstr("cannot be written to (")));
  EXPECT_EQ(host_.world().penstock({"status"}).exit_code, 0) << "it can still be looked at";
  ASSERT_TRUE(set_read_only(false));
  EXPECT_EQ(materialize().exit_code, 0);
  expect_complete();
}

TEST_F(NothingIsLostWhenTheStateIs, DamagedAndThenMovedAway) {
  start();
  host_.stop();
  change();
  overwrite(4096, 8192);
  const Finished refused = materialize();
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out + refused.err, AllOf(HasSubstr("state.db"), HasSubstr("damaged")));
  std::filesystem::rename(folder(), folder().string() + ".damaged");
  const Finished run = materialize();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json_number(run.out, "read"), 600) << "and not the whole table";
  expect_complete();
}

TEST_F(NothingIsLostWhenTheStateIs, DamagedUnderARunningHost) {
  start();
  await_large_state();
  overwrite(4096, std::filesystem::file_size(file()) - 4096);
  change();
  // It may notice or not; either way the store is right, at the latest when the state has been moved away.
  EXPECT_TRUE(eventually([&] { return host_.log().find("damaged") != std::string::npos || compare_every_key(*postgres_, *redis_).none(); }));
  host_.kill9();
  std::filesystem::rename(folder(), folder().string() + ".damaged");
  host_.start();
  expect_healed();
}

TEST_F(NothingIsLostWhenTheStateIs, RestoredFromAnOldCopy) {
  EXPECT_EQ(materialize().exit_code, 0);
  const std::filesystem::path copy = folder().string() + ".copy";
  std::filesystem::copy(folder(), copy, std::filesystem::copy_options::recursive);
  change();
  EXPECT_EQ(materialize().exit_code, 0);
  std::filesystem::remove_all(folder());
  std::filesystem::rename(copy, folder());
  upsert_users(*postgres_, "u", 900, 100);
  const Finished run = materialize();
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(json_number(run.out, "unchanged"), 600) << "what the store knew and the state did not is read again";
  expect_complete();
}

}  // namespace
}  // namespace penstock::test
