#include "conformance/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxOutput = 4096;
constexpr uint32_t kMaxText = 64 << 10;
constexpr size_t kMaxTold = 16 << 20;

class Pipe {
 public:
  Pipe() {
    if (pipe2(fds_, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "a pipe");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int end(int which) const { return fds_[which]; }
  void close_end(int which) {
    if (fds_[which] >= 0) close(fds_[which]);
    fds_[which] = -1;
  }

 private:
  int fds_[2];
};

[[noreturn]] void be_child(const std::function<void(const Teller&)>& body, int tell_fd, int output_fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  close(nothing);
  dup2(output_fd, STDOUT_FILENO);
  dup2(output_fd, STDERR_FILENO);
  body(Teller(tell_fd));
  std::exit(0);
}

// False at the end of the pipe. Reads what is there.
bool drain(int fd, std::string& into, size_t keep_at_most, bool keep_the_end) {
  std::array<char, 16384> bytes;
  for (;;) {
    const ssize_t count = read(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0;
    if (keep_the_end || into.size() < keep_at_most) into.append(bytes.data(), static_cast<size_t>(count));
    if (keep_the_end && into.size() > keep_at_most) into.erase(0, into.size() - keep_at_most);
  }
}

// What is cut off in the middle, the process did not get to say.
std::vector<Record> records_in(const std::string& told) {
  std::vector<Record> records;
  size_t at = 0;
  const auto take = [&](void* into, size_t size) {
    if (told.size() - at < size) return false;
    std::memcpy(into, told.data() + at, size);
    at += size;
    return true;
  };
  for (;;) {
    Record record;
    uint32_t count = 0;
    if (!take(&record.kind, 1) || !take(&count, sizeof count)) return records;
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t size = 0;
      if (!take(&size, sizeof size) || told.size() - at < size) return records;
      record.texts.push_back(told.substr(at, size));
      at += size;
    }
    records.push_back(std::move(record));
  }
}

void make_unblocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

void Teller::tell(char kind, const std::vector<std::string>& texts) const {
  std::string bytes(1, kind);
  const auto add = [&](uint32_t number) { bytes.append(reinterpret_cast<const char*>(&number), sizeof number); };
  add(static_cast<uint32_t>(texts.size()));
  for (const std::string& text : texts) {
    const auto size = std::min(static_cast<uint32_t>(text.size()), kMaxText);
    add(size);
    bytes.append(text, 0, size);
  }
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t count = write(fd_, bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the parent has given up on us
    at += static_cast<size_t>(count);
  }
}

std::string ChildEnd::trouble() const {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = sigabbrev_np(signal);
    return "the process was killed by SIG" + std::string(name == nullptr ? std::to_string(signal) : name) + " (" + strsignal(signal) + ")";
  }
  if (WEXITSTATUS(status) != 0) return "the process ended with code " + std::to_string(WEXITSTATUS(status));
  return {};
}

ChildEnd run_in_child(const std::function<void(const Teller&)>& body, std::chrono::nanoseconds timeout) {
  Pipe told, output;
  const auto until = Clock::now() + timeout;
  std::fflush(nullptr);  // or the process would write out what this one has not yet
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) be_child(body, told.end(1), output.end(1));
  setpgid(pid, pid);
  told.close_end(1);
  output.close_end(1);
  make_unblocking(told.end(0));
  make_unblocking(output.end(0));
  // The process may leave the pipes to others that it started; so its own end is what counts.
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));

  ChildEnd end;
  std::string bytes;
  pollfd fds[] = {{process, POLLIN, 0}, {told.end(0), POLLIN, 0}, {output.end(0), POLLIN, 0}};
  while ((fds[0].revents & POLLIN) == 0 && !end.timed_out) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    end.timed_out = left <= 0;
    if (end.timed_out || poll(fds, 3, static_cast<int>(std::min<int64_t>(left, 3'600'000))) < 0) continue;
    if (fds[1].revents != 0 && !drain(told.end(0), bytes, kMaxTold, false)) fds[1].fd = -1;
    if (fds[2].revents != 0 && !drain(output.end(0), end.output, kMaxOutput, true)) fds[2].fd = -1;
  }
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  while (waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
  }
  if (process >= 0) close(process);
  if (fds[1].fd >= 0) drain(told.end(0), bytes, kMaxTold, false);
  if (fds[2].fd >= 0) drain(output.end(0), end.output, kMaxOutput, true);
  end.records = records_in(bytes);
  return end;
}

}  // namespace penstock::host::conformance
