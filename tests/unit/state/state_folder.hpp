// What the tests of the state share: a folder, records with every field set, a child process.
#pragma once

#include "state/state.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace penstock::host {

// A temporary folder with room for a state directory; gone with the test. In memory where that is possible: no test cuts the
// power, and thousands of commits that wait for a disk are slow.
class StateFolder {
 public:
  StateFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = access(memory.c_str(), W_OK | X_OK) == 0;
    std::string name = ((in_memory ? memory : std::filesystem::temp_directory_path()) / "penstock-state-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = name;
  }
  ~StateFolder() {
    umount2(root_.c_str(), MNT_DETACH);  // of a test that mounted something there
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path directory() const { return root_ / "state"; }
  std::filesystem::path file() const { return directory() / "state.db"; }

 private:
  std::filesystem::path root_;
};

inline std::unique_ptr<State> open_or_throw(const std::filesystem::path& directory, const StateLimits& limits = {}) {
  auto state = open_state(directory, limits);
  if (!state) throw std::runtime_error(state.failure().message);
  return std::move(*state);
}

inline std::string run_name(int64_t n) { return "run-" + std::to_string(n); }

inline RunRecord running(const ViewId& view, int64_t n) {
  RunRecord run;
  run.run_id = run_name(n);
  run.view = view;
  run.reason = "interval";
  run.started_at_ns = 1'000 + n;
  run.from = "2024-01-01T00:00:00Z";
  run.guarantee = "A";
  run.guarantee_why = "timestamp set by the database";
  run.holder = "pid 4711, application \"import\"";
  return run;
}

inline RunRecord completed(const ViewId& view, int64_t n) {
  RunRecord run = running(view, n);
  run.outcome = RunOutcome::completed;
  run.finished_at_ns = 2'000 + n;
  run.to = "2024-01-02T00:00:00Z";
  run.read = 10 * n + 1;
  run.written = 10 * n + 2;
  run.unchanged = 10 * n + 3;
  run.stale = 10 * n + 4;
  run.rejected = 10 * n + 5;
  run.attempts = 2;
  return run;
}

inline PositionRecord position_at(int64_t n) {
  return {Position{n, std::string("\0\xff\x01", 3), "2024-01-02T00:00:00Z"}, "profiles", "redis-7f", 40 + n, 50 + n};
}

inline std::vector<RejectRecord> rejects_of(const ViewId& view, int64_t n, int64_t count) {
  std::vector<RejectRecord> rejects;
  for (int64_t i = 0; i < count; ++i) {
    rejects.push_back({view, run_name(n), "user-" + std::to_string(i), "TOTAL_REVENUE", "int64 above int32", "does not fit", 3'000 + i});
  }
  return rejects;
}

// Runs `work` in a child process and returns its pid; the child ends with the code that `work` returns, or 99.
inline pid_t start_child(const std::function<int()>& work) {
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid > 0) return pid;
  int code = 99;
  try {
    code = work();
  } catch (...) {
  }
  _exit(code);
}

// The exit code, or minus the signal that ended the child.
inline int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

inline int in_child(const std::function<int()>& work) { return wait_for(start_child(work)); }

}  // namespace penstock::host
