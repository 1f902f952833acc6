#include "support/mariadb_server.hpp"

#include "support/free_port.hpp"
#include "support/odbc_environment.hpp"
#include "support/odbc_session.hpp"
#include "support/server_account.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace penstock::test {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr auto kStopLimit = std::chrono::seconds(20);
constexpr const char* kInstaller = "/usr/bin/mariadb-install-db";
constexpr const char* kServer = "/usr/sbin/mariadbd";

Account account() { return server_account({"mysql", "nobody"}); }

}  // namespace

bool MariadbServer::installed() {
  return std::filesystem::exists(kInstaller) && std::filesystem::exists(kServer) && OdbcEnvironment::installed("MariaDB Unicode");
}

MariadbServer::MariadbServer(MariadbOptions options) : options_(std::move(options)) {
  if (!installed()) throw std::runtime_error(std::string("MariaDB or its ODBC driver is not installed: see ") + kServer);
  folder_ = make_server_folder("mariadb", account());
  create_data_folder();
  // Another program may take the port between asking for it and listening on it.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    launch();
    if (wait_until_ready()) break;
    if (attempt == kAttempts) {
      const std::string text = log();
      stop();
      throw std::runtime_error("MariaDB did not start:\n" + text);
    }
    stop();
  }
  OdbcSession session(connection("root", "mysql"));
  for (const std::string& sql : {std::string("CREATE DATABASE penstock CHARACTER SET utf8mb4"),
                                 std::string("CREATE USER penstock IDENTIFIED BY '") + kPassword + "'",
                                 std::string("GRANT SELECT ON *.* TO penstock")})
    session.exec(sql);
}

MariadbServer::~MariadbServer() {
  // Nothing of it is kept, so it need not shut down in order.
  kill9();
  std::error_code ignored;
  if (std::getenv("PENSTOCK_KEEP_TEST_FOLDERS") == nullptr) std::filesystem::remove_all(folder_, ignored);
}

void MariadbServer::create_data_folder() {
  const pid_t installer = launch_as(account(),
                                    {kInstaller, "--no-defaults", "--datadir=" + folder_ + "/data", "--auth-root-authentication-method=normal",
                                     "--skip-test-db", "--skip-name-resolve", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M",
                                     "--innodb-flush-method=nosync", "--debug-no-sync", "--tmpdir=" + folder_},
                                    folder_ + "/log", SIGKILL);
  if (wait_for(installer) != 0) throw std::runtime_error("mariadb-install-db failed:\n" + log());
}

void MariadbServer::launch() {
  std::vector<std::string> words = {kServer,
                                    "--no-defaults",
                                    "--datadir=" + folder_ + "/data",
                                    "--port=" + std::to_string(port_),
                                    "--bind-address=127.0.0.1",
                                    "--socket=" + folder_ + "/socket",
                                    "--pid-file=" + folder_ + "/pid",
                                    // A server that starts removes the temporary tables of all others from a folder that they share.
                                    "--tmpdir=" + folder_,
                                    "--skip-name-resolve",
                                    "--skip-log-bin",
                                    "--performance-schema=off",
                                    "--character-set-server=utf8mb4",
                                    "--default-time-zone=+00:00",
                                    "--debug-no-sync",
                                    "--innodb-flush-method=nosync",
                                    // Handed to the system at every commit: what is committed outlives the process.
                                    "--innodb-flush-log-at-trx-commit=2",
                                    "--innodb-log-file-size=4M",
                                    "--innodb-buffer-pool-size=32M"};
  words.insert(words.end(), options_.settings.begin(), options_.settings.end());
  pid_ = launch_as(account(), words, folder_ + "/log", SIGKILL);
}

bool MariadbServer::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    // Connections that come before it listens are refused at once.
    try {
      OdbcSession session(connection("root", "mysql"));
      return true;
    } catch (const std::runtime_error&) {
    }
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    poll(nullptr, 0, 10);
  }
  return false;
}

std::string MariadbServer::connection(const std::string& user, const std::string& database, const std::string& password) const {
  return "DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=" + std::to_string(port_) + ";DATABASE=" + database + ";UID=" + user +
         (password.empty() ? "" : ";PWD=" + password);
}

std::string MariadbServer::log() const {
  std::ostringstream out;
  out << std::ifstream(folder_ + "/log").rdbuf();
  return out.str();
}

void MariadbServer::exec(const std::vector<std::string>& statements) const {
  OdbcSession session(connection());
  for (const std::string& sql : statements) session.exec(sql);
}
std::string MariadbServer::value(const std::string& sql) const { return OdbcSession(connection()).value(sql); }
std::vector<std::vector<std::string>> MariadbServer::rows(const std::string& sql) const { return OdbcSession(connection()).rows(sql); }

void MariadbServer::stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + kStopLimit;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) return kill9();
    poll(nullptr, 0, 5);
  }
  pid_ = -1;
}

void MariadbServer::kill9() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  wait_for(pid_);
  pid_ = -1;
}

void MariadbServer::start() {
  if (pid_ >= 0) return;
  launch();
  if (!wait_until_ready()) throw std::runtime_error("MariaDB did not start again:\n" + log());
}

}  // namespace penstock::test
