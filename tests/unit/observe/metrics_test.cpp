#include "observe/metrics.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace penstock::host {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 1'700'000'000 * kSecond;

// The samples whose line begins with `prefix`, in order; labels of one sample are sorted by name.
std::vector<std::string> samples(const std::string& text, const std::string& prefix) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(prefix)) found.push_back(line);
  std::sort(found.begin(), found.end());
  return found;
}

using Lines = std::vector<std::string>;

TEST(Metrics, CountsRowsByOutcome) {
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 2});
  view->add_rows({.read = 10, .written = 4, .unchanged = 3, .stale = 2, .rejected = 1});
  metrics.view({"users", 2})->add_rows({.read = 5, .written = 5});
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_rows_total"), (Lines{
                                                                      R"(penstock_rows_total{outcome="read",version="2",view="users"} 15)",
                                                                      R"(penstock_rows_total{outcome="rejected",version="2",view="users"} 1)",
                                                                      R"(penstock_rows_total{outcome="stale",version="2",view="users"} 2)",
                                                                      R"(penstock_rows_total{outcome="unchanged",version="2",view="users"} 3)",
                                                                      R"(penstock_rows_total{outcome="written",version="2",view="users"} 9)",
                                                                  }));
}

TEST(Metrics, CountsRowsWithoutATimestamp) {
  Metrics metrics("0.1.0", kStart);
  metrics.view({"users", 2})->add_null_cursors(3);
  metrics.view({"users", 2})->add_null_cursors(4);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_null_timestamp_rows_total"),
            Lines{R"(penstock_null_timestamp_rows_total{version="2",view="users"} 7)"});
}

TEST(Metrics, CountsRunsAndTheirDuration) {
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 1});
  view->start_run();
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_run_in_progress"), Lines{R"(penstock_run_in_progress{version="1",view="users"} 1)"});
  view->finish_run("completed", 0.3);
  view->finish_run("cancelled", 7);
  const std::string text = metrics.text(kStart);
  EXPECT_EQ(samples(text, "penstock_run_in_progress"), Lines{R"(penstock_run_in_progress{version="1",view="users"} 0)"});
  EXPECT_EQ(samples(text, "penstock_runs_total"), (Lines{R"(penstock_runs_total{outcome="cancelled",version="1",view="users"} 1)",
                                                         R"(penstock_runs_total{outcome="completed",version="1",view="users"} 1)",
                                                         R"(penstock_runs_total{outcome="failed",version="1",view="users"} 0)"}));
  EXPECT_EQ(samples(text, R"(penstock_run_duration_seconds_bucket{version="1",view="users",le="0.5"})"),
            Lines{R"(penstock_run_duration_seconds_bucket{version="1",view="users",le="0.5"} 1)"});
  EXPECT_EQ(samples(text, "penstock_run_duration_seconds_count"), Lines{R"(penstock_run_duration_seconds_count{version="1",view="users"} 2)"});
}

TEST(Metrics, LetsTheLagGrowWhileNothingCommits) {
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 1});
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_lag_seconds"), Lines{});
  view->set_position(kStart - 90 * kSecond);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_lag_seconds"), Lines{R"(penstock_lag_seconds{version="1",view="users"} 90)"});
  const std::string later = metrics.text(kStart + 10 * kSecond);
  EXPECT_EQ(samples(later, "penstock_lag_seconds"), Lines{R"(penstock_lag_seconds{version="1",view="users"} 100)"});
  EXPECT_EQ(samples(later, "penstock_position_seconds"), Lines{R"(penstock_position_seconds{version="1",view="users"} 1699999910)"});
  view->set_position(std::nullopt);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_position_seconds{"), Lines{});
}

TEST(Metrics, ShowsTheGuaranteeClassAndWhetherAViewFails) {
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 1});
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_guarantee_class"), Lines{});
  view->set_guarantee(2, "the clock less the lag: \"at\" has type timestamp");
  view->set_failing(true);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_guarantee_class"), Lines{R"(penstock_guarantee_class{version="1",view="users"} 2)"});
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_guarantee_info"),
            Lines{R"(penstock_guarantee_info{class="B",version="1",view="users",why="the clock less the lag: \"at\" has type timestamp"} 1)"});
  view->set_guarantee(1, "trigger sets it");
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_guarantee_info"),
            Lines{R"(penstock_guarantee_info{class="A",version="1",view="users",why="trigger sets it"} 1)"}) << "and no longer what was before";
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_view_failing"), Lines{R"(penstock_view_failing{version="1",view="users"} 1)"});
  view->set_failing(false);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_view_failing"), Lines{R"(penstock_view_failing{version="1",view="users"} 0)"});
}

TEST(Metrics, NamesWhoHoldsAPositionBackAsLongAsThatIsSo) {
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 1});
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_position_held_back{"), Lines{});
  view->set_holder("pid 7 (application \"etl\")");
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_position_held_back{"),
            Lines{R"-(penstock_position_held_back{holder="pid 7 (application \"etl\")",version="1",view="users"} 1)-"});
  view->set_holder("pid 8");
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_position_held_back{"),
            Lines{R"(penstock_position_held_back{holder="pid 8",version="1",view="users"} 1)"});
  view->set_holder("");
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_position_held_back{"), Lines{});
}

TEST(Metrics, ForgetsAViewAndWhatIsStillCountedForIt) {
  Metrics metrics("0.1.0", kStart);
  const auto old_handle = metrics.view({"users", 1});
  old_handle->set_position(kStart);
  old_handle->set_guarantee(1, "why");
  old_handle->set_holder("pid 7");
  metrics.view({"orders", 1});
  metrics.forget_view({"users", 1});
  metrics.forget_view({"never", 1});
  old_handle->add_rows({.read = 1});
  old_handle->start_run();
  old_handle->finish_run("completed", 1);
  old_handle->set_position(kStart);
  EXPECT_EQ(metrics.text(kStart).find("view=\"users\""), std::string::npos);
  EXPECT_NE(metrics.text(kStart).find("view=\"orders\""), std::string::npos);
  metrics.view({"users", 1})->add_rows({.read = 7});
  EXPECT_EQ(samples(metrics.text(kStart), R"(penstock_rows_total{outcome="read",version="1",view="users"})"),
            Lines{R"(penstock_rows_total{outcome="read",version="1",view="users"} 7)"});
}

TEST(Metrics, LetsAHandleOutliveIt) {
  std::shared_ptr<ViewMetrics> handle;
  {
    Metrics metrics("0.1.0", kStart);
    handle = metrics.view({"users", 1});
  }
  handle->add_rows({.read = 1});
}

TEST(Metrics, TellsBuildAndUptime) {
  Metrics metrics("0.1.0", kStart);
  const std::string text = metrics.text(kStart + 90 * kSecond);
  EXPECT_EQ(samples(text, "penstock_build_info"), Lines{R"(penstock_build_info{version="0.1.0"} 1)"});
  EXPECT_EQ(samples(text, "penstock_uptime_seconds"), Lines{"penstock_uptime_seconds 90"});
  EXPECT_EQ(samples(metrics.text(kStart - kSecond), "penstock_uptime_seconds"), Lines{"penstock_uptime_seconds 0"});
}

TEST(Metrics, AddsUpWhatPluginsCount) {
  Metrics metrics("0.1.0", kStart);
  metrics.add_plugin_counter("redis", "round_trips", 3);
  metrics.add_plugin_counter("redis", "round_trips", 2);
  metrics.add_plugin_counter("redis", "round_trips", -9);
  metrics.add_plugin_counter("redis", "bad\n\"name\"\xff", 1);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_plugin_events_total"),
            (Lines{R"(penstock_plugin_events_total{component="redis",name="bad\\n\"name\"\\xff"} 1)",
                   R"(penstock_plugin_events_total{component="redis",name="round_trips"} 5)"}));
}

TEST(Metrics, BoundsHowManyCountersPluginsCanMake) {
  Metrics metrics("0.1.0", kStart);
  for (size_t i = 0; i < Metrics::kMaxPluginCounters + 50; ++i) metrics.add_plugin_counter("noisy", "n" + std::to_string(i), 1);
  const Lines found = samples(metrics.text(kStart), "penstock_plugin_events_total");
  EXPECT_EQ(found.size(), Metrics::kMaxPluginCounters + 1);
  EXPECT_EQ(found.back(), R"(penstock_plugin_events_total{component="other",name="other"} 50)");
}

TEST(Metrics, CountsRequestsByRouteAndCode) {
  Metrics metrics("0.1.0", kStart);
  metrics.add_http_request("/healthz", 200, 0.0001);
  metrics.add_http_request("/healthz", 200, 0.0001);
  metrics.add_http_request("other", 404, 0.0001);
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_http_requests_total"),
            (Lines{R"(penstock_http_requests_total{code="200",route="/healthz"} 2)", R"(penstock_http_requests_total{code="404",route="other"} 1)"}));
  EXPECT_EQ(samples(metrics.text(kStart), "penstock_http_request_duration_seconds_count").size(), 2u);
}

TEST(Metrics, CanBeUsedFromManyThreads) {
  Metrics metrics("0.1.0", kStart);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 200; ++i) {
        const auto view = metrics.view({"v" + std::to_string(i % 3), 1});
        view->add_rows({.read = 1});
        view->set_position(i % 2 == 0 ? std::optional<int64_t>(kStart) : std::nullopt);
        if (t == 0 && i % 20 == 0) metrics.forget_view({"v0", 1});
        if (i % 50 == 0) (void)metrics.text(kStart);
        metrics.add_http_request("/healthz", 200, 0.1);
        metrics.add_plugin_counter("c", "n", 1);
      }
    });
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.text(kStart);
  EXPECT_EQ(samples(text, "penstock_http_requests_total"), Lines{R"(penstock_http_requests_total{code="200",route="/healthz"} 800)"});
  EXPECT_EQ(samples(text, "penstock_plugin_events_total"), Lines{R"(penstock_plugin_events_total{component="c",name="n"} 800)"});
}

TEST(Metrics, PassPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool (package prometheus) is not installed";
  Metrics metrics("0.1.0", kStart);
  const auto view = metrics.view({"users", 1});
  view->set_position(kStart);
  view->set_guarantee(1, "trigger \"touch\" sets \"at\"");
  view->set_holder("pid 7");
  view->finish_run("completed", 1);
  metrics.add_plugin_counter("redis", "round \"trips\"\\\n", 3);
  metrics.add_http_request("/healthz", 200, 0.1);
  const std::string path = testing::TempDir() + "penstock_metrics_" + std::to_string(::getpid()) + ".txt";
  std::ofstream(path) << metrics.text(kStart);
  EXPECT_EQ(std::system(("promtool check metrics < " + path + " >&2").c_str()), 0);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace penstock::host
