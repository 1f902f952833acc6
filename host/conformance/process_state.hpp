// What a plugin could change in its process, as it is at one moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace penstock::host::conformance {

// What belongs to the whole process and is not a plugin's to change: what it is, and a text for its value.
using ProcessSettings = std::map<std::string, std::string>;

// Signal handlers and mask, environment, working directory, umask, locale, limits.
ProcessSettings process_settings();

// One sentence for each difference: `the environment variable "X" was set`.
std::vector<std::string> differences(const ProcessSettings& before, const ProcessSettings& after);

// Open descriptors, with what each is open on: 5 -> "/dev/null".
std::map<int, std::string> open_descriptors();

// Waits at most a second until there are no more threads than `most`; the number that there are then.
size_t count_threads(size_t most);
size_t count_threads();

// Bytes that are allocated; 0 where nobody counts them, as under a sanitizer.
size_t allocated_bytes();
size_t resident_bytes();

// Is this build one that keeps freed memory, or whose runtime has threads and descriptors of its own?
bool is_sanitized();

// While it is there, what is written to standard output and standard error is caught.
class CaughtOutput {
 public:
  CaughtOutput();
  ~CaughtOutput();
  CaughtOutput(const CaughtOutput&) = delete;
  CaughtOutput& operator=(const CaughtOutput&) = delete;
  std::string text() const;

 private:
  int caught_, output_, error_;
};

}  // namespace penstock::host::conformance
