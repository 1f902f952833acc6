// The keys of an ODBC connection string.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::fake_odbc {

class ConnectionKeys {
 public:
  ConnectionKeys() = default;
  // KEY=value;KEY={a value with ; and }}}; keys in any case. Throws OdbcError.
  explicit ConnectionKeys(std::string_view text);

  // Empty when it is not there.
  std::string value(std::string_view key) const;
  // KEY,KEY in the order given.
  std::string names() const;
  // KEY=value;… without what tells where the test's files are, and with *** for what is secret.
  std::string shown() const;

 private:
  std::vector<std::pair<std::string, std::string>> keys_;
};

}  // namespace penstock::fake_odbc
