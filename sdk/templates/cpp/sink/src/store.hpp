// Stands for your store and its client library: here it is memory of this process, gone with it. What it offers is what a store has to
// offer to be a Profiles Store: a comparison and a write that cannot be separated, and a fence for each view.
#pragma once

#include <penstock/sink.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connector {

struct Value {
  std::string format;  // as format_of says it
  std::string bytes;
};

// What a view says about one entity.
struct Profile {
  std::string order;
  std::map<std::string, Value, std::less<>> values;  // by field; one that is null is not there
};

enum class Applied { written, unchanged, stale, full };

// Any thread may use it: many sinks of the host do so at once.
class Store {
 public:
  Store();

  const std::string& id() const { return id_; }  // made with the store, as good as random

  // A new run of the view: returns its fence, and fences the runs before it off.
  int64_t begin(const std::string& view);

  // Newest wins. A profile that would be more than `limit` is not made. Throws FENCED.
  Applied apply(const std::string& view, int64_t fence, std::string_view key, Profile&& profile, uint64_t limit);

  // Throws FENCED when the view's last fence is another one. committed_by: the run's fence, or 0 when no run says so.
  void set_position(const std::string& view, int64_t fence, const std::optional<penstock::Position>& position, int64_t committed_by);
  penstock::Marker marker(const std::string& view) const;

  // In the order of the keys; nothing where there is none.
  std::vector<std::optional<Profile>> read(const std::string& view, const std::vector<std::string_view>& keys) const;
  uint64_t remove(const std::string& view, const std::vector<std::string_view>& keys);

 private:
  struct View {
    std::map<std::string, Profile, std::less<>> profiles;
    penstock::Marker marker;
  };
  View& fenced_view(const std::string& view, int64_t fence);

  const std::string id_;
  mutable std::mutex mutex_;
  std::map<std::string, View, std::less<>> views_;
  uint64_t profiles_ = 0;
};

// The store of that name; made when it is first asked for, kept until the process ends.
std::shared_ptr<Store> store_named(const std::string& name);

}  // namespace connector
