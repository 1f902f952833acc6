#include "conformance/process_state.hpp"

#include <array>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace penstock::host::conformance {
namespace {

constexpr auto kThreadsEnd = std::chrono::seconds(1);
constexpr size_t kMaxCaught = 4096;

std::string handler_of(int signal) {
  struct sigaction action {};
  if (sigaction(signal, nullptr, &action) != 0) return {};
  if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL) return "default";
  if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN) return "ignored";
  char text[64];
  std::snprintf(text, sizeof text, "a handler at %p", reinterpret_cast<void*>(action.sa_sigaction));
  return text;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : "SIG" + std::string(name);
}

}  // namespace

ProcessSettings process_settings() {
  ProcessSettings out;
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    out["the action of " + signal_name(signal)] = handler_of(signal);
    out["the blocking of " + signal_name(signal)] = sigismember(&blocked, signal) == 1 ? "blocked" : "not blocked";
  }
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t end = text.find('=');
    // The value may be a secret.
    out["the environment variable \"" + text.substr(0, end) + "\""] = "#" + std::to_string(std::hash<std::string>()(text));
  }
  std::error_code error;
  out["the working directory"] = std::filesystem::current_path(error).string();
  const mode_t mask = umask(0);
  umask(mask);
  out["the umask"] = std::to_string(mask);
  out["the locale"] = std::setlocale(LC_ALL, nullptr);
  constexpr std::array<std::pair<int, const char*>, 5> kLimits{{{RLIMIT_NOFILE, "descriptors"}, {RLIMIT_AS, "address space"}, {RLIMIT_STACK, "the stack"},
                                                               {RLIMIT_CORE, "core files"}, {RLIMIT_MEMLOCK, "locked memory"}}};
  for (const auto& [resource, name] : kLimits) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    out[std::string("the limit of ") + name] = std::to_string(limit.rlim_cur) + " of " + std::to_string(limit.rlim_max);
  }
  return out;
}

std::vector<std::string> differences(const ProcessSettings& before, const ProcessSettings& after) {
  const auto shown = [](const std::string& value) { return value.starts_with('#') ? std::string("another value") : value; };
  std::vector<std::string> out;
  for (const auto& [what, value] : before) {
    const auto now = after.find(what);
    if (now == after.end()) out.push_back(what + " was removed");
    else if (now->second != value) out.push_back(what + " was changed to " + shown(now->second));
  }
  for (const auto& [what, value] : after)
    if (!before.contains(what)) out.push_back(what + " was set");
  return out;
}

std::map<int, std::string> open_descriptors() {
  std::map<int, std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    // The folder that is being read is gone afterwards.
    if (!error && !target.string().ends_with("/fd")) out.emplace(std::stoi(entry.path().filename().string()), target.string());
  }
  return out;
}

size_t count_threads() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

size_t count_threads(size_t most) {
  // A thread that was joined is still listed for a moment.
  const auto until = std::chrono::steady_clock::now() + kThreadsEnd;
  size_t count = count_threads();
  while (count > most && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    count = count_threads();
  }
  return count;
}

size_t allocated_bytes() {
  if (is_sanitized()) return 0;
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

size_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  size_t total = 0, resident = 0;
  status >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

bool is_sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

CaughtOutput::CaughtOutput() : caught_(memfd_create("output", MFD_CLOEXEC)), output_(dup(STDOUT_FILENO)), error_(dup(STDERR_FILENO)) {
  std::fflush(nullptr);
  dup2(caught_, STDOUT_FILENO);
  dup2(caught_, STDERR_FILENO);
}

CaughtOutput::~CaughtOutput() {
  std::fflush(nullptr);
  dup2(output_, STDOUT_FILENO);
  dup2(error_, STDERR_FILENO);
  close(output_);
  close(error_);
  close(caught_);
}

std::string CaughtOutput::text() const {
  std::fflush(nullptr);
  std::string out(kMaxCaught, '\0');
  const ssize_t size = pread(caught_, out.data(), out.size(), 0);
  out.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return out;
}

}  // namespace penstock::host::conformance
