// Stands for your client library: what speaks to the warehouse and knows nothing of Penstock's interfaces but its errors.
// Here the warehouse is a text file of visits, a line each: user, city, pages and time, with tabs between them and \N for NULL.
#pragma once

#include <penstock/error.hpp>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace connector {

struct Visit {
  std::string user_id;
  std::optional<std::string> city;
  std::optional<int64_t> pages;
  std::optional<int64_t> visited_at;  // microseconds since 1970, UTC
};

// The file, read once from its beginning.
class VisitsFile {
 public:
  // Throws penstock::Error when it cannot be opened.
  explicit VisitsFile(const std::string& path);

  // The next visit, or false behind the last. Throws penstock::Error.
  bool next(Visit& visit);

 private:
  penstock::Error bad_line(const char* what) const;

  std::string path_;
  std::ifstream file_;
  std::string line_;
  int64_t line_number_ = 0;
};

}  // namespace connector
