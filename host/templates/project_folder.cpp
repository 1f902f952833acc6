#include "templates/project_folder.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace penstock::host::templates {
namespace {

Failure cannot(const std::string& action, const std::filesystem::path& path, int error) {
  const penstock_status status = error == EACCES || error == EPERM || error == EROFS ? PENSTOCK_STATUS_PERMISSION_DENIED
                                 : error == ENOSPC || error == EDQUOT                ? PENSTOCK_STATUS_RESOURCE_EXHAUSTED
                                                                                     : PENSTOCK_STATUS_UNAVAILABLE;
  return {status, PENSTOCK_RETRY_NEVER, action + " " + path.string() + ": " + std::strerror(error)};
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return cannot("cannot make the folder", folder, error.value());
  return {};
}

// Not through a link, and not over another file: somebody may put one there meanwhile.
Result<void> write_new(const std::filesystem::path& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return cannot("cannot make", path, errno);
  while (!text.empty()) {
    const ssize_t size = write(file, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      const int error = errno;
      close(file);
      return cannot("cannot write", path, error);
    }
    text.remove_prefix(static_cast<size_t>(size));
  }
  if (close(file) != 0) return cannot("cannot write", path, errno);
  return {};
}

}  // namespace

Result<void> write_project(const std::filesystem::path& folder, const std::vector<ProjectFile>& files) {
  if (auto made = make_folder(folder); !made) return made;
  std::error_code error;
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error) return cannot("cannot read the folder", folder, error.value());
  if (!empty) return invalid("the folder " + folder.string() + " is not empty; name another one with --dir");
  for (const ProjectFile& file : files) {
    const std::filesystem::path path = folder / file.path;
    if (auto made = make_folder(path.parent_path()); !made) return made;
    if (auto written = write_new(path, file.text); !written) return written;
  }
  return {};
}

}  // namespace penstock::host::templates
