#include "state/sqlite.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <sqlite3.h>
#include <unistd.h>

namespace penstock::host {
namespace {

// How long a statement waits for another process.
constexpr int kBusyTimeoutMs = 5'000;
// When a full disk or a read-only file system is worth another try.
constexpr int64_t kRetryAfterNs = 5'000'000'000;

bool is_out_of_space(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

// SQLite calls a file damaged that the disk did not let it read; that may pass, and is no reason to move the file away.
bool is_unreadable(int code, int error) { return (code & 0xff) == SQLITE_CORRUPT && (error == EIO || error == ENXIO); }

// As a URI only for what a plain name cannot say; '?', '#' and '%' in the path would otherwise mean something.
std::string to_uri(const std::filesystem::path& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : path.string()) {
    if (c == '?' || c == '#' || c == '%') {
      uri += {'%', kDigits[static_cast<unsigned char>(c) >> 4], kDigits[static_cast<unsigned char>(c) & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, Access access) {
  std::unique_ptr<Database> database(new Database(path, access));
  // A relative "file:…" would be read as a URI.
  const std::filesystem::path full = std::filesystem::absolute(path);
  const std::string name = access == Access::read_unchanging ? to_uri(full) : full.string();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  if (access == Access::read_unchanging) flags |= SQLITE_OPEN_URI;
  errno = 0;
  const int code = sqlite3_open_v2(name.c_str(), &database->handle_, flags, nullptr);
  if (code != SQLITE_OK) return database->failure(code, errno);
  sqlite3_busy_timeout(database->handle_, kBusyTimeoutMs);
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Result<void> Database::execute(const char* sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code, errno);
  return {};
}

void Database::roll_back() {
  // Some errors have rolled back already.
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

int64_t Database::changes() const { return sqlite3_changes64(handle_); }
int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_); }

sqlite3_stmt* Database::prepare(const char* sql, int& code) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  errno = 0;
  code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, statement);
  return statement;
}

Failure Database::failure(int code, int system_error) const {
  std::string cause = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  // sqlite3_system_errno() knows nothing of a COMMIT that fails, and errno means something only for these.
  const bool by_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const int error = by_system ? system_error : 0;
  if (error != 0) cause += std::string(", ") + std::strerror(error);

  Failure failure{.status = PENSTOCK_STATUS_INTERNAL, .retry = PENSTOCK_RETRY_NEVER, .vendor_code = code};
  const auto later = [&](penstock_status status, const std::string& what) {
    failure.status = status;
    failure.retry = PENSTOCK_RETRY_AFTER;
    failure.retry_after_ns = kRetryAfterNs;
    failure.message = what + " (" + cause + ")";
    return failure;
  };
  const std::string folder = "\"" + path_.parent_path().string() + "\"";
  if (is_unreadable(code, system_error)) {
    cause = std::string("cannot read, ") + std::strerror(system_error);
    return later(PENSTOCK_STATUS_FAILED_PRECONDITION, "the disk of " + folder + " fails");
  }
  switch (code & 0xff) {
    case SQLITE_FULL: return later(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "the disk of " + folder + " is full");
    case SQLITE_IOERR:
      if (is_out_of_space(error)) {
        return later(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "no room is left for the files in " + folder);
      }
      return later(PENSTOCK_STATUS_FAILED_PRECONDITION, "the disk of " + folder + " fails");
    case SQLITE_READONLY:
      if (access_ != Access::write) {
        failure.status = PENSTOCK_STATUS_FAILED_PRECONDITION;
        failure.message = "it was opened for reading only";
        return failure;
      }
      return later(PENSTOCK_STATUS_FAILED_PRECONDITION, folder + " cannot be written to");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      // SQLite falls back to reading and then misses another file; what stands in the way is the folder.
      if (access_ == Access::write && access(path_.parent_path().c_str(), W_OK) != 0) {
        cause = std::strerror(errno);
        return later(PENSTOCK_STATUS_FAILED_PRECONDITION, folder + " cannot be written to");
      }
      return later(PENSTOCK_STATUS_FAILED_PRECONDITION, "cannot open the files in " + folder);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return later(PENSTOCK_STATUS_UNAVAILABLE, "another process keeps it locked");
    case SQLITE_NOMEM: return later(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      failure.status = PENSTOCK_STATUS_DATA_LOSS;
      failure.message = "the file is damaged (" + cause + "): stop the host, move " + path_.string() + ", " +
                        path_.string() + "-wal and " + path_.string() + "-shm away, start again, and apply the " +
                        "definitions again; positions are then taken from the markers in the stores";
      return failure;
    case SQLITE_TOOBIG:
      failure.status = PENSTOCK_STATUS_INVALID_ARGUMENT;
      failure.message = cause;
      return failure;
    default: failure.message = cause; return failure;
  }
}

Query::Query(Prepared, Database& database, const char* sql) : database_(database) {
  statement_ = database.prepare(sql, code_);
  if (code_ != SQLITE_OK) system_error_ = errno;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bind(int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, ++bound_, value);
}

// The null pointer of an empty view would bind NULL.
void Query::bind(std::string_view value) {
  if (code_ != SQLITE_OK) return;
  const char* data = value.empty() ? "" : value.data();
  code_ = sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Query::bind(const Blob& value) {
  if (code_ != SQLITE_OK) return;
  const char* data = value.bytes.empty() ? "" : value.bytes.data();
  code_ = sqlite3_bind_blob64(statement_, ++bound_, data, value.bytes.size(), SQLITE_TRANSIENT);
}

bool Query::next() {
  if (code_ != SQLITE_OK) return false;
  errno = 0;
  const int stepped = sqlite3_step(statement_);
  if (stepped == SQLITE_ROW) return true;
  if (stepped != SQLITE_DONE) {
    code_ = stepped;
    system_error_ = errno;
  }
  return false;
}

int64_t Query::integer(int column) { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) {
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (bytes != nullptr && size > 0) return {static_cast<const char*>(bytes), static_cast<size_t>(size)};
  // Empty, or no memory to fetch it: the two must not look alike.
  if (size > 0) code_ = SQLITE_NOMEM;
  return {};
}

Result<void> Query::outcome() const {
  if (code_ != SQLITE_OK) return database_.failure(code_, system_error_);
  return {};
}

Result<void> Query::run() {
  while (next()) {
  }
  return outcome();
}

}  // namespace penstock::host
