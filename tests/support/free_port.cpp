#include "support/free_port.hpp"

#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::test {
namespace {

constexpr uint16_t kGreatest = 55535;
constexpr int kAttempts = 100;

uint16_t any_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  return ok ? ntohs(address.sin_port) : 0;
}

}  // namespace

uint16_t free_port() {
  for (int attempt = 0; attempt < kAttempts; ++attempt)
    if (const uint16_t port = any_port(); port != 0 && port <= kGreatest) return port;
  throw std::runtime_error("no free port on 127.0.0.1");
}

}  // namespace penstock::test
