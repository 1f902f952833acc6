#include "store.hpp"

#include <algorithm>

namespace penstock::sim {
namespace {

constexpr size_t kPast = 8;

std::string_view bytes(const OrderKey& order) { return {order.data(), order.size()}; }
bool same_hash(const OrderKey& a, const OrderKey& b) { return bytes(a).substr(24) == bytes(b).substr(24); }
bool same_times(const OrderKey& a, const OrderKey& b) { return bytes(a).substr(0, 16) == bytes(b).substr(0, 16); }

}  // namespace

void Store::changed() {
  past_.push_back(data_);
  if (past_.size() > kPast) past_.pop_front();
}

Store::Answer Store::check(const RunStamp& stamp) const {
  const Marker& marker = data_.marker;
  if (!marker.there || marker.store_id != stamp.store_id) return Answer::wiped;
  if (marker.fence != stamp.fence || marker.run != stamp.run) return Answer::fenced;
  return marker.sequence == stamp.sequence ? Answer::done : Answer::out_of_step;
}

RunStamp Store::begin(int64_t run, int64_t now) {
  changed();
  if (data_.store_id == 0) data_.store_id = next_store_id_++;
  Marker& marker = data_.marker;
  if (!marker.there || marker.store_id != data_.store_id) marker.positioned = false;
  const int64_t previous = marker.there && marker.store_id == data_.store_id ? marker.fence : 0;
  marker.there = true;
  marker.store_id = data_.store_id;
  // Above every fence that profiles, and refused rows that hosts keep, may still have.
  marker.fence = std::max(marker.fence + 1, now);
  marker.run = run;
  marker.sequence = 0;
  return {marker.store_id, marker.fence, run, 0, previous};
}

std::vector<Store::Decided> Store::compare(const std::vector<Write>& rows) const {
  std::vector<Decided> out;
  for (const Write& row : rows) {
    const Profile& profile = data_.profiles[row.entity];
    const bool newer = !profile.there || bytes(row.order) > bytes(profile.order);
    const bool same = profile.there && same_hash(row.order, profile.order) && (newer || same_times(row.order, profile.order));
    out.push_back({row, same ? Code::unchanged : newer ? Code::written : Code::stale, newer});
  }
  return out;
}

// The sequence moves last, also when a row's command was refused: that is for the run to see in the answer.
Store::Answer Store::write(const RunStamp& stamp, const std::vector<Decided>& rows, size_t fails_at, bool guarded) {
  const Answer answer = check(stamp);
  if (guarded && answer != Answer::done) return answer;
  changed();
  for (size_t i = 0; i < rows.size(); ++i)
    if (i != fails_at && rows[i].sent) data_.profiles[rows[i].row.entity] = {true, rows[i].row.order, rows[i].row.value};
  if (answer == Answer::done || answer == Answer::out_of_step) {
    ++data_.marker.sequence;
  } else {
    // It should not have come so far: nobody may rely on what is here.
    data_.marker.positioned = false;
    data_.marker.run = 0;
  }
  return fails_at < rows.size() ? Answer::failed : answer;
}

Store::Answer Store::commit(const RunStamp& stamp, int64_t position, uint64_t snapshot_event) {
  if (const Answer answer = check(stamp); answer != Answer::done) return answer;
  changed();
  data_.marker.positioned = true;
  data_.marker.position = position;
  data_.marker.committed = stamp.fence;
  data_.marker.snapshot_event = snapshot_event;
  return Answer::done;
}

Store::Marker Store::load_marker() {
  if (data_.store_id == 0) data_.store_id = next_store_id_++;
  Marker marker = data_.marker;
  if (!marker.there || marker.store_id != data_.store_id) marker.positioned = false;
  marker.store_id = data_.store_id;
  return marker;
}

bool Store::execute_delayed(bool guarded) {
  const Delayed call = std::move(delayed_.front());
  delayed_.erase(delayed_.begin());
  if (call.generation != generation_) return false;
  const bool late = !call.is_commit && check(call.stamp) != Answer::done;
  if (call.is_commit)
    commit(call.stamp, call.position, call.snapshot_event);
  else
    write(call.stamp, call.rows, SIZE_MAX, guarded);
  return late && !guarded;
}

void Store::fail_over(size_t lost_calls) {
  for (; lost_calls > 0 && !past_.empty(); --lost_calls) {
    data_ = past_.back();
    past_.pop_back();
  }
  ++generation_;
}

void Store::wipe(bool breaks_connections) {
  data_ = Data();
  past_.clear();
  if (breaks_connections) ++generation_;
}

void Store::restore() {
  data_ = dump_.value_or(Data());
  past_.clear();
  ++generation_;
}

}  // namespace penstock::sim
