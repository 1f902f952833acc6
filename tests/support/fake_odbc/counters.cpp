#include "counters.hpp"

#include <map>

namespace penstock::fake_odbc {

std::shared_ptr<Counters> Counters::of(const std::string& path, const std::string& content) {
  struct Known {
    std::string content;
    std::shared_ptr<Counters> counters;
  };
  static std::mutex mutex;
  static std::map<std::string, Known> known;
  const std::lock_guard lock(mutex);
  Known& entry = known[path];
  if (entry.counters == nullptr || entry.content != content) entry = {content, std::make_shared<Counters>()};
  return entry.counters;
}

int64_t Counters::next_connect() {
  const std::lock_guard lock(mutex_);
  return ++connects_;
}

bool Counters::use(size_t rule, std::optional<int64_t> times) {
  const std::lock_guard lock(mutex_);
  if (uses_.size() <= rule) uses_.resize(rule + 1);
  if (times && uses_[rule] >= *times) return false;
  ++uses_[rule];
  return true;
}

}  // namespace penstock::fake_odbc
