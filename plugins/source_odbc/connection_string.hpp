// The keys of a connection string, from the options of a warehouse.
#pragma once

#include <penstock/options.hpp>

#include <string>
#include <vector>

namespace penstock::odbc {

// KEY=value pairs. Keys do not mind case; the first of two equal ones wins, as in the driver manager.
class ConnectionString {
 public:
  ConnectionString() = default;
  // "DRIVER=…;SERVER=…;PWD={a;b}". Throws INVALID_ARGUMENT, without the text, for anything else.
  explicit ConnectionString(std::string_view text);

  const std::string* find(std::string_view key) const;
  void set(std::string_view key, std::string value);
  void set_unless_given(std::string_view key, std::string value);
  std::string text() const;
  const std::vector<std::pair<std::string, std::string>>& keys() const { return keys_; }

 private:
  std::vector<std::pair<std::string, std::string>> keys_;
};

// Does a driver keep a secret under this key?
bool is_secret_key(std::string_view key);

struct Login {
  ConnectionString keys;
  std::vector<std::string> secrets;  // longest first: what no message may show
  bool dsn_is_name = false;          // the secret option dsn holds the bare name of a data source

  // The text without secrets.
  std::string redacted(std::string text) const;
  // For messages: the server or file, and the driver.
  std::string target() const;
};

// From the options dsn, connection, password and private_key_password. Throws INVALID_ARGUMENT.
Login login_from(const Options& options);

}  // namespace penstock::odbc
