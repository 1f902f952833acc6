// A Profiles Store in this process, shared by all sinks of the same name.
#pragma once

#include "profile.hpp"

#include <penstock/sink.hpp>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace penstock::memory {

using SteadyTime = std::chrono::steady_clock::time_point;

// How many expired profiles are remembered as such; the oldest is forgotten first.
inline constexpr size_t kMaxRemembered = 65'536;
// What one call looks at to find expired profiles that nobody asks for.
inline constexpr size_t kSweptBuckets = 64;
inline constexpr int64_t kMaxTtlMs = int64_t{100} * 366 * 86'400'000;  // a hundred years; the clock counts to 292

// A row on its way in.
struct NewProfile {
  std::string_view key;
  std::string_view order;
  std::string values;  // as RowPacker packs them
};

enum class Outcome : uint8_t { written, unchanged, stale, other_width, full };

// Which run: refused as fenced when a later one has begun.
struct RunRef {
  std::string view;  // with its version
  int64_t fence = 0;
};

// Thread-safe: every function locks for its own duration, which is bounded by what the caller passes in; writers pass a
// slice of a batch at a time so that readers get their turn.
class Store {
 public:
  Store();

  const std::string& id() const { return id_; }  // made with the store, as good as random

  // Takes the view over and returns the fence. `fields` is how the run packs its values.
  int64_t begin(const std::string& view, const Schema& fields);

  // Applies rows newest-wins. `max_profiles` is how many the whole store may have. Throws FENCED.
  std::vector<Outcome> apply(const RunRef&, const std::vector<NewProfile>& rows, int64_t ttl_ms, uint64_t max_profiles);

  // Throws FENCED unless the view's fence is that one.
  void store_marker(const RunRef&, const std::optional<Position>&);
  void commit(const RunRef&, const Position&);  // as store_marker, by the run itself
  struct MarkerState {
    std::optional<Position> position;
    int64_t fence = 0;      // the last given out
    int64_t committed = 0;  // of the run that set the position, if a run did
  };
  MarkerState marker(const std::string& view);

  // One row a key. Returns how many values were of another type than asked for, and the first such field in *first_bad.
  size_t read(const std::string& view, const Schema& fields, const std::vector<std::string_view>& keys, BatchBuilder& out,
              std::string* first_bad);
  uint64_t remove(const std::string& view, const std::vector<std::string_view>& keys);
  uint64_t set_ttl(const std::string& view, const std::vector<std::string_view>& keys, int64_t ttl_ms);

 private:
  struct Profile {
    std::string order;
    std::string values;
    std::shared_ptr<const Schema> fields;  // shared by all profiles of a run; null: expired, and only remembered
    SteadyTime expires = SteadyTime::max();
    bool live() const { return fields != nullptr; }
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
  };
  using Profiles = std::unordered_map<std::string, Profile, Hash, std::equal_to<>>;
  struct View {
    Profiles profiles;
    size_t next_bucket = 0;  // where the sweep goes on
    std::shared_ptr<const Schema> fields;
    int64_t fence = 0;
    int64_t committed = 0;
    std::optional<Position> marker;
  };

  View& fenced_view(const RunRef&);
  Profile* live(View&, const std::string& view, std::string_view key, SteadyTime now);
  Outcome apply_one(View&, const std::string& view, const NewProfile& row, SteadyTime now, SteadyTime expires, uint64_t max_profiles);
  void expire(const std::string& view, Profiles::value_type& entry);
  void sweep(View&, const std::string& view, SteadyTime now);

  const std::string id_;
  std::mutex mutex_;
  std::map<std::string, View, std::less<>> views_;
  uint64_t live_ = 0;
  std::deque<std::pair<std::string, std::string>> remembered_;  // view and key, oldest first
};

// The store of that name; made on first use, kept until the process ends.
std::shared_ptr<Store> store_named(const std::string& name);

}  // namespace penstock::memory
