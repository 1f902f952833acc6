#include "store.hpp"

#include <algorithm>
#include <random>

namespace penstock::memory {
namespace {

constexpr size_t kHashBytes = 8;  // the last bytes of an order key

std::string random_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[random() & 15];
  return id;
}

SteadyTime expiry(SteadyTime now, int64_t ttl_ms) {
  return ttl_ms == 0 ? SteadyTime::max() : now + std::chrono::milliseconds(std::min(ttl_ms, kMaxTtlMs));
}

bool same_values(std::string_view a, std::string_view b) {
  return a.substr(a.size() - kHashBytes) == b.substr(b.size() - kHashBytes);
}
bool same_times(std::string_view a, std::string_view b) {
  return a.substr(0, a.size() - PENSTOCK_ORDER_SUFFIX) == b.substr(0, b.size() - PENSTOCK_ORDER_SUFFIX);
}

}  // namespace

std::shared_ptr<Store> store_named(const std::string& name) {
  // Never destroyed: a thread of the host may still read when the process exits.
  static auto& mutex = *new std::mutex;
  static auto& stores = *new std::map<std::string, std::shared_ptr<Store>>;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Store>& store = stores[name];
  if (!store) store = std::make_shared<Store>();
  return store;
}

Store::Store() : id_(random_id()) {}

int64_t Store::begin(const std::string& view, const Schema& fields) {
  const std::lock_guard lock(mutex_);
  View& found = views_[view];
  if (!found.fields || *found.fields != fields) found.fields = std::make_shared<const Schema>(fields);
  return ++found.fence;
}

Store::View& Store::fenced_view(const RunRef& run) {
  View& view = views_[run.view];
  if (view.fence != run.fence) throw Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  return view;
}

std::vector<Outcome> Store::apply(const RunRef& run, const std::vector<NewProfile>& rows, int64_t ttl_ms, uint64_t max_profiles) {
  const std::lock_guard lock(mutex_);
  View& view = fenced_view(run);
  const auto now = std::chrono::steady_clock::now();
  sweep(view, run.view, now);
  std::vector<Outcome> outcomes;
  for (const NewProfile& row : rows) outcomes.push_back(apply_one(view, run.view, row, now, expiry(now, ttl_ms), max_profiles));
  return outcomes;
}

Outcome Store::apply_one(View& view, const std::string& view_name, const NewProfile& row, SteadyTime now, SteadyTime expires,
                         uint64_t max_profiles) {
  Profile* profile = live(view, view_name, row.key, now);
  if (profile != nullptr) {
    if (profile->order.size() != row.order.size()) return Outcome::other_width;
    // std::string compares bytes unsigned, as order keys want it.
    const bool newer = row.order > profile->order;
    if (same_values(profile->order, row.order) && (newer || same_times(profile->order, row.order))) {
      if (newer) profile->order = row.order;
      profile->expires = expires;
      return Outcome::unchanged;
    }
    if (!newer) return Outcome::stale;
  } else {
    if (max_profiles != 0 && live_ >= max_profiles) return Outcome::full;
    const auto found = view.profiles.find(row.key);
    profile = found != view.profiles.end() ? &found->second : &view.profiles[std::string(row.key)];
    ++live_;
  }
  profile->order = row.order;
  profile->values = row.values;
  profile->fields = view.fields;
  profile->expires = expires;
  return Outcome::written;
}

// The profile, if it is there and has not expired by now.
Store::Profile* Store::live(View& view, const std::string& view_name, std::string_view key, SteadyTime now) {
  const auto found = view.profiles.find(key);
  if (found == view.profiles.end() || !found->second.live()) return nullptr;
  if (found->second.expires > now) return &found->second;
  expire(view_name, *found);
  return nullptr;
}

// Keeps the key and forgets the rest. May forget an older one altogether, but never this one.
void Store::expire(const std::string& view_name, Profiles::value_type& entry) {
  entry.second = Profile{};
  --live_;
  remembered_.emplace_back(view_name, entry.first);
  if (remembered_.size() <= kMaxRemembered) return;
  const auto [old_view, old_key] = std::move(remembered_.front());
  remembered_.pop_front();
  Profiles& profiles = views_[old_view].profiles;
  const auto old = profiles.find(old_key);
  // It may have been written again since, or removed, or be remembered a second time further back.
  if (old != profiles.end() && !old->second.live() && &*old != &entry) profiles.erase(old);
}

// Expires what nobody asks for, some buckets at a time.
void Store::sweep(View& view, const std::string& view_name, SteadyTime now) {
  const size_t buckets = view.profiles.bucket_count();
  for (size_t i = 0; i < std::min(kSweptBuckets, buckets); ++i) {
    view.next_bucket = (view.next_bucket + 1) % buckets;
    // expire may erase remembered entries, also of this bucket, but never a live one.
    std::vector<Profiles::value_type*> expired;
    for (auto entry = view.profiles.begin(view.next_bucket); entry != view.profiles.end(view.next_bucket); ++entry)
      if (entry->second.live() && entry->second.expires <= now) expired.push_back(&*entry);
    for (Profiles::value_type* entry : expired) expire(view_name, *entry);
  }
}

void Store::store_marker(const RunRef& run, const std::optional<Position>& position) {
  const std::lock_guard lock(mutex_);
  View& view = fenced_view(run);
  view.marker = position;
  view.committed = 0;
}

void Store::commit(const RunRef& run, const Position& position) {
  const std::lock_guard lock(mutex_);
  View& view = fenced_view(run);
  view.marker = position;
  view.committed = run.fence;
}

Store::MarkerState Store::marker(const std::string& view) {
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(view);
  if (found == views_.end()) return {};
  return {found->second.marker, found->second.fence, found->second.committed};
}

size_t Store::read(const std::string& view_name, const Schema& fields, const std::vector<std::string_view>& keys, BatchBuilder& out,
                   std::string* first_bad) {
  constexpr size_t kStateColumn = 0, kOrder = 1, kTtl = 2, kFirstField = 3;
  const std::lock_guard lock(mutex_);
  View& view = views_[view_name];
  const auto now = std::chrono::steady_clock::now();
  sweep(view, view_name, now);
  const Schema* packed = nullptr;
  std::vector<size_t> wanted(fields.size(), kAbsent);
  size_t bad = 0, bad_a_row = 0;
  for (const std::string_view key : keys) {
    const Profile* profile = live(view, view_name, key, now);
    if (profile == nullptr) {
      const bool expired = view.profiles.find(key) != view.profiles.end();
      out[kStateColumn].append<int8_t>(expired ? PENSTOCK_PROFILE_EXPIRED : PENSTOCK_PROFILE_MISSING);
      for (size_t i = kOrder; i < out.columns(); ++i) out[i].append_null();
      continue;
    }
    if (packed != profile->fields.get()) {
      packed = profile->fields.get();
      bad_a_row = 0;
      for (size_t i = 0; i < fields.size(); ++i) {
        const auto found = std::find_if(packed->begin(), packed->end(), [&](const Field& f) { return f.name == fields[i].name; });
        const bool there = found != packed->end();
        // A list's item may be called anything.
        const bool fits = there && arrow_format(*found) == arrow_format(fields[i]) &&
                          (found->type != Type::list || arrow_format(found->children[0]) == arrow_format(fields[i].children.at(0)));
        wanted[i] = fits ? static_cast<size_t>(found - packed->begin()) : kAbsent;
        if (there && !fits && bad_a_row++ == 0) *first_bad = fields[i].name;
      }
    }
    bad += bad_a_row;
    out[kStateColumn].append<int8_t>(PENSTOCK_PROFILE_FOUND);
    out[kOrder].append_bytes(profile->order);
    if (profile->expires == SteadyTime::max())
      out[kTtl].append_null();
    else
      out[kTtl].append<int64_t>(std::chrono::ceil<std::chrono::milliseconds>(profile->expires - now).count());
    unpack(profile->values, *packed, wanted, out, kFirstField);
  }
  return bad;
}

uint64_t Store::remove(const std::string& view_name, const std::vector<std::string_view>& keys) {
  const std::lock_guard lock(mutex_);
  View& view = views_[view_name];
  const auto now = std::chrono::steady_clock::now();
  uint64_t removed = 0;
  for (const std::string_view key : keys) {
    if (live(view, view_name, key, now) == nullptr) continue;
    view.profiles.erase(view.profiles.find(key));
    --live_;
    ++removed;
  }
  return removed;
}

uint64_t Store::set_ttl(const std::string& view_name, const std::vector<std::string_view>& keys, int64_t ttl_ms) {
  const std::lock_guard lock(mutex_);
  View& view = views_[view_name];
  const auto now = std::chrono::steady_clock::now();
  uint64_t touched = 0;
  for (const std::string_view key : keys) {
    Profile* profile = live(view, view_name, key, now);
    if (profile == nullptr) continue;
    profile->expires = expiry(now, ttl_ms);
    ++touched;
  }
  return touched;
}

}  // namespace penstock::memory
