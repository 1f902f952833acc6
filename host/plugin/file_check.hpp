// May this file's code run with the host's rights? Only if nobody but root and the host's own user could have put it there.
#pragma once

#include "base/failure.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace penstock::host {

// An open file descriptor; closed by the destructor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept { return std::swap(fd_, other.fd_), *this; }
  ~Descriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A plugin's file name: [a-z0-9_-]+.so
bool is_plugin_name(const std::string& name);

// Opens an absolute directory after checking it and every directory on the way, those that symbolic links lead through
// included: owned by root or by this process's user, not writable by others. A parent that others may write is fine if it
// is sticky and root's, as /tmp.
Result<Descriptor> open_plugin_directory(const std::filesystem::path& directory);

// The names in it that end in ".so", sorted.
Result<std::vector<std::string>> plugin_names(const Descriptor& directory);

// Opens a file of that directory: a regular file (no symbolic link), owned by root or by this process's user, not writable by
// others. What is read from the descriptor, or loaded through it, is what was checked.
Result<Descriptor> open_plugin_file(const Descriptor& directory, const std::string& name);

}  // namespace penstock::host
