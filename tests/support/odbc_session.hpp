// One connection through an ODBC driver, for tests that need to prepare a database.
#pragma once

#include <string>
#include <vector>

namespace penstock::test {

// Every function throws std::runtime_error with the driver's message. See OdbcEnvironment for the drivers; not thread-safe.
class OdbcSession {
 public:
  explicit OdbcSession(const std::string& connection);
  ~OdbcSession();
  OdbcSession(const OdbcSession&) = delete;
  OdbcSession& operator=(const OdbcSession&) = delete;

  // Runs one statement, committed at once unless it opens a transaction.
  void exec(const std::string& sql);
  // First column of the first row as text; empty for NULL and for no rows.
  std::string value(const std::string& sql);
  // All rows as text; NULL is "NULL".
  std::vector<std::vector<std::string>> rows(const std::string& sql);

 private:
  void* environment_ = nullptr;
  void* connection_ = nullptr;
};

}  // namespace penstock::test
