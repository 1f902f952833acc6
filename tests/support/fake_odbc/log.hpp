// The file that says what was asked of the driver, an event a line.
#pragma once

#include <string>

namespace penstock::fake_odbc {

class Log {
 public:
  // Appends to the file; no path: nothing is written. Throws std::runtime_error.
  explicit Log(const std::string& path);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // From any thread; a line is written at once and as a whole.
  void add(const std::string& event) const;

 private:
  int fd_ = -1;
};

}  // namespace penstock::fake_odbc
