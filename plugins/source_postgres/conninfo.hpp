// What the options of a warehouse mean to libpq.
#pragma once

#include <penstock/options.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace penstock::postgres {

// Everything needed to connect, checked. Holds the secrets: never print `parameters`.
struct Conninfo {
  std::vector<std::pair<std::string, std::string>> parameters;  // for PQconnectStartParams
  std::vector<std::string> secrets;                             // what `redacted` removes, longest first
  std::chrono::milliseconds connect_timeout{};
  std::chrono::milliseconds statement_timeout{};

  // The text with every secret in it replaced by "***".
  std::string redacted(std::string text) const;
};

// Reads the options; what the DSN sets itself wins over them. Opens nothing. Throws INVALID_ARGUMENT without quoting
// any part of the DSN, since the part that cannot be read may be the password.
Conninfo conninfo_from(const Options& options);

}  // namespace penstock::postgres
