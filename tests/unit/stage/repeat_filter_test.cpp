#include "stage/repeat_filter.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

// One run after the other over one store.
struct Runs {
  std::shared_ptr<RepeatBudget> budget = std::make_shared<RepeatBudget>(1 << 20);
  RepeatFilter filter{budget};
  RepeatFilter::Found found{.definition = "view", .store_id = "store"};
  int64_t fence = 1;

  // Writes "k" at "t1" with values 7 and commits.
  Runs() {
    filter.start(found, true);
    EXPECT_FALSE(goes_without("k", "t1", 7));
    filter.committed(fence);
    found.previous_fence = found.committed_fence = fence;
  }
  void start() { filter.start(found, true); }
  // As the transformer asks. What is not left out is sent.
  bool goes_without(const char* key, const char* times, uint64_t values) {
    if (filter.may_repeat(key, times) && filter.leave_out(key, times, values)) return true;
    filter.sent(key, times, values, true);
    return false;
  }
};

TEST(RepeatFilter, LeavesOutTheSameRowAgainRunAfterRun) {
  Runs runs;
  for (int64_t fence = 2; fence < 5; ++fence) {
    runs.start();
    EXPECT_TRUE(runs.goes_without("k", "t1", 7)) << fence;
    runs.filter.committed(fence);
    runs.found.previous_fence = runs.found.committed_fence = fence;
  }
}

TEST(RepeatFilter, TakesTheSameKeyTimesAndValuesForTheSameRow) {
  Runs runs;
  runs.start();
  EXPECT_FALSE(runs.goes_without("other", "t1", 7));
  EXPECT_FALSE(runs.goes_without("k", "t2", 7)) << "the store's order key must rise";
  runs.filter.forget();

  Runs again;
  again.start();
  EXPECT_FALSE(again.goes_without("k", "t1", 8)) << "a corrected value";
}

TEST(RepeatFilter, KnowsOfAKeyOnlyWhatItWroteLast) {
  Runs runs;
  runs.start();
  EXPECT_FALSE(runs.goes_without("k", "t1", 8));
  runs.filter.committed(2);
  runs.found.previous_fence = runs.found.committed_fence = 2;
  runs.start();
  EXPECT_FALSE(runs.goes_without("k", "t1", 7)) << "the value of the first run, which the store no longer has";
}

TEST(RepeatFilter, KnowsNothingWhenTheStoreIsNotAsTheLastRunLeftIt) {
  const auto left_out_when = [](const auto& change) {
    Runs runs;
    change(runs);
    runs.start();
    return runs.goes_without("k", "t1", 7);
  };
  EXPECT_TRUE(left_out_when([](Runs&) {}));
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.found.store_id = "another"; }));
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.found.definition = "other fields"; }));
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.found.previous_fence = 9; })) << "another host began a run";
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.found.previous_fence = -1; })) << "the store does not say";
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.found.committed_fence = 0; })) << "the position was taken away";
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.filter.forget(); })) << "a run failed";
  EXPECT_FALSE(left_out_when([](Runs& runs) { runs.filter.start(runs.found, true); })) << "a run began and never ended";
  EXPECT_FALSE(left_out_when([](Runs& runs) {
    runs.filter.start(runs.found, true);
    runs.filter.spoil();
    runs.filter.committed(1);
  })) << "a run had a row that the store refused";
}

TEST(RepeatFilter, AFullRunLeavesNothingOutAndIsRememberedItself) {
  Runs runs;
  runs.filter.start(runs.found, false);
  EXPECT_FALSE(runs.goes_without("k", "t1", 7));
  runs.filter.committed(2);
  runs.found.previous_fence = runs.found.committed_fence = 2;
  runs.start();
  EXPECT_TRUE(runs.goes_without("k", "t1", 7));
}

TEST(RepeatFilter, SendsEverythingAgainEveryHundredthOfTheTtl) {
  Runs runs;
  runs.found.ttl_ns = 1000;
  std::string sent;
  for (int64_t run = 2; run < 9; ++run) {
    runs.found.steady_ns = runs.found.wall_ns += 4;
    runs.start();
    sent += runs.goes_without("k", "t1", 7) ? '-' : 'S';
    runs.filter.committed(run);
    runs.found.previous_fence = runs.found.committed_fence = run;
  }
  EXPECT_EQ(sent, "--S--S-");

  const auto left_out_at = [](int64_t steady_ns, int64_t wall_ns) {
    Runs again;
    again.found.ttl_ns = 1000;
    again.found.steady_ns = steady_ns;
    again.found.wall_ns = wall_ns;
    again.start();
    return again.goes_without("k", "t1", 7);
  };
  EXPECT_TRUE(left_out_at(10, 10));
  EXPECT_FALSE(left_out_at(11, 10));
  EXPECT_FALSE(left_out_at(10, 11)) << "it was suspended";
  EXPECT_FALSE(left_out_at(10, -1)) << "a clock that was set back";
}

TEST(RepeatFilter, ARowThatTiesWithOneThatWasLeftOutContradictsIt) {
  Runs runs;
  runs.start();
  EXPECT_TRUE(runs.goes_without("k", "t1", 7));
  EXPECT_FALSE(runs.goes_without("k", "t2", 8));
  EXPECT_FALSE(runs.filter.contradicted()) << "a newer one";
  EXPECT_FALSE(runs.goes_without("other", "t1", 8));
  EXPECT_FALSE(runs.filter.contradicted());

  Runs tied;
  tied.start();
  EXPECT_TRUE(tied.goes_without("k", "t1", 7));
  EXPECT_FALSE(tied.goes_without("k", "t1", 8));
  EXPECT_TRUE(tied.filter.contradicted()) << "its fence would win";
}

TEST(RepeatFilter, ARowThatFollowsOneThatTiesWithItIsSentToo) {
  Runs runs;
  runs.start();
  EXPECT_FALSE(runs.goes_without("k", "t1", 8));
  EXPECT_FALSE(runs.goes_without("k", "t1", 7));
  EXPECT_FALSE(runs.filter.contradicted());
}

TEST(RepeatFilter, RowsInNoOrderAreAllSent) {
  Runs runs;
  runs.start();
  runs.filter.unordered();
  EXPECT_FALSE(runs.goes_without("k", "t1", 7));
  EXPECT_FALSE(runs.filter.contradicted());
  runs.start();

  Runs late;
  late.start();
  EXPECT_TRUE(late.goes_without("k", "t1", 7));
  late.filter.unordered();
  EXPECT_TRUE(late.filter.contradicted());
}

TEST(RepeatFilter, RemembersWhatThereIsRoomForAndGivesTheRoomBack) {
  auto budget = std::make_shared<RepeatBudget>(64 * 1024);
  {
    RepeatFilter filter(budget);
    filter.start({.definition = "view", .store_id = "store"}, true);
    for (int i = 0; i < 10'000; ++i) filter.sent("k" + std::to_string(i), "t", 7, true);
    filter.committed(1);
    filter.start({.definition = "view", .store_id = "store", .previous_fence = 1, .committed_fence = 1}, true);
    int left_out = 0;
    for (int i = 0; i < 10'000; ++i) {
      const std::string key = "k" + std::to_string(i);
      left_out += filter.may_repeat(key, "t") && filter.leave_out(key, "t", 7) ? 1 : 0;
      EXPECT_FALSE(filter.may_repeat(key, "u"));
    }
    EXPECT_GT(left_out, 100);
    EXPECT_LT(left_out, 64 * 1024 / 32);
  }
  EXPECT_TRUE(budget->take(64 * 1024));
  EXPECT_FALSE(budget->take(1));
}

}  // namespace
}  // namespace penstock::host
