// What the host counts, for Prometheus.
#pragma once

#include "base/view_id.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host {

struct RowCounts {
  int64_t read = 0;
  int64_t written = 0;
  int64_t unchanged = 0;
  int64_t stale = 0;
  int64_t rejected = 0;
};

class Metrics;

// The series of one view, looked up once. Thread-safe. After Metrics::forget_view it counts into nothing; it must not be
// used after its Metrics is gone.
class ViewMetrics {
 public:
  ~ViewMetrics();

  void add_rows(const RowCounts& more);
  // Rows that were read though they have no value in the timestamp field.
  void add_null_cursors(int64_t rows);
  void start_run();
  // `outcome` as in the run ledger: "completed", "failed", "cancelled".
  void finish_run(std::string_view outcome, double seconds);
  // The position of the last commit, as a time; nothing when the view's cursor is not a time.
  void set_position(std::optional<int64_t> position_ns);
  // 1: A, 2: B, 3: C; `why` is the source's one sentence.
  void set_guarantee(int guarantee_class, std::string_view why);
  // Who holds the position back; empty: nobody.
  void set_holder(std::string_view holder);
  void set_failing(bool failing);

 private:
  friend class Metrics;
  struct Series;
  ViewMetrics();

  mutable std::mutex mutex_;
  std::unique_ptr<Series> series_;  // null: forgotten
};

// Thread-safe.
class Metrics {
 public:
  // More plugin counters, or routes, than this are counted together as "other".
  static constexpr size_t kMaxPluginCounters = 1000;
  static constexpr size_t kMaxNameBytes = 128;
  // Of a label that is a sentence.
  static constexpr size_t kMaxSentenceBytes = 512;

  Metrics(std::string_view version, int64_t started_at_wall_ns);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The view's series; made (all zero) the first time.
  std::shared_ptr<ViewMetrics> view(const ViewId& id);
  // Takes the series of a view that is no longer configured out of text().
  void forget_view(const ViewId& id);

  // What a plugin counts by itself. Negative deltas are ignored: a counter only grows.
  void add_plugin_counter(std::string_view component, std::string_view name, double delta);

  // One answered request. `route` must be one of few (a route's path, or "other"), never what a client sent.
  void add_http_request(std::string_view route, unsigned code, double seconds);

  // The Prometheus text format 0.0.4. The lag of a view is `now` minus its position, so that it grows while nothing commits.
  std::string text(int64_t now_wall_ns) const;

 private:
  friend class ViewMetrics;
  struct Families;

  std::unique_ptr<Families> families_;
  const int64_t started_at_ns_;
  mutable std::mutex mutex_;
  std::map<ViewId, std::shared_ptr<ViewMetrics>> views_;
};

}  // namespace penstock::host
