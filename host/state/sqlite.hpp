// SQLite with Results, statements that are kept, and failures in words.
#pragma once

#include "base/failure.hpp"

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace penstock::host {

// A connection. Not thread-safe: its owner serialises.
class Database {
 public:
  enum class Access {
    write,
    read,
    // Reads a file that nothing changes, without locks and without -wal and -shm: for read-only file systems.
    read_unchanging,
  };

  // Opens an existing file; nothing is read yet. Failures of this class do not name the file, but for the advice in them.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Statements without parameters and without results.
  Result<void> execute(const char* sql);

  // Runs `work` between BEGIN IMMEDIATE and COMMIT; a failure of either rolls back.
  template <std::invocable Work>
  Result<void> in_transaction(Work work) {
    if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
    auto done = work();
    if (done.ok()) done = execute("COMMIT");
    if (!done.ok()) roll_back();
    return done;
  }

  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;
  // The number of the row that was inserted last.
  int64_t last_row() const;

  // What went wrong in the last call, which returned `code`, and left `system_error` in errno.
  Failure failure(int code, int system_error = 0) const;

 private:
  friend class Query;

  Database(std::filesystem::path path, Access access) : path_(std::move(path)), access_(access) {}
  sqlite3_stmt* prepare(const char* sql, int& code);
  void roll_back();

  const std::filesystem::path path_;
  const Access access_;
  sqlite3* handle_ = nullptr;
  // By SQL text, which is a literal and so outlives the connection.
  std::unordered_map<std::string_view, sqlite3_stmt*> statements_;
};

// Text that is bound as a BLOB: bytes of unknown kind.
struct Blob {
  std::string_view bytes;
};

// One use of a kept statement: bind the parameters in order, step, read columns. The statement is free again when the Query
// ends; one SQL text must not be in use twice at the same time. An error sticks: the first one is what outcome() returns.
class Query {
 public:
  // `sql` is a literal, one statement.
  template <class... Values>
  Query(Database& database, const char* sql, const Values&... values) : Query(Prepared{}, database, sql) {
    (bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void bind(int64_t value);
  void bind(std::string_view value);
  void bind(const Blob& value);

  // True when there is a row to read; false at the end, and after an error.
  bool next();
  int64_t integer(int column);
  std::string text(int column);  // of TEXT and of BLOB

  Result<void> outcome() const;
  // For statements without rows: steps to the end.
  Result<void> run();

 private:
  struct Prepared {};
  Query(Prepared, Database& database, const char* sql);

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int code_ = 0;
  int system_error_ = 0;
  int bound_ = 0;
};

}  // namespace penstock::host
