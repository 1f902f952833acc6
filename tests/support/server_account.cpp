#include "support/server_account.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace penstock::test {

Account server_account(const std::vector<const char*>& users_of_root) {
  if (geteuid() != 0) return {geteuid(), getegid()};
  for (const char* name : users_of_root)
    if (const passwd* entry = getpwnam(name)) return {entry->pw_uid, entry->pw_gid};
  throw std::runtime_error(std::string("no user to run the server as: not even \"") + users_of_root.back() + "\" exists");
}

std::string make_server_folder(const std::string& name, const Account& account) {
  std::string folder = (std::filesystem::temp_directory_path() / ("penstock-" + name + "-XXXXXX")).string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot create " + folder + ": " + std::strerror(errno));
  if (geteuid() == 0 && chown(folder.c_str(), account.uid, account.gid) != 0)
    throw std::runtime_error("cannot hand " + folder + " to the server's user: " + std::strerror(errno));
  return folder;
}

pid_t launch_as(const Account& account, std::vector<std::string> words, const std::string& log, int death_signal) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child > 0) return child;
  // Only async-signal-safe calls from here on; changing the account clears the death signal, so that comes after it.
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(account.gid) != 0 || setuid(account.uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, death_signal);
  if (getppid() != parent) _exit(125);
  if (chdir("/") != 0) _exit(124);
  execv(argv[0], argv.data());
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace penstock::test
