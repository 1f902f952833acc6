#include "config/names.hpp"
#include "config/options.hpp"
#include "config/wipe.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace penstock::host {
namespace {

constexpr size_t kMaxSecretBytes = 64 << 10;
constexpr size_t kMinHeapBytes = 64;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Failure missing(std::string message) { return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, std::move(message)}; }

Failure system_failure(const std::string& what, int error) {
  const auto status = error == ENOENT || error == ENOTDIR ? PENSTOCK_STATUS_NOT_FOUND
                      : error == EACCES                   ? PENSTOCK_STATUS_PERMISSION_DENIED
                                                          : PENSTOCK_STATUS_UNAVAILABLE;
  return {status, PENSTOCK_RETRY_NEVER, what + ": " + std::generic_category().message(error)};
}

Result<std::string> checked(const std::string& what, std::string secret) {
  if (secret.empty()) return invalid(what + " is empty");
  if (secret.size() > kMaxSecretBytes) {
    wipe(secret);
    return invalid(what + " is larger than 64 KiB");
  }
  if (secret.find('\0') != std::string::npos) {
    wipe(secret);
    return invalid(what + " holds a NUL byte");
  }
  return Result<std::string>(std::move(secret));
}

Result<std::string> read_secret_file(const std::string& what, const std::filesystem::path& path) {
  // Not blocking: a named pipe without a writer must not hang the host.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return system_failure(what, errno);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return system_failure(what, errno);
  if (!S_ISREG(info.st_mode)) return invalid(what + " is not a regular file");
  std::string secret;
  // Enough for the largest: a growing string would leave copies behind.
  secret.reserve(kMaxSecretBytes + 4096);
  std::array<char, 4096> chunk;
  ssize_t count = 0;
  while (secret.size() <= kMaxSecretBytes) {
    count = read(file.get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    secret.append(chunk.data(), static_cast<size_t>(count));
  }
  const int error = count < 0 ? errno : 0;
  explicit_bzero(chunk.data(), chunk.size());
  if (error != 0) {
    wipe(secret);
    return system_failure(what, error);
  }
  // One line end, which editors and `echo` add.
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  return checked(what, std::move(secret));
}

}  // namespace

Result<std::string> read_secret(const SecretReference& reference) {
  switch (reference.kind) {
    case SecretReference::Kind::env: {
      const std::string what = "environment variable " + in_quotes(reference.name);
      const char* value = std::getenv(reference.name.c_str());
      if (value == nullptr) return missing(what + " is not set");
      // On the heap from the start: a short string would be copied, not moved, from frame to frame.
      std::string secret;
      secret.reserve(kMinHeapBytes);
      return checked(what, std::move(secret.append(value)));
    }
    case SecretReference::Kind::file:
      return read_secret_file("secret file " + in_quotes(reference.name), reference.name);
    case SecretReference::Kind::credential: {
      const std::string what = "credential " + in_quotes(reference.name);
      const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
      if (folder == nullptr || *folder == '\0')
        return missing(what + ": CREDENTIALS_DIRECTORY is not set; systemd sets it for units with LoadCredential=");
      return read_secret_file(what, std::filesystem::path(folder) / reference.name);
    }
  }
  return internal("a secret reference of an unknown kind");
}

}  // namespace penstock::host
