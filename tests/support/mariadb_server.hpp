// A private MariaDB for tests: its own data folder, a free port on 127.0.0.1, stopped with the test.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock::test {

struct MariadbOptions {
  // Added to the server's command line: "--default-time-zone=+05:30".
  std::vector<std::string> settings = {};
};

// The server runs as the test's own user, or as `mysql` (else `nobody`) when the test is root. It ends with the thread that
// made this object, even if that is killed; so make it in the main thread, and before there are other threads (see
// OdbcEnvironment, through which the test speaks with it).
// Users: `root` without a password, and `penstock` (password kPassword), who may read all tables.
// Databases: `penstock`, in utf8mb4.
class MariadbServer {
 public:
  static constexpr const char* kPassword = "penstock-canary-password";

  // Creates the data folder and starts; throws std::runtime_error that carries the server's log.
  explicit MariadbServer(MariadbOptions options = {});
  ~MariadbServer();
  MariadbServer(const MariadbServer&) = delete;
  MariadbServer& operator=(const MariadbServer&) = delete;

  // False when the server or its ODBC driver is not installed.
  static bool installed();

  uint16_t port() const { return port_; }
  // DRIVER=MariaDB Unicode;SERVER=127.0.0.1;PORT=…;DATABASE=…;UID=…[;PWD=…]
  std::string connection(const std::string& user = "root", const std::string& database = "penstock",
                         const std::string& password = {}) const;
  std::string log() const;
  // -1 while it is down.
  pid_t pid() const { return pid_; }

  // As root, each call on a connection of its own; see OdbcSession. exec() runs the statements one after another.
  void exec(const std::vector<std::string>& statements) const;
  std::string value(const std::string& sql) const;
  std::vector<std::vector<std::string>> rows(const std::string& sql) const;

  // After these two the port refuses connections. stop() shuts down in order; kill9() is a crash that loses nothing committed.
  void stop();
  void kill9();
  // After stop() or kill9(): on the same port with the same data.
  void start();

 private:
  void create_data_folder();
  void launch();
  bool wait_until_ready();

  MariadbOptions options_;
  std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace penstock::test
