#include "schedule/schedule.hpp"

#include <algorithm>

namespace penstock::host {
namespace {

using std::chrono::nanoseconds;

// Shorter would be a busy loop, longer would overflow; configurations are checked long before.
constexpr int64_t kShortestInterval = nanoseconds(std::chrono::milliseconds(1)).count();
constexpr int64_t kLongestInterval = nanoseconds(std::chrono::hours(24 * 3650)).count();
// A view goes along with others when it is due itself within this part of its interval.
constexpr int64_t kSoon = 100;
// What they find out is written down at once.
constexpr size_t kMostCompanions = 1000;

// FNV-1a and a finaliser, because the views' names differ in little. The same on every host, so that a restart does not shuffle.
uint64_t spread(const ViewId& id) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : id.qualified()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93u;
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93u;
  return hash ^ (hash >> 32);
}

int64_t interval_of(const ScheduledView& view) {
  return std::clamp(view.interval.count(), kShortestInterval, kLongestInterval);
}

// In [0, jitter * interval). A jitter that is not a number is none.
int64_t phase_of(const ScheduledView& view) {
  const double jitter = view.jitter > 0 ? std::min(view.jitter, 1.0) : 0.0;
  const double unit = static_cast<double>(spread(view.view) >> 11) * 0x1p-53;  // in [0, 1)
  return static_cast<int64_t>(unit * jitter * static_cast<double>(interval_of(view)));
}

// The first tick after `now`. Ticks are at grid_start + n * interval - phase, n >= 1.
int64_t tick_after(int64_t now, int64_t grid_start, int64_t interval, int64_t phase) {
  const int64_t first = grid_start + interval - phase;
  if (now < first) return first;
  return first + ((now - first) / interval + 1) * interval;
}

}  // namespace

std::string_view to_text(DueReason reason) {
  switch (reason) {
    case DueReason::start: return "start";
    case DueReason::interval: return "interval";
    case DueReason::manual: return "manual";
    case DueReason::retry: return "retry";
  }
  return "interval";
}

Schedule::Schedule(int64_t workers) : workers_(std::max<int64_t>(workers, 1)) {}

void Schedule::set_workers(int64_t workers) { workers_ = std::max<int64_t>(workers, 1); }

void Schedule::set_views(const std::vector<ScheduledView>& views, int64_t now_ns) {
  std::set<ViewId> wanted;
  for (const ScheduledView& view : views) {
    if (!wanted.insert(view.view).second) continue;
    const auto known = views_.find(view.view);
    if (known == views_.end()) {
      add(view.view, view, now_ns);
    } else {
      change(view.view, known->second, view, now_ns);
    }
  }
  remove_missing(wanted);
}

void Schedule::add(const ViewId& id, const ScheduledView& wanted, int64_t now_ns) {
  View view{.interval = interval_of(wanted),
            .phase = phase_of(wanted),
            .grid_start = now_ns,
            .last_start = now_ns,
            .due = now_ns,
            .look = wanted.look};
  enqueue(id, view);
  views_.emplace(id, view);
}

void Schedule::change(const ViewId& id, View& view, const ScheduledView& wanted, int64_t now_ns) {
  const int64_t interval = interval_of(wanted), phase = phase_of(wanted);
  const bool same = view.interval == interval && view.phase == phase && !view.removed;
  if (same && view.look == wanted.look) return;
  dequeue(id, view);
  view.look = wanted.look;
  if (same) return enqueue(id, view);
  view.interval = interval;
  view.phase = phase;
  view.grid_start = view.last_start;
  if (view.removed) {
    // Its run belongs to the definition that went: the one that came is due as any new view, after it.
    view.removed = false;
    view.grid_start = view.last_start = view.due = now_ns;
    view.reason = DueReason::start;
  } else if (view.reason == DueReason::interval) {
    view.due = view.grid_start + interval - phase;
  }
  enqueue(id, view);
}

void Schedule::remove_missing(const std::set<ViewId>& wanted) {
  for (auto it = views_.begin(); it != views_.end();) {
    View& view = it->second;
    if (wanted.contains(it->first)) {
      ++it;
    } else if (view.running_since) {
      view.removed = true;
      view.requested_at.reset();
      ++it;
    } else {
      dequeue(it->first, view);
      it = views_.erase(it);
    }
  }
}

bool Schedule::run_now(const ViewId& id, int64_t now_ns) {
  const auto known = views_.find(id);
  if (known == views_.end() || known->second.removed) return false;
  View& view = known->second;
  if (view.requested_at) return true;
  dequeue(id, view);
  view.requested_at = now_ns;
  enqueue(id, view);
  return true;
}

std::optional<DueView> Schedule::next_due(int64_t now_ns) {
  if (running_ >= static_cast<size_t>(workers_)) return std::nullopt;
  const bool tick_is_due = !ticking_.empty() && ticking_.begin()->first <= now_ns;
  // Without taking turns, somebody who asks for runs in a loop would keep all others from theirs.
  const bool take_request = !requested_.empty() && !(tick_is_due && last_was_requested_);
  if (!take_request && !tick_is_due) return std::nullopt;
  last_was_requested_ = take_request;

  const ViewId id = (take_request ? requested_ : ticking_).begin()->second;
  View& view = views_.at(id);
  DueView due{id, DueReason::start, view.requested_at.value_or(view.due)};
  due.reason = start(id, view, now_ns);
  view.together = std::make_shared<size_t>(1);
  due.companions = start_companions(view, now_ns);
  ++running_;
  return due;
}

DueReason Schedule::start(const ViewId& id, View& view, int64_t now_ns) {
  dequeue(id, view);
  view.before = {view.due, view.reason, view.requested_at};
  // From now on a tick that passes is missed, and makes the view due right after this run. Who starts before its tick has had it.
  const int64_t had = view.requested_at ? now_ns : std::max(now_ns, view.due);
  view.requested_at.reset();
  view.running_since = view.last_start = now_ns;
  view.due = tick_after(had, view.grid_start, view.interval, view.phase);
  view.reason = DueReason::interval;
  return view.before.requested_at ? DueReason::manual : view.before.reason;
}

std::vector<Companion> Schedule::start_companions(const View& leader, int64_t now_ns) {
  const auto idle = idle_.find(leader.look);
  if (!leader.found_nothing || idle == idle_.end()) return {};
  std::vector<Companion> companions;
  for (const ViewId& id : idle->second) {
    const View& view = views_.at(id);
    const int64_t soon = view.requested_at.value_or(view.due - view.interval / kSoon);
    if (soon <= now_ns && companions.size() < kMostCompanions) companions.push_back({id});
  }
  for (Companion& companion : companions) {
    View& view = views_.at(companion.view);
    companion.reason = start(companion.view, view, now_ns);
    view.together = leader.together;
    ++*view.together;
  }
  return companions;
}

void Schedule::stop(View& view) {
  view.running_since.reset();
  if (--*view.together == 0) --running_;
  view.together.reset();
}

bool Schedule::put_back(const ViewId& id) {
  const auto known = views_.find(id);
  if (known == views_.end() || !known->second.running_since) return false;
  View& view = known->second;
  stop(view);
  if (view.removed) {
    views_.erase(known);
    return true;
  }
  view.found_nothing = false;
  if (!view.requested_at) view.requested_at = view.before.requested_at;
  // Not of one that was removed and came back meanwhile, which is due as a new one is.
  if (view.reason != DueReason::start) {
    view.due = view.before.at;
    view.reason = view.before.reason;
  }
  enqueue(id, view);
  return true;
}

bool Schedule::finished(const ViewId& id, int64_t now_ns, std::optional<nanoseconds> retry_after, bool found_nothing) {
  const auto known = views_.find(id);
  if (known == views_.end() || !known->second.running_since) return false;
  View& view = known->second;
  stop(view);
  if (view.removed) {
    views_.erase(known);
    return true;
  }
  view.found_nothing = found_nothing && !retry_after && view.reason != DueReason::start;
  // A failure of the definition that went is no reason for the one that came to wait.
  if (retry_after && view.reason != DueReason::start) {
    view.due = now_ns + std::clamp<int64_t>(retry_after->count(), 0, kLongestInterval);
    view.reason = DueReason::retry;
  }
  enqueue(id, view);
  return true;
}

std::optional<int64_t> Schedule::next_wakeup() const {
  if (running_ >= static_cast<size_t>(workers_)) return std::nullopt;
  if (!requested_.empty()) return requested_.begin()->first;
  if (!ticking_.empty()) return ticking_.begin()->first;
  return std::nullopt;
}

std::vector<ViewSchedule> Schedule::status() const {
  std::vector<ViewSchedule> status;
  for (const auto& [id, view] : views_) {
    if (view.removed) continue;
    status.push_back({id, view.running_since, view.requested_at.value_or(view.due), view.requested_at.has_value()});
  }
  return status;
}

void Schedule::enqueue(const ViewId& id, const View& view) {
  if (view.running_since) return;
  if (view.requested_at) {
    requested_.emplace(*view.requested_at, id);
  } else {
    ticking_.emplace(view.due, id);
  }
  if (view.found_nothing && !view.look.empty()) idle_[view.look].insert(id);
}

void Schedule::dequeue(const ViewId& id, const View& view) {
  if (view.running_since) return;
  if (view.requested_at) {
    requested_.erase({*view.requested_at, id});
  } else {
    ticking_.erase({view.due, id});
  }
  if (const auto idle = idle_.find(view.look); idle != idle_.end()) {
    idle->second.erase(id);
    if (idle->second.empty()) idle_.erase(idle);
  }
}

}  // namespace penstock::host
