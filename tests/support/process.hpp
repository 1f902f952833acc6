// Running the program from a test.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace penstock::test {

struct Finished {
  int exit_code = -1;  // 128 + signal when it was killed
  std::string out;
  std::string err;
};

using Environment = std::map<std::string, std::string>;  // added to the test's own

// Runs argv to its end; throws std::runtime_error when it takes longer than a minute.
Finished run_process(const std::vector<std::string>& argv, const Environment& environment = {});

// A process in the background; killed by the destructor.
class Process {
 public:
  Process(const std::vector<std::string>& argv, const Environment& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  bool running();
  // Waits for the end; the output so far is then complete. Throws after `limit`.
  int wait(std::chrono::seconds limit = std::chrono::seconds(60));
  std::string out() const;
  std::string err() const;

 private:
  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
};

// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, const std::string& content);
std::string read_file(const std::filesystem::path& path);

// Asks until it is true; false after `limit`.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace penstock::test
