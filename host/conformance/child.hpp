// Runs a function in a process of its own, which may crash, hang or print what it likes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace penstock::host::conformance {

// The writing end of the pipe to the parent. What was told arrives even if the process dies right after it.
class Teller {
 public:
  explicit Teller(int fd) : fd_(fd) {}
  // One record: a letter that says what it is, and texts.
  void tell(char kind, const std::vector<std::string>& texts) const;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct Record {
  char kind = 0;
  std::vector<std::string> texts;
};

struct ChildEnd {
  bool timed_out = false;
  int status = 0;               // as waitpid gives it
  std::vector<Record> records;  // what was told, in order
  std::string output;           // the end of its standard output and error

  // Empty if the process ended by itself and well: "was killed by SIGSEGV (Segmentation fault)", "ended with code 23".
  std::string trouble() const;
};

// The process is forked: this one must not have other threads, nor have loaded a plugin. `body` gets a clean slate: no standard
// input, output that is caught, default signals but SIGPIPE, which is ignored as in the host, no core file. After it, the process
// ends by exit(), so that what plugins have left to be run at exit runs too. Whatever it started is killed with it.
ChildEnd run_in_child(const std::function<void(const Teller&)>& body, std::chrono::nanoseconds timeout);

}  // namespace penstock::host::conformance
