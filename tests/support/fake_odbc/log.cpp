#include "log.hpp"

#include "text.hpp"

#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

namespace penstock::fake_odbc {

Log::Log(const std::string& path) {
  if (path.empty()) return;
  fd_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw std::runtime_error("cannot write " + path);
}

Log::~Log() {
  if (fd_ >= 0) close(fd_);
}

void Log::add(const std::string& event) const {
  if (fd_ < 0) return;
  const std::string line = one_line(event) + "\n";
  if (write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return;
}

}  // namespace penstock::fake_odbc
