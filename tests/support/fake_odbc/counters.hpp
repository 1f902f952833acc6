// How often what a script says has been used, over all connections of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace penstock::fake_odbc {

class Counters {
 public:
  // Those of the script file at `path`; a file with other content starts anew.
  static std::shared_ptr<Counters> of(const std::string& path, const std::string& content);

  // The number of this connect, from 1.
  int64_t next_connect();
  // False when the rule has been used `times` times.
  bool use(size_t rule, std::optional<int64_t> times);

 private:
  std::mutex mutex_;
  int64_t connects_ = 0;
  std::vector<int64_t> uses_;
};

}  // namespace penstock::fake_odbc
