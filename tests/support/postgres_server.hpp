// A private PostgreSQL for tests: its own data folder, a free port on 127.0.0.1, stopped with the test.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>
#include <vector>

struct pg_conn;

namespace penstock::test {

// One connection, for tests that hold a transaction open. Every function throws std::runtime_error with the server's
// message.
class PostgresSession {
 public:
  // A libpq connection string or URI.
  explicit PostgresSession(const std::string& dsn);
  ~PostgresSession();
  PostgresSession(const PostgresSession&) = delete;
  PostgresSession& operator=(const PostgresSession&) = delete;

  // Runs one or more statements (outside an explicit BEGIN: as one transaction).
  void exec(const std::string& sql);
  // First column of the first row as text; empty for NULL and for no rows.
  std::string value(const std::string& sql);
  // All rows as text; NULL is "NULL".
  std::vector<std::vector<std::string>> rows(const std::string& sql);
  int backend_pid() const;

 private:
  pg_conn* connection_;
};

struct PostgresOptions {
  // true: every role but the superuser needs its password (scram-sha-256); false: anybody may log in as any role.
  bool passwords = false;
  // Added to postgresql.conf, one setting each: "log_statement=all".
  std::vector<std::string> settings = {};
};

// The server runs as the test's own user, or as `postgres` (else `nobody`) when the test is root, which PostgreSQL
// refuses to be. It ends with the thread that made this object, even if that is killed; so make it in the main thread.
// Roles: the superuser `postgres`, and `penstock` (password kPassword), who may read all tables and all statistics.
// Databases: `postgres`.
class PostgresServer {
 public:
  static constexpr const char* kPassword = "penstock-canary-password";

  // Creates the data folder and starts; throws std::runtime_error that carries the server's log.
  explicit PostgresServer(PostgresOptions options = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // False when PostgreSQL is not installed.
  static bool installed();

  uint16_t port() const { return port_; }
  // postgresql://USER[:PASSWORD]@127.0.0.1:PORT/DATABASE
  std::string dsn(const std::string& user = "postgres", const std::string& database = "postgres",
                  const std::string& password = {}) const;
  // The folder of the Unix socket, the data and the log.
  const std::string& folder() const { return folder_; }
  std::string log() const;

  // As superuser, each call on a connection of its own; see PostgresSession.
  void exec(const std::string& sql, const std::string& database = "postgres") const;
  std::string value(const std::string& sql, const std::string& database = "postgres") const;
  std::vector<std::vector<std::string>> rows(const std::string& sql, const std::string& database = "postgres") const;

  // After these two the port refuses connections. stop() ends all sessions and shuts down; kill9() is a crash.
  void stop();
  void kill9();
  // After stop() or kill9(): on the same port with the same data.
  void start();
  void restart();

 private:
  void create_data_folder();
  void write_configuration(const PostgresOptions& options);
  bool wait_until_ready();
  void launch();

  std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace penstock::test
