#include "sink_redis/rejects.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>

namespace penstock::redis {
namespace {

constexpr size_t kShownKeyBytes = 100;

std::string shown(const std::string& key) { return "the key \"" + printable(key, kShownKeyBytes) + "\" "; }

}  // namespace

void Rejects::key_too_long(int64_t row) {
  rows_.push_back({row, kKeyColumn, "the key is longer than " + std::to_string(kMaxKeyBytes) + " bytes", false});
}

void Rejects::too_large(int64_t row, size_t field, size_t bytes, size_t most, std::string_view unit) {
  rows_.push_back({row, static_cast<int32_t>(kFirstFieldColumn + field),
                   "the row may take " + std::to_string(bytes) + " " + std::string(unit) + ", more than max_row_bytes = " + std::to_string(most), false});
}

void Rejects::foreign(int64_t row, const std::string& key) {
  rows_.push_back({row, kKeyColumn, shown(key) + "holds something that Penstock did not write", true});
}

void Rejects::other_width(int64_t row, const std::string& key) {
  rows_.push_back({row, kOrderColumn, shown(key) + "was written with an order key of another width", true});
}

int64_t Rejects::tell(const Call& call) {
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.row < b.row; });
  for (const Row& one : rows_) call.reject(one.row, one.column, one.reason, one.retryable);
  return static_cast<int64_t>(rows_.size());
}

}  // namespace penstock::redis
