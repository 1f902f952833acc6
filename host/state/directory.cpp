#include "state/directory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

using std::filesystem::path;

Failure refused(std::string message) {
  return {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER, std::move(message)};
}

Failure missing_yet(const path& object) {
  return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER,
          "\"" + object.string() + "\" does not exist: no host has run with it yet"};
}

// With the cause in errno; a full disk may get room again.
Failure cannot(const std::string& action, const path& object) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return {full ? PENSTOCK_STATUS_RESOURCE_EXHAUSTED : PENSTOCK_STATUS_FAILED_PRECONDITION,
          full || error == EROFS ? PENSTOCK_RETRY_AFTER : PENSTOCK_RETRY_NEVER,
          "cannot " + action + " \"" + object.string() + "\": " + std::strerror(error)};
}

std::string user_name(uid_t uid) {
  char buffer[1024];
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != nullptr) {
    return std::string("user ") + found->pw_name;
  }
  return "user id " + std::to_string(uid);
}

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

Failure foreign_owner(const path& object, uid_t owner) {
  return refused("\"" + object.string() + "\" belongs to " + user_name(owner) + ", and this process runs as " +
                 user_name(geteuid()) + ": run it as the owner, or set another state_dir");
}

// A file that was just made is found again after a power cut only when its directory is on disk too.
Result<void> sync_directory(const path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot("open", directory);
  const int synced = fsync(fd);
  // Some file systems cannot sync a directory, and say so with EINVAL.
  const bool failed = synced != 0 && errno != EINVAL;
  Result<void> result;
  if (failed) result = cannot("sync", directory);
  close(fd);
  return result;
}

Result<void> make_directory(const path& directory) {
  std::error_code error;
  const path parent = directory.has_parent_path() ? directory.parent_path() : path(".");
  std::filesystem::create_directories(parent, error);
  if (error) return refused("cannot make \"" + parent.string() + "\": " + error.message());
  if (mkdir(directory.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return cannot("make", directory);
  }
  return sync_directory(parent);
}

// lstat would follow a symbolic link that is written with a slash behind it.
path without_trailing_slash(path directory) {
  while (!directory.has_filename() && directory.has_relative_path()) directory = directory.parent_path();
  return directory;
}

}  // namespace

Result<path> check_directory(const path& given, Missing missing) {
  const path directory = without_trailing_slash(given);
  if (directory.empty()) return invalid("the state directory has no name");
  const std::string name = "\"" + directory.string() + "\"";
  struct stat status {};
  bool found = lstat(directory.c_str(), &status) == 0;
  if (!found && errno == ENOENT) {
    if (missing == Missing::refuse) return missing_yet(directory);
    if (auto made = make_directory(directory); !made) return made.failure();
    found = lstat(directory.c_str(), &status) == 0;
  }
  if (!found) return cannot("look at", directory);
  if (S_ISLNK(status.st_mode)) return refused(name + " is a symbolic link: set state_dir to the directory itself");
  if (!S_ISDIR(status.st_mode)) return refused(name + " is not a directory");
  if (status.st_uid != geteuid()) return foreign_owner(directory, status.st_uid);
  if ((status.st_mode & 077) != 0) {
    return refused(name + " is open to other users (mode " + octal(status.st_mode) + "): chmod 700 " + name);
  }
  return directory;
}

Result<void> check_file(const path& file, Missing missing) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) return cannot("look at", file);
    if (missing == Missing::refuse) return missing_yet(file);
    // Never opened here when it exists: closing it would drop the locks that SQLite holds on it in this process.
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
      close(fd);
      return sync_directory(file.parent_path());
    }
    // Another process was faster.
    if (errno != EEXIST || lstat(file.c_str(), &status) != 0) return cannot("make", file);
  }
  if (!S_ISREG(status.st_mode)) return refused("\"" + file.string() + "\" is not a regular file: move it away");
  if (status.st_uid != geteuid()) return foreign_owner(file, status.st_uid);
  if ((status.st_mode & 0177) != 0 && missing == Missing::make && chmod(file.c_str(), 0600) != 0) {
    return cannot("set the mode of", file);
  }
  return {};
}

}  // namespace penstock::host
