// Notices when this process opens sockets or files, and lets none of it happen.
#pragma once

#include <string>
#include <vector>

namespace penstock::host::conformance {

// Cannot be taken off again: it is for the rest of the process. Files that were opened before can still be read. What is trapped
// fails with EPERM.
class IoTrap {
 public:
  enum class What {
    network,            // sockets of the internet families
    network_and_files,  // these, and everything that is opened by name
  };
  explicit IoTrap(What what);
  IoTrap(const IoTrap&) = delete;
  IoTrap& operator=(const IoTrap&) = delete;

  // False where the system does not allow it; then nothing is noticed.
  bool is_set() const { return set_; }
  // What was tried, a sentence each, in order; at most a hundred.
  std::vector<std::string> seen() const;
  void forget();

 private:
  bool set_ = false;
};

}  // namespace penstock::host::conformance
