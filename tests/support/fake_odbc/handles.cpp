#include "handles.hpp"

namespace penstock::fake_odbc {

void Connection::require_alive() const {
  if (ended) throw OdbcError(ended->sqlstate, ended->message, ended->native);
}

const Rule* Connection::match(const std::string& statement) {
  for (size_t i = 0; i < script.statements.size(); ++i) {
    const Rule& rule = script.statements[i];
    if (boost::regex_match(statement, rule.match) && counters->use(i, rule.times)) return &rule;
  }
  return nullptr;
}

void Connection::raise(const Fault& fault) {
  if (fault.ends_connection) ended = fault;
  throw OdbcError(fault.sqlstate, fault.message, fault.native);
}

SQLULEN Statement::attribute(SQLINTEGER id, SQLULEN otherwise) const {
  const auto found = attributes.find(id);
  return found == attributes.end() ? otherwise : found->second;
}

void Statement::close() {
  result.reset();
  part = {};
  position = 0;
  row_count = -1;
}

Result& Statement::open_result() {
  if (!result) throw OdbcError("24000", "Invalid cursor state: no result set is open");
  return *result;
}

Statement::Running::Running(Statement& statement) : statement_(statement) {
  const std::lock_guard lock(statement.mutex_);
  statement.running_ = true;
  statement.cancelled_ = false;
  statement.started_ = Clock::now();
}

Statement::Running::~Running() {
  const std::lock_guard lock(statement_.mutex_);
  statement_.running_ = false;
}

bool Statement::cancel() {
  const std::lock_guard lock(mutex_);
  if (!running_) return false;
  cancelled_ = true;
  wake_.notify_all();
  return true;
}

// Whether it was cancelled.
bool Statement::wait(std::optional<Clock::time_point> until) {
  std::unique_lock lock(mutex_);
  const auto is_cancelled = [this] { return cancelled_; };
  if (until) return wake_.wait_until(lock, *until, is_cancelled);
  wake_.wait(lock, is_cancelled);
  return true;
}

void Statement::pause(std::chrono::milliseconds time) {
  const SQLULEN timeout = attribute(SQL_ATTR_QUERY_TIMEOUT, 0);
  const auto limit = started_ + std::chrono::seconds(timeout);
  const auto end = Clock::now() + time;
  const bool too_long = timeout != 0 && limit < end;
  if (wait(too_long ? limit : end)) throw OdbcError("HY008", "Operation canceled");
  if (too_long) throw OdbcError("HYT00", "Timeout expired");
}

void Statement::stall(bool ignores_timeout) {
  connection.log->add("stall");
  const SQLULEN timeout = ignores_timeout ? 0 : attribute(SQL_ATTR_QUERY_TIMEOUT, 0);
  const auto limit = started_ + std::chrono::seconds(timeout);
  if (wait(timeout == 0 ? std::optional<Clock::time_point>() : limit)) throw OdbcError("HY008", "Operation canceled");
  throw OdbcError("HYT00", "Timeout expired");
}

}  // namespace penstock::fake_odbc
