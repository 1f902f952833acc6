#include "support/postgres_server.hpp"

#include "support/free_port.hpp"
#include "support/server_account.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace penstock::test {
namespace {

constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr auto kStopLimit = std::chrono::seconds(20);

// Highest version first; empty when there is none.
std::string binary_folder() {
  std::error_code ignored;
  std::string best;
  int best_version = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && std::filesystem::exists(entry.path() / "bin/postgres", ignored)) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  return best;
}

Account account() { return server_account({"postgres", "nobody"}); }

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<pid_t> children;
  for (pid_t child = 0; in >> child;) children.push_back(child);
  return children;
}

// A zombie that init has not reaped yet has gone, too.
bool has_gone(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  if (!std::getline(in, stat)) return true;
  const size_t state = stat.rfind(") ");
  return state == std::string::npos || stat[state + 2] == 'Z';
}

}  // namespace

PostgresSession::PostgresSession(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str())) {
  PQsetNoticeReceiver(
      connection_, [](void*, const PGresult*) {}, nullptr);
  if (PQstatus(connection_) == CONNECTION_OK) return;
  const std::string reason = PQerrorMessage(connection_);
  PQfinish(connection_);
  throw std::runtime_error(reason);
}

PostgresSession::~PostgresSession() { PQfinish(connection_); }

void PostgresSession::exec(const std::string& sql) { (void)rows(sql); }

std::string PostgresSession::value(const std::string& sql) {
  const auto all = rows(sql);
  return all.empty() || all[0].empty() || all[0][0] == "NULL" ? std::string() : all[0][0];
}

std::vector<std::vector<std::string>> PostgresSession::rows(const std::string& sql) {
  PGresult* result = PQexec(connection_, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  std::vector<std::vector<std::string>> out;
  for (int row = 0; row < PQntuples(result); ++row) {
    auto& cells = out.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column)
      cells.emplace_back(PQgetisnull(result, row, column) != 0 ? "NULL" : PQgetvalue(result, row, column));
  }
  PQclear(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
    throw std::runtime_error(PQerrorMessage(connection_) + ("in: " + sql.substr(0, 200)));
  return out;
}

int PostgresSession::backend_pid() const { return PQbackendPID(connection_); }

bool PostgresServer::installed() { return !binary_folder().empty(); }

PostgresServer::PostgresServer(PostgresOptions options) {
  if (!installed())
    throw std::runtime_error("PostgreSQL is not installed: /usr/lib/postgresql/*/bin/postgres is missing");
  folder_ = make_server_folder("pg", account());
  create_data_folder();
  // Another program may take the port between asking for it and listening on it.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    write_configuration(options);
    launch();
    if (wait_until_ready()) break;
    if (attempt == kAttempts) {
      const std::string text = log();
      stop();
      throw std::runtime_error("PostgreSQL did not start:\n" + text);
    }
    stop();
  }
  exec(std::string("CREATE ROLE penstock LOGIN PASSWORD '") + kPassword + "';" +
       "GRANT pg_read_all_data, pg_read_all_stats TO penstock");
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  if (std::getenv("PENSTOCK_KEEP_TEST_FOLDERS") == nullptr) std::filesystem::remove_all(folder_, ignored);
}

void PostgresServer::create_data_folder() {
  const pid_t initdb = launch_as(account(),
                                 {binary_folder() + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                                  "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"},
                                 folder_ + "/log", SIGKILL);
  if (wait_for(initdb) != 0) throw std::runtime_error("initdb failed:\n" + log());
}

void PostgresServer::write_configuration(const PostgresOptions& options) {
  std::ofstream settings(folder_ + "/data/postgresql.conf", std::ios::trunc);
  settings << "listen_addresses='127.0.0.1'\nport=" << port_ << "\nunix_socket_directories='" << folder_
           << "'\nfsync=off\nfull_page_writes=off\nmax_prepared_transactions=10\nshared_buffers=32MB\n"
              "password_encryption=scram-sha-256\nlc_messages=C\ntimezone=UTC\n";
  for (const std::string& setting : options.settings) settings << setting << '\n';
  std::ofstream access(folder_ + "/data/pg_hba.conf", std::ios::trunc);
  const char* method = options.passwords ? "scram-sha-256" : "trust";
  access << "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nlocal replication all trust\n"
         << "host replication all 127.0.0.1/32 trust\nlocal all all " << method << "\nhost all all 127.0.0.1/32 "
         << method << '\n';
}

void PostgresServer::launch() {
  // SIGQUIT: the postmaster takes its children with it at once.
  pid_ =
      launch_as(account(), {binary_folder() + "/postgres", "-D", folder_ + "/data"}, folder_ + "/log", SIGQUIT);
}

bool PostgresServer::wait_until_ready() {
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (PQping(dsn().c_str()) == PQPING_OK) return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    poll(nullptr, 0, 10);
  }
  return false;
}

std::string PostgresServer::dsn(const std::string& user, const std::string& database,
                                const std::string& password) const {
  return "postgresql://" + user + (password.empty() ? "" : ":" + password) + "@127.0.0.1:" + std::to_string(port_) +
         "/" + database;
}

std::string PostgresServer::log() const {
  std::ostringstream out;
  out << std::ifstream(folder_ + "/log").rdbuf();
  return out.str();
}

void PostgresServer::exec(const std::string& sql, const std::string& database) const {
  PostgresSession(dsn("postgres", database)).exec(sql);
}
std::string PostgresServer::value(const std::string& sql, const std::string& database) const {
  return PostgresSession(dsn("postgres", database)).value(sql);
}
std::vector<std::vector<std::string>> PostgresServer::rows(const std::string& sql, const std::string& database) const {
  return PostgresSession(dsn("postgres", database)).rows(sql);
}

void PostgresServer::stop() {
  if (pid_ < 0) return;
  kill(pid_, SIGINT);
  const auto deadline = std::chrono::steady_clock::now() + kStopLimit;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(pid_, SIGQUIT);
    poll(nullptr, 0, 5);
  }
  pid_ = -1;
}

void PostgresServer::kill9() {
  if (pid_ < 0) return;
  const std::vector<pid_t> children = children_of(pid_);
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  // The children would notice by themselves; but until the last one is gone the shared memory keeps a new server out.
  for (const pid_t child : children) kill(child, SIGKILL);
  for (const pid_t child : children)
    while (!has_gone(child)) poll(nullptr, 0, 5);
}

void PostgresServer::start() {
  if (pid_ >= 0) return;
  launch();
  if (!wait_until_ready()) throw std::runtime_error("PostgreSQL did not start again:\n" + log());
}

void PostgresServer::restart() {
  stop();
  start();
}

}  // namespace penstock::test
