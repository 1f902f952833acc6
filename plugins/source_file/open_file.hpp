// Descriptors, exact reads and what errno means here.
#pragma once

#include <penstock/error.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <sys/stat.h>

namespace penstock::files {

// What stays the same when a file is appended to or renamed.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  auto operator<=>(const FileId&) const = default;
};

inline FileId id_of(const struct stat& s) { return {static_cast<uint64_t>(s.st_dev), static_cast<uint64_t>(s.st_ino)}; }
inline int64_t ns_of(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

// `doing` is "read", "list", …: the message reads `cannot <doing> <path>: <cause>`.
Error io_error(int error, const std::string& doing, const std::string& path);

// A file or folder changed under our hands: nothing is wrong with it, a run from a fresh horizon will do.
Error changed_error(const std::string& path, const std::string& what);

// A regular file, open for reading.
class OpenFile {
 public:
  // Throws when it is not there, not readable or not a regular file. Never waits, not even for a FIFO.
  explicit OpenFile(std::string path);
  // As above; throws changed_error when the path no longer leads to the file `id`.
  OpenFile(std::string path, FileId id);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::string& path() const { return path_; }
  struct stat status() const;

  // Reads exactly `size` bytes at `offset`; fewer is changed_error: the file was truncated.
  void read_exactly(int64_t offset, char* out, size_t size) const;
  // Reads between 1 and `size` bytes at `offset`; none is changed_error.
  size_t read_some(int64_t offset, char* out, size_t size) const;

 private:
  std::string path_;
  int fd_;
};

}  // namespace penstock::files
