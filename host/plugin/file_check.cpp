#include "plugin/file_check.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

constexpr int kMaxLinks = 16;
constexpr size_t kMaxFiles = 1000;
constexpr size_t kMaxPath = 4096;

Failure refused(std::string message) { return {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER, std::move(message)}; }

Failure from_errno(const std::string& what, int error) {
  const penstock_status status = error == ENOENT                      ? PENSTOCK_STATUS_NOT_FOUND
                                 : error == EACCES || error == EPERM ? PENSTOCK_STATUS_PERMISSION_DENIED
                                                                     : PENSTOCK_STATUS_FAILED_PRECONDITION;
  return {status, PENSTOCK_RETRY_NEVER, what + ": " + std::strerror(error)};
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string octal(mode_t mode) {
  std::string digits;
  for (mode &= 07777; mode != 0 || digits.size() < 4; mode >>= 3) digits.insert(digits.begin(), static_cast<char>('0' + (mode & 7)));
  return digits;
}

// Empty when the owner is one who could change this process anyway.
std::string owner_problem(const struct stat& entry, const std::string& shown) {
  if (entry.st_uid == 0 || entry.st_uid == geteuid()) return {};
  return shown + " belongs to user " + std::to_string(entry.st_uid) + ", neither to root nor to this process's user (" +
         std::to_string(geteuid()) + ")";
}

std::string mode_problem(const struct stat& entry, const std::string& shown) {
  if ((entry.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  const char* who = (entry.st_mode & S_IWOTH) != 0 ? "everyone" : "its group";
  return shown + " is writable by " + who + " (mode " + octal(entry.st_mode) + "); chmod go-w it";
}

bool is_sticky_of_root(const struct stat& entry) { return (entry.st_mode & S_ISVTX) != 0 && entry.st_uid == 0; }

void push_parts(std::deque<std::string>& parts, const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (const auto& name : path.relative_path()) names.push_back(name.string());
  parts.insert(parts.begin(), names.begin(), names.end());
}

// Goes down from the root one name at a time. Resolving the path in one go would check where it ends, not who could have led
// it elsewhere.
class Walk {
 public:
  Result<Descriptor> to(const std::filesystem::path& directory) {
    push_parts(todo_, directory);
    if (auto root = enter_root(); !root) return root.failure();
    while (!todo_.empty()) {
      const std::string name = std::move(todo_.front());
      todo_.pop_front();
      if (name.empty() || name == ".") continue;
      if (auto step = enter(name); !step) return step.failure();
    }
    // A parent may be sticky; the directory itself may not be open to others at all.
    if (const std::string problem = mode_problem(entry_, quoted(shown_.string())); !problem.empty()) return refused(problem);
    Descriptor readable(openat(at_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!readable) return from_errno(quoted(shown_.string()), errno);
    return readable;
  }

 private:
  Result<void> enter_root() {
    shown_ = "/";
    return take(Descriptor(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)));
  }

  Result<void> enter(const std::string& name) {
    shown_ = name == ".." ? shown_.parent_path() : shown_ / name;
    return take(Descriptor(openat(at_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)));
  }

  Result<void> take(Descriptor next) {
    const std::string shown = quoted(shown_.string());
    struct stat entry {};
    if (!next || fstat(next.get(), &entry) != 0) return from_errno(shown, errno);
    if (const std::string problem = owner_problem(entry, shown); !problem.empty()) return refused(problem);
    if (S_ISLNK(entry.st_mode)) return follow(next);
    if (!S_ISDIR(entry.st_mode)) return refused(shown + " is not a directory");
    if (!is_sticky_of_root(entry)) {
      if (const std::string problem = mode_problem(entry, shown); !problem.empty()) return refused(problem);
    }
    at_ = std::move(next);
    entry_ = entry;
    return {};
  }

  Result<void> follow(const Descriptor& link) {
    const std::string shown = quoted(shown_.string());
    if (++links_ > kMaxLinks) return refused(shown + ": too many symbolic links");
    std::string target(kMaxPath, '\0');
    const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
    if (size < 0) return from_errno(shown, errno);
    if (static_cast<size_t>(size) == kMaxPath) return refused(shown + ": the symbolic link is too long");
    target.resize(static_cast<size_t>(size));
    push_parts(todo_, target);
    if (target.starts_with('/')) return enter_root();
    shown_ = shown_.parent_path();
    return {};
  }

  std::deque<std::string> todo_;
  std::filesystem::path shown_;
  Descriptor at_;
  struct stat entry_ {};
  int links_ = 0;
};

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

bool is_plugin_name(const std::string& name) {
  if (name.size() <= 3 || !name.ends_with(".so")) return false;
  return std::all_of(name.begin(), name.end() - 3, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<Descriptor> open_plugin_directory(const std::filesystem::path& directory) {
  if (!directory.is_absolute()) return invalid("the path is not absolute");
  return Walk().to(directory);
}

Result<std::vector<std::string>> plugin_names(const Descriptor& directory) {
  // fdopendir takes its descriptor over.
  Descriptor own(openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(own ? fdopendir(own.get()) : nullptr, &closedir);
  if (listing == nullptr) return from_errno("cannot be read", errno);
  own.release();
  std::vector<std::string> names;
  while (const dirent* entry = readdir(listing.get())) {
    std::string name = entry->d_name;
    if (!name.ends_with(".so")) continue;
    if (names.size() == kMaxFiles) return invalid("holds more than " + std::to_string(kMaxFiles) + " plugins");
    names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<Descriptor> open_plugin_file(const Descriptor& directory, const std::string& name) {
  if (!is_plugin_name(name)) return invalid("the file name is not made of a-z, 0-9, _ and - before \".so\"");
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  Descriptor file(openat(directory.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ELOOP) return refused("is a symbolic link; put the file itself there");
  if (!file) return from_errno("cannot be opened", errno);
  struct stat entry {};
  if (fstat(file.get(), &entry) != 0) return from_errno("cannot be checked", errno);
  if (!S_ISREG(entry.st_mode)) return refused("is not a regular file");
  if (const std::string problem = owner_problem(entry, "the file"); !problem.empty()) return refused(problem);
  if (const std::string problem = mode_problem(entry, "the file"); !problem.empty()) return refused(problem);
  return file;
}

}  // namespace penstock::host
