#include "run/shared_look.hpp"
#include "unit/run/driver_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::DriverRig;
using ::testing::ElementsAre;

const ViewId kOther{"orders", 1};

// "users" and "orders" read the same table, and have read it up to 100.
struct LookRig : DriverRig {
  RunJob other;

  LookRig() {
    warehouse.rows = {{"a", 1, 10}, {"b", 100, 20}};
    other = job;
    other.request.view.id = kOther;
    run();
    run_other();
  }

  RunReport run_other() {
    std::swap(job, other);
    job.run_id = "other-" + std::to_string(++runs);
    job.request.local = *state.position(kOther);
    RunReport report = RunDriver(connections, state, clock, limits).run(job);
    std::swap(job, other);
    return report;
  }

  // What "users" sees at this horizon.
  EmptyLook look(int64_t horizon = 200) {
    set_horizon(horizon);
    RunReport report = run();
    EXPECT_TRUE(report.look);
    log.clear();
    return report.look.value_or(EmptyLook());
  }

  std::optional<RunReport> share(const EmptyLook& seen) {
    other.run_id = "other-" + std::to_string(++runs);
    other.request.local = *state.position(kOther);
    auto reports = share_look(connections, state, clock, limits, seen, {other});
    EXPECT_EQ(reports.size(), 1u);
    return reports.at(0);
  }

  size_t runs_recorded() { return state.history(kOther, 100)->size(); }
};

TEST(SharedLook, IsWhatARunSawThatFoundNothing) {
  LookRig rig;
  rig.set_horizon(200);
  const auto look = rig.run().look;
  ASSERT_TRUE(look);
  EXPECT_EQ(look->window.since, (Position{100, "", "H100"}));
  EXPECT_EQ(look->window.until, (Position{200, "", "H200"}));
  EXPECT_EQ(look->horizon.why, "the database sets it");
  EXPECT_EQ(look->schema.size(), 3u);
}

TEST(SharedLook, IsNothingThatAnyOtherRunSaw) {
  LookRig rig;
  rig.set_horizon(200);
  rig.job.dry_run = true;
  EXPECT_FALSE(rig.run().look) << "a dry run";
  rig.job.dry_run = false;
  rig.job.request.full = true;
  EXPECT_FALSE(rig.run().look) << "everything";
  rig.job.request.full = false;
  rig.job.request.from_ns = 150;
  EXPECT_FALSE(rig.run().look) << "a slice";
  rig.job.request.from_ns.reset();
  rig.set_horizon(300);
  rig.warehouse.fail = [](std::string_view call) {
    return call == "next" ? std::optional<Failure>(internal("lost")) : std::nullopt;
  };
  EXPECT_FALSE(rig.run().look) << "a failure";
  rig.warehouse.fail = {};
  rig.warehouse.rows.push_back({"c", 300, 30});
  EXPECT_FALSE(rig.run().look) << "a row";
  EXPECT_EQ(rig.stored(), rig.truth());
}

TEST(SharedLook, EndsARunAsItWouldHaveEndedByItself) {
  LookRig rig;
  const EmptyLook look = rig.look();
  const auto shared = rig.share(look);
  EXPECT_THAT(rig.log.calls(), ElementsAre("connections.take_sink", "sink.capabilities", "sink.load_marker", "connections.give_back_sink"));
  ASSERT_TRUE(shared);
  EXPECT_FALSE(shared->failure);

  RunRecord own = rig.run_other().record;
  EXPECT_EQ(rig.state.history(kOther, 2)->at(1), shared->record);
  own.run_id = shared->record.run_id;
  EXPECT_EQ(shared->record, own);
  EXPECT_EQ((*rig.state.position(kOther))->position.ordinal, 100) << "a run that finds nothing leaves the position";
}

TEST(SharedLook, SaysNothingOfWhatLiesBeforeIt) {
  LookRig rig;
  rig.set_horizon(200);
  rig.run();
  rig.warehouse.rows.push_back({"c", 200, 30});
  rig.set_horizon(250);
  rig.run();  // only "users" has it

  EXPECT_FALSE(rig.share(rig.look(300)));
  EXPECT_EQ(rig.runs_recorded(), 1u);
}

TEST(SharedLook, SaysNothingOfAPositionWithAnotherDetail) {
  LookRig rig;
  EmptyLook look = rig.look();
  look.window.since->detail = "other";
  EXPECT_FALSE(rig.share(look));
}

TEST(SharedLook, LeavesAStoreThatLostSomethingToARunOfTheView) {
  LookRig rig;
  const EmptyLook look = rig.look();
  auto& view = rig.store.views[kOther];
  const auto whole = view;
  view.marker.reset();
  EXPECT_FALSE(rig.share(look)) << "emptied";
  view = whole;
  view.marker->ordinal = 50;
  EXPECT_FALSE(rig.share(look)) << "restored";
  view = whole;
  rig.store.store_id = "store-2";
  EXPECT_FALSE(rig.share(look)) << "another store";
  rig.store.store_id = "store-1";
  EXPECT_TRUE(rig.share(look));
}

TEST(SharedLook, LeavesToARunOfTheViewWhatIsToBeTriedAgain) {
  LookRig rig;
  rig.warehouse.rows.push_back({"c", 200, 30});
  rig.set_horizon(200);
  rig.run();
  rig.store.refuse = [](const std::string& key) { return key == "c" ? std::optional<std::string>("full") : std::nullopt; };
  rig.store.refuses_for_good = false;
  rig.run_other();
  EXPECT_FALSE(rig.share(rig.look(300)));
  rig.run_other();  // in vain
  EXPECT_TRUE(rig.share(rig.look(400))) << "not yet due again";
  rig.clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(rig.share(rig.look(500)));
}

TEST(SharedLook, LeavesAViewThatDoesNotFitItsTableToItsOwnRun) {
  LookRig rig;
  rig.other.request.view.fields.push_back({"gone", "", {Scalar::int32, false}, ""});
  EXPECT_FALSE(rig.share(rig.look()));
}

TEST(SharedLook, RecordsNothingWhenAnythingFails) {
  LookRig rig;
  const EmptyLook look = rig.look();
  for (const std::string failing : {"capabilities", "load_marker"}) {
    rig.store.fault = [&](std::string_view call) { return call == failing ? std::optional(test::Fault()) : std::nullopt; };
    EXPECT_FALSE(rig.share(look)) << failing;
  }
  rig.store.fault = {};
  rig.connections.fail = [](std::string_view call) {
    return call == "take_sink" ? std::optional<Failure>(internal("no connection")) : std::nullopt;
  };
  EXPECT_FALSE(rig.share(look));
  rig.connections.fail = [](std::string_view) -> std::optional<Failure> { throw std::bad_alloc(); };
  EXPECT_FALSE(rig.share(look));
  rig.connections.fail = {};
  for (const std::string failing : {"due_rejects", "finish_empty_runs"}) {
    rig.state.fail = [&](std::string_view call) { return call == failing ? std::optional<Failure>(internal("disk")) : std::nullopt; };
    EXPECT_FALSE(rig.share(look)) << failing;
  }
  rig.state.fail = {};
  EXPECT_EQ(rig.runs_recorded(), 1u);
  EXPECT_TRUE(rig.share(look));
  EXPECT_EQ(rig.runs_recorded(), 2u);
}

TEST(SharedLook, RemembersWhatOnlyTheMarkerKnew) {
  LookRig rig;
  const EmptyLook look = rig.look();
  ASSERT_TRUE(rig.state.forget_position(kOther).ok());
  EXPECT_TRUE(rig.share(look));
  ASSERT_TRUE(*rig.state.position(kOther));
  EXPECT_EQ((*rig.state.position(kOther))->position.ordinal, 100);
}

TEST(SharedLook, WorksForAStoreWithoutMarkers) {
  LookRig rig;
  rig.store.has_marker = false;
  const EmptyLook look = rig.look();
  EXPECT_TRUE(rig.share(look));
}

TEST(SharedLook, IsForViewsThatAskTheSameQuestion) {
  const LookRig rig;
  const std::string key = look_key(rig.job.request.view, rig.job.source);
  EXPECT_EQ(look_key(rig.other.request.view, rig.other.source), key);
  const auto with = [&](auto change) {
    RunJob changed = rig.job;
    change(changed);
    return look_key(changed.request.view, changed.source);
  };
  EXPECT_NE(with([](RunJob& j) { j.request.view.store = "other"; }), key);
  EXPECT_NE(with([](RunJob& j) { j.source.name = "other"; }), key);
  EXPECT_NE(with([](RunJob& j) { j.request.view.timezone = "Europe/Berlin"; }), key);
  EXPECT_NE(with([](RunJob& j) { j.request.view.lag = std::chrono::seconds(1); }), key);
  EXPECT_NE(with([](RunJob& j) { j.request.view.null_timestamp = NullTimestamp::always; }), key);
}

TEST(SharedLook, IsWaitedForOnlyUntilThereIsWork) {
  LookRig rig;
  rig.set_horizon(200);
  int told = 0;
  rig.job.on_work = [&] { ++told; };
  rig.run();
  EXPECT_EQ(told, 0);
  rig.warehouse.rows.push_back({"c", 300, 30});
  rig.set_horizon(300);
  rig.job.on_work = [&] {
    ++told;
    EXPECT_FALSE(rig.called("sink.begin"));
  };
  rig.run();
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace penstock::host
