#include "support/sink_suite.hpp"

#include <atomic>

namespace penstock::test {
namespace {

std::unique_ptr<SinkDriver> open_memory(std::map<std::string, std::string> options) {
  return std::make_unique<SinkDriver>(component(load_plugin("sink_memory"), "memory"), options);
}

TEST(SinkMemory, StoresOfTheSameNameAreOneAndOfAnotherAreNot) {
  open_memory({{"name", "one"}})->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)});
  // The writer's sink is closed by now: the store stays.
  EXPECT_EQ(open_memory({{"name", "one"}})->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
  EXPECT_EQ(open_memory({{"name", "two"}})->lookup(kTwoFields, {"a"}), std::vector<Profile>{missing(2)});
  EXPECT_NE(open_memory({{"name", "one"}})->load_marker().store_id, open_memory({{"name", "two"}})->load_marker().store_id);
}

TEST(SinkMemory, RejectsNewProfilesBeyondTheLimitButUpdatesTheOnesItHas) {
  const auto sink = open_memory({{"name", "limited"}, {"max_profiles", "2"}});
  const auto run = sink->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "x", 2), two_fields("c", 1, "x", 3)}), (Written{2, 0, 0, 1}));
  ASSERT_EQ(run->rejects().size(), 1u);
  EXPECT_EQ(run->rejects()[0].row, 2);
  EXPECT_EQ(run->rejects()[0].reason, "the store is full: max_profiles = 2");
  EXPECT_TRUE(run->rejects()[0].retryable);
  EXPECT_EQ(run->write({two_fields("a", 2, "y", 4), two_fields("c", 1, "x", 3)}), (Written{1, 0, 0, 1}));
  sink->remove({"b"});
  EXPECT_EQ(run->write({two_fields("c", 1, "x", 3)}), (Written{1, 0, 0, 0}));
}

TEST(SinkMemory, AnExpiredProfileMakesRoomForAnother) {
  const auto sink = open_memory({{"name", "room"}, {"max_profiles", "1"}});
  sink->begin(kTwoFields, {.ttl_ms = 5})->write({two_fields("a", 1, "x", 1)});
  const auto run = sink->begin(kTwoFields);
  EXPECT_TRUE(eventually([&] { return run->write({two_fields("b", 1, "x", 1)}).written == 1; }));
}

TEST(SinkMemory, ForgetsTheOldestOfVeryManyExpiredProfiles) {
  const auto sink = open_memory({{"name", "tombs"}});
  const auto write_from = [&](int begin, int end, int64_t ttl_ms) {
    std::vector<ProfileRow> rows;
    for (int i = begin; i < end; ++i) rows.push_back(two_fields(std::to_string(i), 1, "x", 1));
    sink->begin(kTwoFields, {.ttl_ms = ttl_ms})->write(rows);
  };
  const auto expired = [&](int begin, int end) {
    std::vector<std::string> keys;
    for (int i = begin; i < end; ++i) keys.push_back(std::to_string(i));
    for (const Profile& profile : sink->lookup(kTwoFields, keys))
      if (profile.state != PENSTOCK_PROFILE_EXPIRED) return false;
    return true;
  };
  write_from(0, 10, 1);
  EXPECT_TRUE(eventually([&] { return expired(0, 10); }));
  write_from(10, 65'536 + 5, 1);
  EXPECT_TRUE(eventually([&] { return expired(10, 65'536 + 5); }));
  // Which of the ten expired first is not said, but five of them are forgotten.
  int forgotten = 0;
  for (const Profile& profile : sink->lookup(kTwoFields, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}))
    forgotten += profile.state == PENSTOCK_PROFILE_MISSING;
  EXPECT_EQ(forgotten, 5);
}

TEST(SinkMemory, StopsAWriteWhenTheCallIsCancelled) {
  const auto sink = open_memory({{"name", "cancelled"}});
  const auto run = sink->begin(kTwoFields);
  FakeCall call;
  call.cancel();
  EXPECT_EQ(error_of([&] { run->write({two_fields("a", 1, "x", 1)}, &call); }).status, PENSTOCK_STATUS_CANCELLED);
  EXPECT_EQ(sink->lookup(kTwoFields, {"a"}), std::vector<Profile>{missing(2)});
}

TEST(SinkMemory, ServesManyThreadsAtOnce) {
  std::atomic<int> errors{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t, &errors] {
      const auto sink = open_memory({{"name", "threads"}});
      const std::string view = "view" + std::to_string(t % 2);
      for (int round = 0; round < 20; ++round) {
        try {
          const auto run = sink->begin(kTwoFields, {.view = view, .ttl_ms = round % 3});
          run->write({two_fields("a", round, "x", round), two_fields(std::to_string(t), round, "y", round)});
          run->commit({round, "", ""});
        } catch (const CallFailed& failed) {
          if (failed.error.status != PENSTOCK_STATUS_FENCED) ++errors;
        }
        sink->lookup(kTwoFields, {"a", "0", "1"}, view);
        sink->load_marker(view);
        sink->set_ttl({"a"}, 1, view);
        sink->remove({"0"}, view);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(errors, 0);
}

}  // namespace
}  // namespace penstock::test
