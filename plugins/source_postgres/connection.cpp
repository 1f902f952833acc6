#include "connection.hpp"

#include "sqlstate.hpp"

#include <poll.h>
#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

namespace penstock::postgres {
namespace {

using std::chrono::milliseconds;

// How long a cancelled call waits for the server to hear of it.
constexpr auto kCancelLimit = milliseconds(500);
// How often to look at the cancel flag when the host has no descriptor to poll.
constexpr int kPollSliceMs = 100;

}  // namespace

Connection::Connection(const Call& call, Conninfo info) : info_(std::move(info)) {
  try {
    connect(call);
    set_up_session(call);
  } catch (...) {
    close();
    throw;
  }
}

Connection::~Connection() {
  if (connection_ != nullptr && PQtransactionStatus(connection_) == PQTRANS_ACTIVE) request_cancel();
  close();
}

void Connection::connect(const Call& call) {
  call.check();
  std::vector<const char*> keywords, values;
  for (const auto& [key, value] : info_.parameters) {
    keywords.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectStartParams(keywords.data(), values.data(), 0);
  if (connection_ == nullptr) throw std::bad_alloc();
  // A failed login has no PGresult; in verbose form its text carries the SQLSTATE.
  PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
  // Without a receiver libpq writes to stderr.
  PQsetNoticeReceiver(connection_, &Connection::take_notice, this);
  const auto until = Clock::now() + info_.connect_timeout;
  PostgresPollingStatusType state =
      PQstatus(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    wait(call, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until);
    state = PQconnectPoll(connection_);
  }
  if (state != PGRES_POLLING_OK) throw connect_error(target(), info_.redacted(PQerrorMessage(connection_)));
  PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection_, 1) != 0) fail("connecting", nullptr);
}

void Connection::set_up_session(const Call& call) {
  // pg_temp last: it would otherwise be searched before everything.
  const std::pair<const char*, std::string> settings[] = {
      {"default_transaction_read_only", "on"},
      {"statement_timeout", std::to_string(info_.statement_timeout.count())},
      {"idle_in_transaction_session_timeout", "60000"},
      {"search_path", "pg_catalog, pg_temp"},
      // A policy that hides rows is an error: they would fall behind the position without a word.
      {"row_security", "off"},
      {"TimeZone", "UTC"},
      {"DateStyle", "ISO, YMD"},
      {"IntervalStyle", "iso_8601"},
      {"extra_float_digits", "3"},
      {"bytea_output", "hex"},
  };
  std::string sql = "SELECT ";
  for (const auto& [name, value] : settings)
    sql += std::string(sql.size() > 7 ? ", " : "") + "pg_catalog.set_config('" + name + "', '" + value + "', false)";
  query(call, "preparing the session", sql);
  // So that a server stops working for a client that has vanished. Not every server can; it is no error then.
  if (PQserverVersion(connection_) < 140000) return;
  try {
    query(call, "preparing the session", "SET client_connection_check_interval = '5s'");
  } catch (const Error&) {
    if (!is_usable()) throw;
  }
}

std::string Connection::target() const {
  const char* host = PQhost(connection_);
  const char* port = PQport(connection_);
  std::string text = host == nullptr || *host == '\0' ? "the server" : host;
  if (text[0] == '/') return "socket " + text + " (port " + (port == nullptr ? "" : port) + ")";
  return port == nullptr || *port == '\0' ? text : text + ":" + port;
}

void Connection::take_notice(void* self, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != nullptr && (std::string_view(severity) == "FATAL" || std::string_view(severity) == "PANIC"))
    static_cast<Connection*>(self)->told_to_go_ = true;
}

void Connection::require_open() const {
  if (connection_ == nullptr)
    throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "the connection to the server is closed");
}

bool Connection::is_usable() {
  if (connection_ == nullptr || copying_) return false;
  // Between statements the server has nothing to say, except that it is going away.
  pollfd socket{PQsocket(connection_), POLLIN, 0};
  while (socket.fd >= 0 && poll(&socket, 1, 0) > 0)
    if (PQconsumeInput(connection_) == 0) return false;
  (void)PQisBusy(connection_);  // hands messages to the notice receiver
  return !told_to_go_ && PQstatus(connection_) == CONNECTION_OK && PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

void Connection::wait(const Call& call, short events, std::optional<Clock::time_point> until) {
  while (true) {
    pollfd fds[2] = {{PQsocket(connection_), events, 0}, {call.cancel_fd(), POLLIN, 0}};
    int timeout = call.remaining_ms();
    if (fds[1].fd < 0) timeout = timeout < 0 ? kPollSliceMs : std::min(timeout, kPollSliceMs);
    if (until) {
      const auto left = std::chrono::ceil<milliseconds>(*until - Clock::now()).count();
      const int left_ms = static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000'000));
      timeout = timeout < 0 ? left_ms : std::min(timeout, left_ms);
    }
    const int ready = poll(fds, 2, timeout);
    if (ready < 0 && errno != EINTR)
      throw Error(PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_RECONNECT, std::string("poll: ") + std::strerror(errno));
    if (call.cancelled()) {
      abandon();
      throw Error(PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled while waiting for the server");
    }
    if (ready > 0 && fds[0].revents != 0) return;
    if (call.remaining_ms() == 0) {
      abandon();
      throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE,
                  "the deadline passed while waiting for the server");
    }
    if (until && Clock::now() >= *until)
      throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT,
                  "cannot connect to " + target() + ": no answer within " +
                      std::to_string(info_.connect_timeout.count()) + " ms");
  }
}

void Connection::send_all(const Call& call, const std::string& action) {
  while (true) {
    const int left = PQflush(connection_);
    if (left == 0) return;
    if (left < 0) fail(action, nullptr);
    wait(call, POLLIN | POLLOUT);
    if (PQconsumeInput(connection_) == 0) fail(action, nullptr);
  }
}

PGresult* Connection::next_result(const Call& call, const std::string& action) {
  while (PQisBusy(connection_) != 0) {
    wait(call, POLLIN);
    // A server that ends the session says why before it closes: let libpq hand out what has arrived.
    if (PQconsumeInput(connection_) == 0 && PQisBusy(connection_) != 0) fail(action, nullptr);
  }
  return PQgetResult(connection_);
}

Result Connection::last_result(const Call& call, const std::string& action) {
  Result last(nullptr);
  while (PGresult* result = next_result(call, action)) {
    last = Result(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) break;
  }
  const ExecStatusType status = PQresultStatus(last.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_COPY_OUT) return last;
  fail(action, last.get());
}

Result Connection::query(const Call& call, const std::string& action, const std::string& sql,
                         const std::vector<std::string>& parameters) {
  require_open();
  std::vector<const char*> values;
  for (const std::string& value : parameters) values.push_back(value.c_str());
  // The extended protocol even without parameters: it refuses a second statement.
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0)
    fail(action, nullptr);
  send_all(call, action);
  return last_result(call, action);
}

Result Connection::query_prepared(const Call& call, const std::string& action, const std::string& sql,
                                  const std::vector<std::string>& parameters) {
  require_open();
  auto known = prepared_.find(sql);
  if (known == prepared_.end()) {
    const std::string name = "penstock_" + std::to_string(prepared_.size());
    if (PQsendPrepare(connection_, name.c_str(), sql.c_str(), 0, nullptr) == 0) fail(action, nullptr);
    send_all(call, action);
    last_result(call, action);
    known = prepared_.emplace(sql, name).first;
  }
  std::vector<const char*> values;
  for (const std::string& value : parameters) values.push_back(value.c_str());
  if (PQsendQueryPrepared(connection_, known->second.c_str(), static_cast<int>(values.size()), values.data(), nullptr,
                          nullptr, 0) == 0)
    fail(action, nullptr);
  send_all(call, action);
  return last_result(call, action);
}

Result Connection::describe(const Call& call, const std::string& action, const std::string& sql) {
  require_open();
  if (PQsendPrepare(connection_, "", sql.c_str(), 0, nullptr) == 0) fail(action, nullptr);
  send_all(call, action);
  last_result(call, action);
  if (PQsendDescribePrepared(connection_, "") == 0) fail(action, nullptr);
  send_all(call, action);
  return last_result(call, action);
}

void Connection::start_copy(const Call& call, const std::string& action, const std::string& sql) {
  const Result result = query(call, action, sql);
  if (PQresultStatus(result.get()) != PGRES_COPY_OUT)
    throw Error(PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_RECONNECT, action + ": the server did not start a COPY");
  copying_ = true;
  copy_action_ = action;
}

bool Connection::next_copy_data(const Call& call, std::string_view* data) {
  require_open();
  while (true) {
    char* buffer = nullptr;
    const int size = PQgetCopyData(connection_, &buffer, 1);
    copy_data_.reset(buffer);
    if (size > 0) {
      *data = {buffer, static_cast<size_t>(size)};
      return true;
    }
    if (size == -2) fail(copy_action_, nullptr);
    if (size == -1) break;
    wait(call, POLLIN);
    if (PQconsumeInput(connection_) == 0) {
      // What arrived before the connection broke may hold the server's reason; only an unfinished message is a plain
      // loss.
      const int rest = PQgetCopyData(connection_, &buffer, 1);
      copy_data_.reset(buffer);
      if (rest > 0) {
        *data = {buffer, static_cast<size_t>(rest)};
        return true;
      }
      if (rest != -1) fail(copy_action_, nullptr);
      break;
    }
  }
  const Result end = last_result(call, copy_action_);
  copied_rows_ = std::strtoll(PQcmdTuples(end.get()), nullptr, 10);
  copying_ = false;
  return false;
}

Error Connection::failure(const std::string& action, const PGresult* result) const {
  const char* sqlstate = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char* detail = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
  const char* hint = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
  std::string text = primary != nullptr ? primary : PQerrorMessage(connection_);
  if (text.empty()) text = "the connection to the server was lost";
  // No SQLSTATE means that libpq speaks, not the server.
  Error error = error_for(sqlstate == nullptr ? "" : sqlstate, info_.redacted(action + ": " + text));
  if (detail != nullptr) error.detail("detail", info_.redacted(detail));
  if (hint != nullptr) error.detail("hint", info_.redacted(hint));
  return error;
}

void Connection::fail(const std::string& action, const PGresult* result) {
  const Error error = failure(action, result);
  // Within a transaction or with the answer half read, a fresh start is simplest.
  if (!copying_ && is_usable()) throw error;
  close();
  throw error;
}

void Connection::abandon() noexcept {
  if (connection_ == nullptr) return;
  if (PQstatus(connection_) == CONNECTION_OK && PQtransactionStatus(connection_) == PQTRANS_ACTIVE) request_cancel();
  close();
}

// PQcancel connects anew and blocks; to a host that swallows packets for minutes. So it runs on a thread of its own,
// which owns all it needs and may outlast this function.
void Connection::request_cancel() noexcept {
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
  };
  const std::shared_ptr<PGcancel> cancel(PQgetCancel(connection_), PQfreeCancel);
  if (!cancel) return;
  try {
    const auto shared = std::make_shared<Shared>();
    std::thread([cancel, shared] {
      char reason[256];
      PQcancel(cancel.get(), reason, sizeof reason);
      const std::lock_guard lock(shared->mutex);
      shared->done = true;
      shared->changed.notify_all();
    }).detach();
    std::unique_lock lock(shared->mutex);
    shared->changed.wait_for(lock, kCancelLimit, [&] { return shared->done; });
  } catch (...) {
    // No thread to be had: the server notices the closed socket.
  }
}

void Connection::close() noexcept {
  copy_data_.reset();
  copying_ = false;
  if (connection_ != nullptr) PQfinish(connection_);
  connection_ = nullptr;
}

std::string Connection::quoted_identifier(std::string_view name) const {
  require_open();
  const std::unique_ptr<char, decltype(&PQfreemem)> text(PQescapeIdentifier(connection_, name.data(), name.size()),
                                                         PQfreemem);
  if (!text) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "a name is not valid UTF-8");
  return text.get();
}

std::string Connection::quoted_literal(std::string_view text) const {
  require_open();
  const std::unique_ptr<char, decltype(&PQfreemem)> quoted(PQescapeLiteral(connection_, text.data(), text.size()),
                                                           PQfreemem);
  if (!quoted) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "a text is not valid UTF-8");
  return quoted.get();
}

}  // namespace penstock::postgres
