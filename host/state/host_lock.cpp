// One host a state directory: an open-file-description lock on <directory>/lock, which also says who holds it.
//
// Not flock: finding out who holds one means trying to take it, which for a moment keeps a host that starts from taking it.
// Not the classic fcntl lock: closing any descriptor of the file in the process gives it up.
#include "state/directory.hpp"
#include "state/state.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace penstock::host {
namespace {

constexpr const char* kLockName = "lock";
// A host that has just taken the lock may not have written its pid yet.
constexpr int kPidReads = 50;
constexpr timespec kPidReadPause{0, 2'000'000};

class FileLock final : public HostLock {
 public:
  explicit FileLock(int fd) : fd_(fd) {}
  // Emptied first, so that the pid of a host that is gone is not read as the next one's.
  ~FileLock() override {
    [[maybe_unused]] const int emptied = ftruncate(fd_, 0);
    close(fd_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const int fd_;
};

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

int64_t read_pid(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof text, 0);
  int64_t pid = 0;
  if (size > 0) std::from_chars(text, text + size, pid);
  return pid > 0 ? pid : 0;
}

// The pid of whoever holds the lock, 0 when nobody does, -1 when somebody does and does not say.
int64_t holder_of(int fd) {
  for (int i = 0; i < kPidReads; ++i) {
    struct flock lock = whole_file(F_RDLCK);
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    if (const int64_t pid = read_pid(fd); pid != 0) return pid;
    nanosleep(&kPidReadPause, nullptr);
  }
  return -1;
}

Failure refused(const std::string& message) { return {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER, message}; }

Result<void> write_pid(int fd, const std::string& name) {
  const std::string text = std::to_string(getpid()) + "\n";
  errno = 0;
  if (ftruncate(fd, 0) == 0 && pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size())) return {};
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == 0;
  return Failure{full ? PENSTOCK_STATUS_RESOURCE_EXHAUSTED : PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_AFTER,
                 "cannot write " + name + ": " + std::strerror(full ? ENOSPC : error)};
}

}  // namespace

Result<std::unique_ptr<HostLock>> lock_state(const std::filesystem::path& directory) {
  auto checked = check_directory(directory, Missing::make);
  if (!checked) return std::move(checked.failure()).in("state");
  const std::filesystem::path file = *checked / kLockName;
  const std::string name = "\"" + file.string() + "\"";
  if (auto made = check_file(file, Missing::make); !made) return std::move(made.failure()).in("state");
  const int fd = open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return refused("state: cannot open " + name + ": " + std::strerror(errno));

  struct flock wanted = whole_file(F_WRLCK);
  if (fcntl(fd, F_OFD_SETLK, &wanted) != 0) {
    const int error = errno;
    const bool held = error == EAGAIN || error == EACCES;
    const int64_t holder = held ? holder_of(fd) : 0;
    close(fd);
    if (!held) return refused("state: cannot lock " + name + ": " + std::strerror(error));
    return refused("state \"" + checked->string() + "\": another host has it" +
                   (holder > 0 ? ": process " + std::to_string(holder) : std::string()) + "; one host at a time");
  }
  std::unique_ptr<HostLock> lock = std::make_unique<FileLock>(fd);
  if (auto written = write_pid(fd, name); !written) return std::move(written.failure()).in("state");
  return lock;
}

int64_t lock_holder(const std::filesystem::path& directory) {
  const int fd = open((directory / kLockName).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  const int64_t holder = holder_of(fd);
  close(fd);
  return holder > 0 ? holder : 0;
}

}  // namespace penstock::host
