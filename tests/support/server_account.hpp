// Starting servers that refuse to run as root.
#pragma once

#include <sys/types.h>
#include <string>
#include <vector>

namespace penstock::test {

struct Account {
  uid_t uid;
  gid_t gid;
};

// The test's own account; when that is root, the first of these users that there is. Throws std::runtime_error if there is none.
Account server_account(const std::vector<const char*>& users_of_root);

// A new folder below the temporary one, named penstock-<name>-…, that belongs to the account.
std::string make_server_folder(const std::string& name, const Account& account);

// Starts a program as the account, output appended to `log`. It gets `death_signal` when this thread ends.
pid_t launch_as(const Account& account, std::vector<std::string> words, const std::string& log, int death_signal);

// Waits for the end of a child; its wait status.
int wait_for(pid_t child);

}  // namespace penstock::test
