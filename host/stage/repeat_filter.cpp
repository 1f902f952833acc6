#include "stage/repeat_filter.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace penstock::host {
namespace {

constexpr size_t kFirstEntries = 256;
constexpr int64_t kWritesOfATtl = 100;  // at least
constexpr uint64_t kLeftOut = 1;

// Two hashes from unrelated seeds, never both zero.
void hash_key(std::string_view key, uint64_t (&out)[2]) {
  out[0] = hash_bytes(0x243f6a8885a308d3u, key);
  out[1] = hash_bytes(0x13198a2e03707344u, key) | 1;
}

uint64_t hash_times(std::string_view times) { return hash_bytes(0xa4093822299f31d0u, times) & ~kLeftOut; }

}  // namespace

bool RepeatBudget::take(size_t bytes) {
  size_t left = left_;
  while (left >= bytes)
    if (left_.compare_exchange_weak(left, left - bytes)) return true;
  return false;
}

const RepeatFilter::Entry* RepeatFilter::Table::find(const uint64_t (&key)[2]) const {
  if (entries_.empty()) return nullptr;
  const size_t mask = entries_.size() - 1;
  for (size_t at = key[0] & mask;; at = (at + 1) & mask) {
    const Entry& entry = entries_[at];
    if (entry.key[1] == 0) return nullptr;
    if (entry.key[0] == key[0] && entry.key[1] == key[1]) return &entry;
  }
}

RepeatFilter::Entry* RepeatFilter::Table::place(const uint64_t (&key)[2]) {
  const size_t mask = entries_.size() - 1;
  size_t at = key[0] & mask;
  while (entries_[at].key[1] != 0 && (entries_[at].key[0] != key[0] || entries_[at].key[1] != key[1])) at = (at + 1) & mask;
  return &entries_[at];
}

bool RepeatFilter::Table::grow() {
  const size_t size = entries_.empty() ? kFirstEntries : entries_.size() * 2;
  if (!budget_.take(size * sizeof(Entry))) return false;
  std::vector<Entry> old(size, Entry{});
  old.swap(entries_);
  for (const Entry& entry : old)
    if (entry.key[1] != 0) *place(entry.key) = entry;
  budget_.give_back(old.size() * sizeof(Entry));
  return true;
}

bool RepeatFilter::Table::put(const Entry& entry) {
  if (entries_.empty() && !grow()) return false;
  Entry* at = place(entry.key);
  if (at->key[1] == 0) {
    if ((size_ + 1) * 4 > entries_.size() * 3) {
      if (!grow()) return false;
      at = place(entry.key);
    }
    ++size_;
  }
  *at = entry;
  return true;
}

void RepeatFilter::Table::clear() {
  budget_.give_back(entries_.size() * sizeof(Entry));
  std::vector<Entry>().swap(entries_);
  size_ = 0;
}

void RepeatFilter::start(const Found& found, bool may_leave_out) {
  const bool as_left = fence_ > 0 && found.previous_fence == fence_ && found.committed_fence == fence_ && found.store_id == store_id_;
  leaves_out_ = may_leave_out && as_left && found.definition == definition_;
  // A clock that went back says nothing; one of them stands still while the machine is suspended.
  const int64_t steady = found.steady_ns - all_sent_steady_ns_, wall = found.wall_ns - all_sent_wall_ns_;
  if (found.ttl_ns > 0 && (wall < 0 || std::max(steady, wall) > found.ttl_ns / kWritesOfATtl)) leaves_out_ = false;
  if (!leaves_out_) {
    known_.clear();
    all_sent_steady_ns_ = found.steady_ns;
    all_sent_wall_ns_ = found.wall_ns;
  }
  next_.clear();
  fence_ = 0;
  definition_ = found.definition;
  store_id_ = found.store_id;
  left_any_out_ = contradicted_ = spoilt_ = false;
}

bool RepeatFilter::may_repeat(std::string_view key, std::string_view times) const {
  if (!leaves_out_) return false;
  uint64_t hash[2];
  hash_key(key, hash);
  const Entry* entry = known_.find(hash);
  return entry != nullptr && (entry->times & ~kLeftOut) == hash_times(times);
}

bool RepeatFilter::leave_out(std::string_view key, std::string_view times, uint64_t values) {
  Entry row{{}, hash_times(times), values};
  hash_key(key, row.key);
  const Entry* entry = leaves_out_ ? known_.find(row.key) : nullptr;
  if (entry == nullptr || (entry->times & ~kLeftOut) != row.times || entry->values != values) return false;
  // Another row of the key was sent in this run: this one must follow it.
  const Entry* now = next_.find(row.key);
  if (now != nullptr && (now->times & kLeftOut) == 0) return false;
  row.times |= kLeftOut;
  if (!next_.put(row)) return false;
  left_any_out_ = true;
  return true;
}

void RepeatFilter::sent(std::string_view key, std::string_view times, uint64_t values, bool again) {
  Entry row{{}, hash_times(times), values};
  hash_key(key, row.key);
  const Entry* now = next_.find(row.key);
  if (now != nullptr && now->times == (row.times | kLeftOut)) contradicted_ = true;
  // What is not remembered must not leave an older row of the key behind.
  if (again || now != nullptr) static_cast<void>(next_.put(row));
}

void RepeatFilter::unordered() {
  contradicted_ = contradicted_ || left_any_out_;
  leaves_out_ = false;
  spoilt_ = true;
}

void RepeatFilter::committed(int64_t fence) {
  if (spoilt_ || contradicted_) return forget();
  known_.clear();
  known_.swap(next_);
  fence_ = fence;
}

void RepeatFilter::forget() {
  known_.clear();
  next_.clear();
  fence_ = 0;
}

}  // namespace penstock::host
