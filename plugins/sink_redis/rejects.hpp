// The rows of a batch that are not written, and why.
#pragma once

#include "sink_redis/layout.hpp"

#include <optional>
#include <vector>

namespace penstock::redis {

struct RowSize {
  size_t bytes;    // of its key and values, at most
  size_t largest;  // of its largest value
};

class Rejects {
 public:
  void clear() { rows_.clear(); }

  // The size of a row that can be sent; nothing: it is rejected. `size_of(field)` is at least the size of a value, `unit` ends "may take n bytes".
  template <class SizeOf>
  std::optional<RowSize> measure(int64_t row, std::string_view key, size_t fields, const SizeOf& size_of, size_t most, std::string_view unit) {
    if (key.size() > kMaxKeyBytes) return key_too_long(row), std::nullopt;
    RowSize size{key.size(), 0};
    size_t largest = 0;
    for (size_t field = 0; field < fields; ++field) {
      const size_t one = size_of(field);
      size.bytes += one;
      if (one > size.largest) largest = field, size.largest = one;
    }
    if (size.bytes > most) return too_large(row, largest, size.bytes, most, unit), std::nullopt;
    return size;
  }

  // The key, prefix and all, holds what is not a profile, until someone deletes it or it expires.
  void foreign(int64_t row, const std::string& key);
  // The order key that is stored there is not comparable.
  void other_width(int64_t row, const std::string& key);

  // Tells the host, in the order of the rows; how many there are.
  int64_t tell(const Call&);

 private:
  struct Row {
    int64_t row;
    int32_t column;
    std::string reason;
    bool retryable;
  };

  void key_too_long(int64_t row);
  void too_large(int64_t row, size_t field, size_t bytes, size_t most, std::string_view unit);

  std::vector<Row> rows_;
};

}  // namespace penstock::redis
