#include "observe/metrics.hpp"

#include "base/escape.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <sstream>

namespace penstock::host {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Registry;

const Histogram::BucketBoundaries kRunSeconds = {0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600};
const Histogram::BucketBoundaries kRequestSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

// A label from outside: bounded, and UTF-8 whatever came.
std::string label(std::string_view text, size_t max_bytes = Metrics::kMaxNameBytes) {
  std::string shown = printable(text.substr(0, max_bytes));
  return shown.empty() ? "unnamed" : shown;
}

}  // namespace

struct Metrics::Families {
  Registry registry;
  Family<Counter>& rows = counter("penstock_rows_total", "Rows of a view by what happened to them.");
  Family<Counter>& null_cursors =
      counter("penstock_null_timestamp_rows_total", "Rows of a view without a value in the timestamp field; where they are skipped, those of runs that read everything.");
  Family<Counter>& runs = counter("penstock_runs_total", "Finished runs of a view by outcome.");
  Family<Histogram>& run_duration = histogram("penstock_run_duration_seconds", "How long the runs of a view took.");
  Family<Gauge>& position = gauge("penstock_position_seconds", "Up to when a view has been synced, as a Unix time.");
  Family<Gauge>& lag = gauge("penstock_lag_seconds", "How far a view's last committed position is behind the host's clock.");
  Family<Gauge>& guarantee = gauge("penstock_guarantee_class", "What the source of a view guarantees: 1 is A, 2 is B, 3 is C.");
  Family<Gauge>& guarantee_why = gauge("penstock_guarantee_info", "What the guarantee class of a view rests on; always 1.");
  Family<Gauge>& held_back =
      gauge("penstock_position_held_back", "Present, and 1, while a transaction of the warehouse holds a view's position back: whose.");
  Family<Gauge>& failing = gauge("penstock_view_failing", "Whether the last run of a view failed.");
  Family<Gauge>& in_progress = gauge("penstock_run_in_progress", "Whether a run of the view is going on.");
  Family<Gauge>& build_info = gauge("penstock_build_info", "Which Penstock this is; always 1.");
  Family<Gauge>& uptime_family = gauge("penstock_uptime_seconds", "How long the host has been up.");
  Family<Counter>& plugin = counter("penstock_plugin_events_total", "What the plugins count by themselves.");
  Family<Counter>& http_requests = counter("penstock_http_requests_total", "Answered HTTP requests.");
  Family<Histogram>& http_duration =
      histogram("penstock_http_request_duration_seconds", "From a request's last byte to its answer.");
  Gauge& uptime = uptime_family.Add({});

  std::mutex plugin_mutex;
  std::map<std::pair<std::string, std::string>, Counter*> plugin_counters;

  struct RouteCode {
    Counter* requests;
    Histogram* duration;
  };
  std::mutex http_mutex;
  std::map<std::string, std::map<unsigned, RouteCode>, std::less<>> http;

 private:
  Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }
};

// At most one series of a family, whose labels change: the last sentence that was said.
struct Sentence {
  std::string text;
  Gauge* gauge = nullptr;

  // An empty text takes the series away.
  void show(Family<Gauge>& family, std::string now, const Labels& labels) {
    if (now == text) return;
    if (gauge != nullptr) family.Remove(gauge);
    gauge = now.empty() ? nullptr : &family.Add(labels);
    if (gauge != nullptr) gauge->Set(1);
    text = std::move(now);
  }
};

struct ViewMetrics::Series {
  Series(Metrics::Families& families_in, const ViewId& id)
      : families(families_in),
        labels{{"view", id.name}, {"version", std::to_string(id.version)}},
        duration(families.run_duration.Add(labels, kRunSeconds)),
        null_cursors(families.null_cursors.Add(labels)),
        failing(families.failing.Add(labels)),
        in_progress(families.in_progress.Add(labels)) {
    static constexpr std::array kOutcomes = {"read", "written", "unchanged", "stale", "rejected"};
    for (size_t i = 0; i < kOutcomes.size(); ++i) rows[i] = &families.rows.Add(with("outcome", kOutcomes[i]));
    for (const char* outcome : {"completed", "failed"}) run_counter(outcome);
  }
  ~Series() {
    for (Counter* counter : rows) families.rows.Remove(counter);
    for (const auto& [outcome, counter] : runs) families.runs.Remove(counter);
    families.run_duration.Remove(&duration);
    families.null_cursors.Remove(&null_cursors);
    families.failing.Remove(&failing);
    families.in_progress.Remove(&in_progress);
    if (guarantee != nullptr) families.guarantee.Remove(guarantee);
    guarantee_why.show(families.guarantee_why, {}, {});
    held_back.show(families.held_back, {}, {});
    forget_position();
  }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  Labels with(const std::string& name, const std::string& value) const {
    Labels more = labels;
    more.emplace(name, value);
    return more;
  }
  Counter& run_counter(const std::string& outcome) {
    Counter*& counter = runs[outcome];
    if (counter == nullptr) counter = &families.runs.Add(with("outcome", outcome));
    return *counter;
  }
  void forget_position() {
    if (position == nullptr) return;
    families.position.Remove(position);
    families.lag.Remove(lag);
    position = lag = nullptr;
  }

  Metrics::Families& families;
  const Labels labels;
  std::array<Counter*, 5> rows{};
  std::map<std::string, Counter*> runs;
  Histogram& duration;
  Counter& null_cursors;
  Gauge& failing;
  Gauge& in_progress;
  // A gauge that is not known yet is absent: zero would be a claim.
  Gauge* position = nullptr;
  Gauge* lag = nullptr;
  Gauge* guarantee = nullptr;
  Sentence guarantee_why;
  Sentence held_back;
  int64_t position_ns = 0;
};

ViewMetrics::ViewMetrics() = default;
ViewMetrics::~ViewMetrics() = default;

void ViewMetrics::add_rows(const RowCounts& more) {
  const std::lock_guard lock(mutex_);
  if (series_ == nullptr) return;
  const std::array counts = {more.read, more.written, more.unchanged, more.stale, more.rejected};
  for (size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) series_->rows[i]->Increment(static_cast<double>(counts[i]));
}

void ViewMetrics::add_null_cursors(int64_t rows) {
  const std::lock_guard lock(mutex_);
  if (series_ != nullptr && rows > 0) series_->null_cursors.Increment(static_cast<double>(rows));
}

void ViewMetrics::start_run() {
  const std::lock_guard lock(mutex_);
  if (series_ != nullptr) series_->in_progress.Set(1);
}

void ViewMetrics::finish_run(std::string_view outcome, double run_seconds) {
  const std::lock_guard lock(mutex_);
  if (series_ == nullptr) return;
  series_->in_progress.Set(0);
  series_->run_counter(label(outcome)).Increment();
  series_->duration.Observe(run_seconds);
}

void ViewMetrics::set_position(std::optional<int64_t> position_ns) {
  const std::lock_guard lock(mutex_);
  if (series_ == nullptr) return;
  if (!position_ns) return series_->forget_position();
  if (series_->position == nullptr) {
    series_->position = &series_->families.position.Add(series_->labels);
    series_->lag = &series_->families.lag.Add(series_->labels);
  }
  series_->position->Set(seconds(*position_ns));
  series_->position_ns = *position_ns;
}

void ViewMetrics::set_guarantee(int guarantee_class, std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (series_ == nullptr) return;
  Series& series = *series_;
  if (series.guarantee == nullptr) series.guarantee = &series.families.guarantee.Add(series.labels);
  series.guarantee->Set(guarantee_class);
  const std::string letter(1, static_cast<char>('A' + std::clamp(guarantee_class, 1, 3) - 1));
  const std::string reason = label(why, Metrics::kMaxSentenceBytes);
  Labels labels = series.with("class", letter);
  labels.emplace("why", reason);
  series.guarantee_why.show(series.families.guarantee_why, letter + reason, labels);
}

void ViewMetrics::set_holder(std::string_view holder) {
  const std::lock_guard lock(mutex_);
  if (series_ == nullptr) return;
  const std::string who = holder.empty() ? std::string() : label(holder, Metrics::kMaxSentenceBytes);
  series_->held_back.show(series_->families.held_back, who, series_->with("holder", who));
}

void ViewMetrics::set_failing(bool failing) {
  const std::lock_guard lock(mutex_);
  if (series_ != nullptr) series_->failing.Set(failing ? 1 : 0);
}

Metrics::Metrics(std::string_view version, int64_t started_at_wall_ns)
    : families_(std::make_unique<Families>()), started_at_ns_(started_at_wall_ns) {
  families_->build_info.Add({{"version", label(version)}}).Set(1);
}

Metrics::~Metrics() {
  // A handle that somebody still has must not reach into the families.
  for (const auto& [id, view] : views_) {
    const std::lock_guard lock(view->mutex_);
    view->series_.reset();
  }
}

std::shared_ptr<ViewMetrics> Metrics::view(const ViewId& id) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<ViewMetrics>& found = views_[id];
  if (found == nullptr) {
    found.reset(new ViewMetrics());
    found->series_ = std::make_unique<ViewMetrics::Series>(*families_, id);
  }
  return found;
}

void Metrics::forget_view(const ViewId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(id);
  if (found == views_.end()) return;
  {
    const std::lock_guard view_lock(found->second->mutex_);
    found->second->series_.reset();
  }
  views_.erase(found);
}

void Metrics::add_plugin_counter(std::string_view component, std::string_view name, double delta) {
  if (!(delta >= 0)) return;
  std::pair key(label(component), label(name));
  const std::lock_guard lock(families_->plugin_mutex);
  auto& counters = families_->plugin_counters;
  if (counters.size() >= kMaxPluginCounters && !counters.contains(key)) key = {"other", "other"};
  Counter*& counter = counters[key];
  if (counter == nullptr) counter = &families_->plugin.Add({{"component", key.first}, {"name", key.second}});
  counter->Increment(delta);
}

void Metrics::add_http_request(std::string_view route, unsigned code, double request_seconds) {
  const std::lock_guard lock(families_->http_mutex);
  auto at = families_->http.find(route);
  if (at == families_->http.end()) at = families_->http.emplace(label(route), std::map<unsigned, Families::RouteCode>{}).first;
  Families::RouteCode& series = at->second[code];
  if (series.requests == nullptr) {
    const Labels labels = {{"route", at->first}, {"code", std::to_string(code)}};
    series = {&families_->http_requests.Add(labels), &families_->http_duration.Add(labels, kRequestSeconds)};
  }
  series.requests->Increment();
  series.duration->Observe(request_seconds);
}

std::string Metrics::text(int64_t now_wall_ns) const {
  families_->uptime.Set(std::max(0.0, seconds(now_wall_ns - started_at_ns_)));
  const std::lock_guard lock(mutex_);
  for (const auto& [id, view] : views_) {
    const std::lock_guard view_lock(view->mutex_);
    if (view->series_->lag != nullptr) view->series_->lag->Set(seconds(now_wall_ns - view->series_->position_ns));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_->registry.Collect());
  return std::move(out).str();
}

}  // namespace penstock::host
