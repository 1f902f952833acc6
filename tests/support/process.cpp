#include "support/process.hpp"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace penstock::test {
namespace {

using std::chrono::steady_clock;

void pause_briefly() { poll(nullptr, 0, 20); }

pid_t launch(const std::vector<std::string>& argv, const Environment& environment, const std::filesystem::path& folder) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::string out = folder / "out", err = folder / "err";
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(open(out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), 1);
  dup2(open(err.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), 2);
  execv(arguments[0], arguments.data());
  _exit(127);
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Finished run_process(const std::vector<std::string>& argv, const Environment& environment) {
  Process process(argv, environment);
  Finished finished;
  finished.exit_code = process.wait();
  finished.out = process.out();
  finished.err = process.err();
  return finished;
}

Process::Process(const std::vector<std::string>& argv, const Environment& environment) {
  std::string name = (std::filesystem::temp_directory_path() / "penstock-process-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  folder_ = name;
  pid_ = launch(argv, environment, folder_);
}

Process::~Process() {
  if (running()) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Process::signal(int number) const { ::kill(pid_, number); }

bool Process::running() {
  if (exit_code_ >= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_code_ = code_of(status);
  return false;
}

int Process::wait(std::chrono::seconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (running()) {
    if (steady_clock::now() > deadline) throw std::runtime_error("the process did not end in time; it wrote:\n" + out() + err());
    pause_briefly();
  }
  return exit_code_;
}

std::string Process::out() const { return read_file(folder_ / "out"); }
std::string Process::err() const { return read_file(folder_ / "err"); }

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "penstock-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::trunc | std::ios::binary) << content;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (!condition()) {
    if (steady_clock::now() > deadline) return false;
    pause_briefly();
  }
  return true;
}

}  // namespace penstock::test
