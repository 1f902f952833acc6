#include "store.hpp"

#include <random>

namespace connector {
namespace {

constexpr size_t kHashBytes = 8;  // the last of an order key: the hash of the row's values

std::string random_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[random() % 16];
  return id;
}

bool have_equal_hashes(std::string_view order, std::string_view other) {
  return order.size() == other.size() && order.size() >= kHashBytes &&
         order.substr(order.size() - kHashBytes) == other.substr(other.size() - kHashBytes);
}

}  // namespace

std::shared_ptr<Store> store_named(const std::string& name) {
  // Never destroyed: the library stays loaded, and threads of the host may outlive this file's static objects.
  static auto& mutex = *new std::mutex;
  static auto& stores = *new std::map<std::string, std::shared_ptr<Store>>;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Store>& store = stores[name];
  if (!store) store = std::make_shared<Store>();
  return store;
}

Store::Store() : id_(random_id()) {}

int64_t Store::begin(const std::string& view) {
  const std::lock_guard lock(mutex_);
  return ++views_[view].marker.fence;
}

Store::View& Store::fenced_view(const std::string& view, int64_t fence) {
  View& found = views_[view];
  if (found.marker.fence != fence) throw penstock::Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  return found;
}

Applied Store::apply(const std::string& view_name, int64_t fence, std::string_view key, Profile&& profile, uint64_t limit) {
  const std::lock_guard lock(mutex_);
  View& view = fenced_view(view_name, fence);
  const auto found = view.profiles.find(key);
  if (found == view.profiles.end()) {
    if (profiles_ >= limit) return Applied::full;
    view.profiles.emplace(key, std::move(profile));
    ++profiles_;
    return Applied::written;
  }
  // std::string compares bytes as unsigned, which is how order keys are compared.
  if (profile.order == found->second.order) return Applied::unchanged;
  if (profile.order < found->second.order) return Applied::stale;
  // The greater order key is kept even where the values stay: a row that lies between the two must not win later.
  const bool same = have_equal_hashes(profile.order, found->second.order);
  found->second.order = std::move(profile.order);
  if (!same) found->second.values = std::move(profile.values);
  return same ? Applied::unchanged : Applied::written;
}

void Store::set_position(const std::string& view_name, int64_t fence, const std::optional<penstock::Position>& position, int64_t committed_by) {
  const std::lock_guard lock(mutex_);
  View& view = fenced_view(view_name, fence);
  view.marker.position = position;
  view.marker.committed_fence = committed_by;
}

penstock::Marker Store::marker(const std::string& view) const {
  const std::lock_guard lock(mutex_);
  const auto found = views_.find(view);
  penstock::Marker marker = found == views_.end() ? penstock::Marker() : found->second.marker;
  marker.store_id = id_;
  return marker;
}

std::vector<std::optional<Profile>> Store::read(const std::string& view, const std::vector<std::string_view>& keys) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::optional<Profile>> profiles(keys.size());
  const auto found = views_.find(view);
  for (size_t i = 0; found != views_.end() && i < keys.size(); ++i)
    if (const auto profile = found->second.profiles.find(keys[i]); profile != found->second.profiles.end()) profiles[i] = profile->second;
  return profiles;
}

uint64_t Store::remove(const std::string& view, const std::vector<std::string_view>& keys) {
  const std::lock_guard lock(mutex_);
  uint64_t removed = 0;
  const auto found = views_.find(view);
  for (size_t i = 0; found != views_.end() && i < keys.size(); ++i)
    if (const auto profile = found->second.profiles.find(keys[i]); profile != found->second.profiles.end()) {
      found->second.profiles.erase(profile);
      ++removed;
    }
  profiles_ -= removed;
  return removed;
}

}  // namespace connector
