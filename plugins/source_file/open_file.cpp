#include "open_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace penstock::files {
namespace {

penstock_status status_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return PENSTOCK_STATUS_NOT_FOUND;
    case EACCES:
    case EPERM: return PENSTOCK_STATUS_PERMISSION_DENIED;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
    case ENAMETOOLONG:
    case ELOOP: return PENSTOCK_STATUS_INVALID_ARGUMENT;
    default: return PENSTOCK_STATUS_UNAVAILABLE;
  }
}

}  // namespace

Error io_error(int error, const std::string& doing, const std::string& path) {
  const penstock_status status = status_of(error);
  const bool may_pass = status == PENSTOCK_STATUS_UNAVAILABLE || status == PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  return Error(status, may_pass ? PENSTOCK_RETRY_SAFE : PENSTOCK_RETRY_NEVER,
               "cannot " + doing + " " + path + ": " + std::strerror(error))
      .detail("file", path);
}

Error changed_error(const std::string& path, const std::string& what) {
  return Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, path + " " + what).detail("file", path);
}

OpenFile::OpenFile(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (fd_ < 0) throw io_error(errno, "read", path_);
  struct stat s {};
  if (::fstat(fd_, &s) != 0 || !S_ISREG(s.st_mode)) {
    ::close(fd_);
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, path_ + " is not a regular file");
  }
}

OpenFile::OpenFile(std::string path, FileId id)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (fd_ < 0) {
    if (errno == ENOENT) throw changed_error(path_, "vanished after it was counted");
    throw io_error(errno, "read", path_);
  }
  struct stat s {};
  if (::fstat(fd_, &s) != 0 || !S_ISREG(s.st_mode) || id_of(s) != id) {
    ::close(fd_);
    throw changed_error(path_, "was replaced after it was counted");
  }
}

OpenFile::~OpenFile() { ::close(fd_); }

struct stat OpenFile::status() const {
  struct stat s {};
  if (::fstat(fd_, &s) != 0) throw io_error(errno, "stat", path_);
  return s;
}

size_t OpenFile::read_some(int64_t offset, char* out, size_t size) const {
  for (;;) {
    const ssize_t n = ::pread(fd_, out, size, offset);
    if (n > 0) return static_cast<size_t>(n);
    if (n == 0) throw changed_error(path_, "was truncated while it was read");
    if (errno != EINTR) throw io_error(errno, "read", path_);
  }
}

void OpenFile::read_exactly(int64_t offset, char* out, size_t size) const {
  while (size > 0) {
    const size_t n = read_some(offset, out, size);
    out += n;
    offset += static_cast<int64_t>(n);
    size -= n;
  }
}

}  // namespace penstock::files
