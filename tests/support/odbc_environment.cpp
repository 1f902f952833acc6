#include "support/odbc_environment.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

namespace penstock::test {
namespace {

const std::map<std::string, std::string>& driver_files() {
  static const std::string kDebian = "/usr/lib/x86_64-linux-gnu/odbc/";
  static const std::map<std::string, std::string> kFiles = {
      {"Fake", PENSTOCK_BUILD_DIR "/tests/fake_odbc.so"},
      {"MariaDB Unicode", kDebian + "libmaodbc.so"},
      {"Missing", "/nonexistent/libmissing_odbc.so"},
      {"PostgreSQL ANSI", kDebian + "psqlodbca.so"},
      {"PostgreSQL Unicode", kDebian + "psqlodbcw.so"},
      {"SQLite3", kDebian + "libsqlite3odbc.so"},
  };
  return kFiles;
}

}  // namespace

OdbcEnvironment::OdbcEnvironment() {
  std::string ini;
  for (const auto& [name, file] : driver_files()) ini += "[" + name + "]\nDriver=" + file + "\n\n";
  write_file(folder_ / "odbcinst.ini", ini);
  write_file(folder_ / "odbc.ini", "");
  setenv("ODBCSYSINI", folder().c_str(), 1);
  setenv("ODBCINI", (folder_ / "odbc.ini").c_str(), 1);
}

const OdbcEnvironment& OdbcEnvironment::shared() {
  static const OdbcEnvironment kShared;
  return kShared;
}

std::string OdbcEnvironment::driver_file(const std::string& name) {
  const auto found = driver_files().find(name);
  if (found == driver_files().end()) throw std::runtime_error("no ODBC driver is called " + name);
  return found->second;
}

bool OdbcEnvironment::installed(const std::string& name) { return std::filesystem::exists(driver_file(name)); }

}  // namespace penstock::test
