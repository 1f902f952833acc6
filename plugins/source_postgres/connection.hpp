// One session on the server: every wait also watches for cancellation and the deadline of the call.
#pragma once

#include "conninfo.hpp"

#include <penstock/call.hpp>

#include <libpq-fe.h>
#include <map>
#include <memory>
#include <optional>

namespace penstock::postgres {

// A finished statement's rows, values as text.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result, PQclear) {}

  PGresult* get() const { return result_.get(); }
  int rows() const { return PQntuples(get()); }
  bool is_null(int row, int column) const { return PQgetisnull(get(), row, column) != 0; }
  std::string text(int row, int column) const { return {PQgetvalue(get(), row, column), size(row, column)}; }
  bool boolean(int row, int column) const { return PQgetvalue(get(), row, column)[0] == 't'; }
  int64_t integer(int row, int column) const { return std::strtoll(PQgetvalue(get(), row, column), nullptr, 10); }

 private:
  size_t size(int row, int column) const { return static_cast<size_t>(PQgetlength(get(), row, column)); }

  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

// Statements run read-only, in UTC, with only pg_catalog on the search path. [serial]
//
// A call that is cancelled or runs out of time asks the server to stop and closes the connection rather than nursing it
// back: what is still on the wire then cannot be taken for the answer to the next statement. Closing costs a reconnect,
// which the source does by itself at the next call.
class Connection {
 public:
  // Connects and prepares the session. Name resolution is libpq's and cannot be cancelled.
  Connection(const Call& call, Conninfo info);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Open, between statements, and not closed by the server as far as the socket can tell.
  bool is_usable();
  bool is_copying() const { return copying_; }

  // Runs one statement. `action` begins the message of an error: "describing table \"x\"".
  Result query(const Call& call, const std::string& action, const std::string& sql,
               const std::vector<std::string>& parameters = {});
  // The same for one of the few statements that are run again and again: the server parses and plans it once a session.
  // `sql` is a constant; every text is kept until the connection closes.
  Result query_prepared(const Call& call, const std::string& action, const std::string& sql,
                        const std::vector<std::string>& parameters = {});
  // The columns of a statement that is parsed but not run.
  Result describe(const Call& call, const std::string& action, const std::string& sql);

  // Starts a COPY ... TO STDOUT. Then next_copy_data until it returns false.
  void start_copy(const Call& call, const std::string& action, const std::string& sql);
  // Fills *data with the next message, valid until the next call; false once the server has confirmed the end.
  bool next_copy_data(const Call& call, std::string_view* data);
  // Of the last COPY, by the server's count.
  int64_t copied_rows() const { return copied_rows_; }

  // Stops what is running and closes. Any other function but is_usable is then an error.
  void abandon() noexcept;

  std::string quoted_identifier(std::string_view name) const;
  std::string quoted_literal(std::string_view text) const;
  // The role that the session runs as.
  std::string user() const { return PQuser(connection_); }

 private:
  using Clock = std::chrono::steady_clock;

  void connect(const Call& call);
  void set_up_session(const Call& call);
  static void take_notice(void* self, const PGresult* notice);
  std::string target() const;
  void require_open() const;
  void wait(const Call& call, short events, std::optional<Clock::time_point> until = {});
  void send_all(const Call& call, const std::string& action);
  PGresult* next_result(const Call& call, const std::string& action);
  Result last_result(const Call& call, const std::string& action);
  Error failure(const std::string& action, const PGresult* result) const;
  [[noreturn]] void fail(const std::string& action, const PGresult* result);
  void request_cancel() noexcept;
  void close() noexcept;

  Conninfo info_;
  std::map<std::string, std::string> prepared_;  // statement -> its name in the session
  PGconn* connection_ = nullptr;
  bool copying_ = false;
  bool told_to_go_ = false;  // the server ended the session while it was idle
  std::string copy_action_;
  int64_t copied_rows_ = 0;
  std::unique_ptr<char, decltype(&PQfreemem)> copy_data_{nullptr, PQfreemem};
};

}  // namespace penstock::postgres
