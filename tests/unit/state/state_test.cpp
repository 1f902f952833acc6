// What every State promises: the one on SQLite, and the fake that other tests use in its place.
#include "state/state.hpp"
#include "support/fake_state.hpp"
#include "unit/state/state_folder.hpp"

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

namespace penstock::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ViewId kUsers{"users", 1};
const ViewId kUsersNext{"users", 2};
const ViewId kOrders{"orders", 1};

template <class T>
T value_of(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.failure().message);
  return std::move(*result);
}

struct Kind {
  const char* name;
  std::function<std::unique_ptr<State>(const std::filesystem::path&, const StateLimits&)> make;
};

class AnyState : public ::testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<State> make(const StateLimits& limits = {}) { return GetParam().make(folder_.directory(), limits); }

  StateFolder folder_;
};

const Kind kSqlite{"Sqlite", [](const auto& directory, const auto& limits) { return open_or_throw(directory, limits); }};
const Kind kFake{"Fake", [](const auto&, const auto& limits) { return std::make_unique<test::FakeState>(limits); }};
INSTANTIATE_TEST_SUITE_P(State, AnyState, ::testing::Values(kSqlite, kFake),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(AnyState, HasNoPositionBeforeTheFirstRun) {
  auto state = make();
  EXPECT_EQ(value_of(state->position(kUsers)), std::nullopt);
  EXPECT_THAT(value_of(state->history(std::nullopt, 10)), IsEmpty());
  EXPECT_EQ(value_of(state->definitions_version()), 0);
}

TEST_P(AnyState, KeepsEveryFieldOfAFinishedRunItsRejectsAndItsPosition) {
  auto state = make();
  RunRecord run = completed(kUsers, 7);
  run.error = "2 rows were rejected";
  run.retried = 3;
  run.without_cursor = 4;
  PositionRecord position = position_at(7);
  position.retried_fence = 46;
  auto rejects = rejects_of(kUsers, 7, 2);
  rejects[0].key = std::string("a\0\xff'\"\n", 6);

  ASSERT_TRUE(state->start_run(running(kUsers, 7)).ok());
  ASSERT_TRUE(state->finish_run(run, rejects, position).ok());

  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(run));
  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(rejects[1], rejects[0]));
  EXPECT_EQ(value_of(state->position(kUsers)), position);
}

TEST_P(AnyState, KeepsTheExtremesOfNumbersAndEmptyTexts) {
  auto state = make();
  RunRecord run;
  run.run_id = "x";
  run.view = {"v", std::numeric_limits<int32_t>::max()};
  run.outcome = RunOutcome::failed;
  run.read = std::numeric_limits<int64_t>::max();
  run.started_at_ns = std::numeric_limits<int64_t>::min();
  const Position position{std::numeric_limits<int64_t>::min(), "", ""};
  const PositionRecord lowest{position, "", "", std::numeric_limits<int64_t>::max(), -1};

  ASSERT_TRUE(state->finish_run(run, {}, lowest).ok());

  EXPECT_THAT(value_of(state->history(run.view, 1)), ElementsAre(run));
  EXPECT_EQ(value_of(state->position(run.view)), lowest);
}

TEST_P(AnyState, KeepsEveryOutcome) {
  auto state = make();
  const auto outcomes = {RunOutcome::completed, RunOutcome::failed, RunOutcome::cancelled, RunOutcome::interrupted,
                         RunOutcome::running};
  for (const RunOutcome outcome : outcomes) {
    RunRecord run = completed(kUsers, static_cast<int64_t>(outcome));
    run.outcome = outcome;
    ASSERT_TRUE(state->finish_run(run, {}, std::nullopt).ok());
    EXPECT_THAT(value_of(state->history(kUsers, 1)), ElementsAre(run));
  }
}

TEST_P(AnyState, KeepsThePositionWhenARunFinishesWithoutOne) {
  auto state = make();
  RunRecord failed = completed(kUsers, 2);
  failed.outcome = RunOutcome::failed;
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {}, position_at(1)).ok());

  ASSERT_TRUE(state->finish_run(failed, {}, std::nullopt).ok());

  EXPECT_EQ(value_of(state->position(kUsers)), position_at(1));
}

TEST_P(AnyState, ReplacesThePositionEvenByAnEarlierOne) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 9), {}, position_at(9)).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 10), {}, position_at(3)).ok());
  EXPECT_EQ(value_of(state->position(kUsers)), position_at(3));
}

TEST_P(AnyState, KeepsVersionsOfAViewApart) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 1), position_at(1)).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsersNext, 2), rejects_of(kUsersNext, 2, 2), position_at(2)).ok());

  ASSERT_TRUE(state->forget_position(kUsers).ok());

  EXPECT_EQ(value_of(state->position(kUsers)), std::nullopt);
  EXPECT_EQ(value_of(state->position(kUsersNext)), position_at(2));
  EXPECT_EQ(value_of(state->count_rejects(kUsersNext)), 2);
  EXPECT_THAT(value_of(state->history(kUsersNext, 10)), ElementsAre(completed(kUsersNext, 2)));
}

TEST_P(AnyState, ShowsProgressOfARunThatGoesOn) {
  auto state = make();
  RunRecord run = running(kUsers, 1);
  ASSERT_TRUE(state->start_run(run).ok());
  run.read = 5;
  run.attempts = 3;

  ASSERT_TRUE(state->update_run(run).ok());

  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(run));
}

TEST_P(AnyState, DoesNotUpdateARunThatHasEnded) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {}, std::nullopt).ok());

  auto updated = state->update_run(running(kUsers, 1));

  ASSERT_FALSE(updated.ok());
  EXPECT_EQ(updated.failure().status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(completed(kUsers, 1)));
}

TEST_P(AnyState, RefusesToStartARunTwiceUnderAnotherViewOrAfterItsEnd) {
  auto state = make();
  ASSERT_TRUE(state->start_run(running(kUsers, 1)).ok());
  EXPECT_TRUE(state->start_run(running(kUsers, 1)).ok());  // as after a start whose outcome was unknown
  EXPECT_FALSE(state->start_run(running(kOrders, 1)).ok());
  EXPECT_FALSE(state->finish_run(completed(kOrders, 1), {}, position_at(1)).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {}, std::nullopt).ok());

  EXPECT_FALSE(state->start_run(running(kUsers, 1)).ok());

  EXPECT_THAT(value_of(state->history(std::nullopt, 10)), ElementsAre(completed(kUsers, 1)));
  EXPECT_EQ(value_of(state->position(kOrders)), std::nullopt);
}

TEST_P(AnyState, FinishingTheSameRunAgainDoesNotDoubleItsRejects) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 3), position_at(1)).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 3), position_at(1)).ok());

  EXPECT_EQ(value_of(state->count_rejects(kUsers)), 3);
  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(completed(kUsers, 1)));
}

TEST_P(AnyState, KeepsRejectsUnderTheRunThatTheyCameWith) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kOrders, 2, 1), std::nullopt).ok());
  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(rejects_of(kUsers, 1, 1)[0]));
  EXPECT_EQ(value_of(state->count_rejects(kOrders)), 0);
}

TEST_P(AnyState, ShowsHistoryOfAllViewsNewestStartFirstThoughTheClockWentBack) {
  auto state = make();
  RunRecord later = completed(kOrders, 2);
  later.started_at_ns = 1;
  ASSERT_TRUE(state->start_run(running(kUsers, 1)).ok());
  ASSERT_TRUE(state->finish_run(later, {}, std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {}, std::nullopt).ok());

  EXPECT_THAT(value_of(state->history(std::nullopt, 10)), ElementsAre(later, completed(kUsers, 1)));
  EXPECT_THAT(value_of(state->history(std::nullopt, 1)), ElementsAre(later));
  EXPECT_THAT(value_of(state->history(std::nullopt, 0)), IsEmpty());
  EXPECT_THAT(value_of(state->history(std::nullopt, -1)), IsEmpty());
}

TEST_P(AnyState, TrimsTheHistoryOfEachViewToItsLimit) {
  auto state = make({.history_runs = 2, .rejects_kept = 10});
  ASSERT_TRUE(state->finish_run(completed(kOrders, 100), {}, std::nullopt).ok());
  for (int64_t n = 1; n <= 4; ++n) ASSERT_TRUE(state->finish_run(completed(kUsers, n), {}, std::nullopt).ok());

  EXPECT_THAT(value_of(state->history(std::nullopt, 10)),
              ElementsAre(completed(kUsers, 4), completed(kUsers, 3), completed(kOrders, 100)));
}

TEST_P(AnyState, KeepsTheNewestRejectsOfEachView) {
  auto state = make({.history_runs = 10, .rejects_kept = 3});
  ASSERT_TRUE(state->finish_run(completed(kOrders, 100), rejects_of(kOrders, 100, 2), std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 2), std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 2), rejects_of(kUsers, 2, 2), std::nullopt).ok());

  EXPECT_THAT(value_of(state->rejects(kUsers, 10)),
              ElementsAre(rejects_of(kUsers, 2, 2)[1], rejects_of(kUsers, 2, 2)[0], rejects_of(kUsers, 1, 2)[1]));
  EXPECT_EQ(value_of(state->count_rejects(kOrders)), 2);
  EXPECT_EQ(value_of(state->rejects(std::nullopt, 10)).size(), 5u);

  ASSERT_TRUE(state->finish_run(completed(kUsers, 3), rejects_of(kUsers, 3, 9), std::nullopt).ok());
  EXPECT_THAT(value_of(state->rejects(kUsers, 10)),
              ElementsAre(rejects_of(kUsers, 3, 9)[8], rejects_of(kUsers, 3, 9)[7], rejects_of(kUsers, 3, 9)[6]));
}

TEST_P(AnyState, KeepsTheLastRunAndNoRejectsWhenTheLimitsAreZero) {
  auto state = make({.history_runs = 0, .rejects_kept = 0});
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 2), position_at(1)).ok());

  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(completed(kUsers, 1)));
  EXPECT_EQ(value_of(state->count_rejects(kUsers)), 0);
}

TEST_P(AnyState, DropsTheRejectsOfOneViewAndSaysHowMany) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 3), std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kOrders, 2), rejects_of(kOrders, 2, 1), std::nullopt).ok());

  EXPECT_EQ(value_of(state->drop_rejects(kUsers)), 3);

  EXPECT_EQ(value_of(state->drop_rejects(kUsers)), 0);
  EXPECT_EQ(value_of(state->count_rejects(kOrders)), 1);
}

// What a store refused and may take later: run n, which is also in the order key.
RejectRecord refused(const std::string& key, int64_t n, std::string row = std::string("row\0", 4)) {
  RejectRecord reject{kUsers, run_name(n), key, "penstock.key", "refused by the store", "the key is taken", 3'000 + n};
  reject.retryable = true;
  reject.store = "profiles";
  reject.store_id = "redis-7f";
  reject.retry_at_ns = 3'000 + n;
  reject.order = "order-" + std::to_string(n);
  reject.row = std::move(row);
  return reject;
}

// As `rejects` lists it.
RejectRecord listed(RejectRecord reject) {
  reject.order.clear();
  reject.row.clear();
  return reject;
}

std::vector<RejectRecord> due(State& state, int64_t now_ns, int64_t after = 0, int64_t limit = 100) {
  std::vector<RejectRecord> records;
  for (StoredReject& stored : value_of(state.due_rejects(kUsers, "profiles", now_ns, after, limit))) records.push_back(std::move(stored.record));
  return records;
}

constexpr int64_t kLongAfter = kRejectRetryDelayMaxNs / 2;

TEST_P(AnyState, KeepsARefusedRowWithItsContentAndListsItWithout) {
  auto state = make();
  const RejectRecord unfit = rejects_of(kUsers, 1, 1)[0];
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1), unfit, refused("b", 1)}, std::nullopt).ok());

  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(listed(refused("b", 1)), unfit, listed(refused("a", 1))));
  EXPECT_THAT(due(*state, kLongAfter), ElementsAre(refused("a", 1), refused("b", 1)));
  EXPECT_EQ(value_of(state->count_rejects(kUsers)), 3);
}

TEST_P(AnyState, HandsOutOnlyWhatIsDueForThatViewAndStore) {
  auto state = make();
  RejectRecord elsewhere = refused("b", 1);
  elsewhere.store = "other";
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1), elsewhere}, std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsersNext, 2), {refused("c", 2)}, std::nullopt).ok());

  EXPECT_THAT(due(*state, 3'000), IsEmpty()) << "due at 3001";
  EXPECT_THAT(due(*state, 3'001), ElementsAre(refused("a", 1)));
  EXPECT_THAT(due(*state, INT64_MAX), ElementsAre(refused("a", 1)));
  EXPECT_THAT(due(*state, 3'000 - kRejectRetryDelayMaxNs), ElementsAre(refused("a", 1))) << "the clock was set back";
}

TEST_P(AnyState, HandsOutDueRejectsPageByPage) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1), refused("b", 1), refused("c", 1)}, std::nullopt).ok());

  const auto first = value_of(state->due_rejects(kUsers, "profiles", kLongAfter, 0, 2));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[1].record, refused("b", 1));
  EXPECT_THAT(due(*state, kLongAfter, first[1].number), ElementsAre(refused("c", 1)));
}

TEST_P(AnyState, ForgetsAResolvedRejectAndKeepsWhatAnotherTryFoundOut) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1), refused("b", 1), refused("c", 1)}, std::nullopt).ok());
  const auto stored = value_of(state->due_rejects(kUsers, "profiles", kLongAfter, 0, 10));

  const std::vector<RetriedReject> retried{{.number = stored[0].number, .resolved = true},
                                           {stored[1].number, false, true, "v", "still taken", 1, 5'000},
                                           {stored[2].number, false, false, "", "never again", 1, 0}};
  ASSERT_TRUE(state->finish_run(completed(kUsers, 2), {}, std::nullopt, retried).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 2), {}, std::nullopt, retried).ok()) << "a caller that did not hear of it says it again";

  RejectRecord b = refused("b", 1), c = listed(refused("c", 1));
  b.column = "v", b.reason = "still taken", b.attempts = 1, b.retry_at_ns = 5'000;
  c.column = "", c.reason = "never again", c.attempts = 1, c.retry_at_ns = 0, c.retryable = false;
  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(c, listed(b)));
  EXPECT_THAT(due(*state, kLongAfter), ElementsAre(b));
}

TEST_P(AnyState, LeavesARejectAloneThatWasDroppedWhileARunTriedIt) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1)}, std::nullopt).ok());
  const int64_t number = value_of(state->due_rejects(kUsers, "profiles", kLongAfter, 0, 10))[0].number;
  ASSERT_EQ(value_of(state->drop_rejects(kUsers)), 1);
  ASSERT_TRUE(state->finish_run(completed(kUsers, 2), {refused("b", 2)}, std::nullopt).ok());

  ASSERT_TRUE(state->finish_run(completed(kUsers, 3), {}, std::nullopt, {{number, false, true, "", "still taken", 1, 0}}).ok());

  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(listed(refused("b", 2))));
}

TEST_P(AnyState, LeavesTheRejectsOfAnotherViewAlone) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1)}, std::nullopt).ok());
  const int64_t number = value_of(state->due_rejects(kUsers, "profiles", kLongAfter, 0, 10))[0].number;

  ASSERT_TRUE(state->finish_run(completed(kOrders, 2), {}, std::nullopt, {{.number = number, .resolved = true}}).ok());

  EXPECT_EQ(value_of(state->count_rejects(kUsers)), 1);
}

TEST_P(AnyState, KeepsOfOneKeyTheRefusedRowThatTheStoreWouldKeep) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 2), {refused("a", 2), refused("b", 2)}, std::nullopt).ok());
  ASSERT_TRUE(state->finish_run(completed(kUsers, 3), {refused("a", 3)}, std::nullopt).ok());
  EXPECT_THAT(due(*state, kLongAfter), ElementsAre(refused("b", 2), refused("a", 3))) << "a newer row of the key";

  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {refused("a", 1)}, std::nullopt).ok());
  EXPECT_THAT(due(*state, kLongAfter), ElementsAre(refused("b", 2), refused("a", 3), refused("a", 1))) << "an older one replaces nothing";
}

TEST_P(AnyState, ClosesOnlyTheRunsThatAFormerHostLeftRunning) {
  auto state = make();
  ASSERT_TRUE(state->finish_run(completed(kUsers, 1), {}, std::nullopt).ok());
  ASSERT_TRUE(state->start_run(running(kUsers, 2)).ok());
  ASSERT_TRUE(state->start_run(running(kOrders, 3)).ok());

  ASSERT_TRUE(state->close_interrupted_runs(9'999).ok());

  RunRecord users = running(kUsers, 2), orders = running(kOrders, 3);
  users.outcome = orders.outcome = RunOutcome::interrupted;
  users.finished_at_ns = orders.finished_at_ns = 9'999;
  EXPECT_THAT(value_of(state->history(std::nullopt, 10)), ElementsAre(orders, users, completed(kUsers, 1)));
}

TEST_P(AnyState, ReplacesAllDefinitionsAtOnceInTheirOrderAndCountsUp) {
  auto state = make();
  const StoredDefinition entity{"entity", "user", 0, R"({"keys":["ID"]})", 11};
  const StoredDefinition view{"view", "users", 3, R"({"ttl":"30d","note":"ä"})", 12};
  ASSERT_TRUE(state->replace_definitions({view, entity}).ok());
  EXPECT_THAT(value_of(state->definitions()), ElementsAre(view, entity));
  EXPECT_EQ(value_of(state->definitions_version()), 1);

  ASSERT_TRUE(state->replace_definitions({entity}).ok());

  EXPECT_THAT(value_of(state->definitions()), ElementsAre(entity));
  EXPECT_EQ(value_of(state->definitions_version()), 2);
}

TEST_P(AnyState, RefusesADefinitionGivenTwiceAndKeepsTheFormerOnes) {
  auto state = make();
  const StoredDefinition view{"view", "users", 3, "{}", 12};
  ASSERT_TRUE(state->replace_definitions({view}).ok());

  auto replaced = state->replace_definitions({{"view", "orders", 1, "{}", 13}, {"view", "orders", 1, "{}", 14}});

  ASSERT_FALSE(replaced.ok());
  EXPECT_EQ(replaced.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(replaced.failure().message, HasSubstr("view \"orders\""));
  EXPECT_THAT(value_of(state->definitions()), ElementsAre(view));
  EXPECT_EQ(value_of(state->definitions_version()), 1);
}

TEST_P(AnyState, ServesSeveralThreadsAtOnce) {
  auto state = make();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&state, t] {
      const ViewId view{"view" + std::to_string(t), 1};
      for (int64_t n = 1; n <= 10; ++n) {
        RunRecord run = completed(view, n);
        run.run_id = view.name + run.run_id;
        EXPECT_TRUE(state->finish_run(run, {}, position_at(n)).ok());
        EXPECT_EQ(value_of(state->position(view)), position_at(n));
        EXPECT_TRUE(state->history(std::nullopt, 5).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value_of(state->history(std::nullopt, 100)).size(), 40u);
}

TEST(FakeState, FailsTheCallsThatATestWants) {
  test::FakeState state;
  state.fail = [](std::string_view function) -> std::optional<Failure> {
    if (function == "finish_run") return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER, "disk full"};
    return std::nullopt;
  };
  EXPECT_TRUE(state.start_run(running(kUsers, 1)).ok());
  EXPECT_EQ(state.finish_run(completed(kUsers, 1), {}, position_at(1)).failure().message, "state: disk full");
  EXPECT_EQ(value_of(state.position(kUsers)), std::nullopt);
}

TEST(SqliteState, RemembersEverythingAfterItWasClosed) {
  const StateFolder folder;
  const StoredDefinition view{"view", "users", 1, "{}", 12};
  {
    auto state = open_or_throw(folder.directory());
    ASSERT_TRUE(state->finish_run(completed(kUsers, 1), rejects_of(kUsers, 1, 1), position_at(1)).ok());
    ASSERT_TRUE(state->replace_definitions({view}).ok());
  }
  auto state = open_or_throw(folder.directory());

  EXPECT_EQ(value_of(state->position(kUsers)), position_at(1));
  EXPECT_THAT(value_of(state->history(kUsers, 10)), ElementsAre(completed(kUsers, 1)));
  EXPECT_THAT(value_of(state->rejects(kUsers, 10)), ElementsAre(rejects_of(kUsers, 1, 1)[0]));
  EXPECT_THAT(value_of(state->definitions()), ElementsAre(view));
  EXPECT_EQ(value_of(state->definitions_version()), 1);
}

TEST(SqliteState, CutsLongTextsOfRunsAndRejectsBetweenCharacters) {
  const StateFolder folder;
  auto state = open_or_throw(folder.directory());
  RunRecord run = completed(kUsers, 1);
  run.error = std::string(8'191, 'x') + "äöü";  // the first ä would be the bytes 8191 and 8192
  auto rejects = rejects_of(kUsers, 1, 1);
  rejects[0].key = std::string(20'000, 'k');

  ASSERT_TRUE(state->finish_run(run, rejects, std::nullopt).ok());

  EXPECT_EQ(value_of(state->history(kUsers, 1))[0].error, std::string(8'191, 'x'));
  EXPECT_EQ(value_of(state->rejects(kUsers, 1))[0].key, std::string(8'192, 'k'));
}

TEST(SqliteState, RefusesAPositionOrDefinitionThatIsTooLargeInsteadOfCuttingIt) {
  const StateFolder folder;
  auto state = open_or_throw(folder.directory());
  PositionRecord position = position_at(1);
  position.position.detail = std::string(64 * 1024 + 1, 'd');

  auto finished = state->finish_run(completed(kUsers, 1), {}, position);
  auto replaced = state->replace_definitions({{"view", "users", 1, std::string((16 << 20) + 1, ' '), 1}});

  ASSERT_FALSE(finished.ok());
  EXPECT_THAT(finished.failure().message,
              HasSubstr("record the end of run run-1 of view \"users\" v1: the position is longer than 65536 bytes"));
  EXPECT_THAT(value_of(state->history(kUsers, 1)), IsEmpty());
  ASSERT_FALSE(replaced.ok());
  EXPECT_EQ(replaced.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace penstock::host
