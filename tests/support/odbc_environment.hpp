// The ODBC drivers of a test: an odbcinst.ini of its own, so that nothing depends on what the machine has registered.
#pragma once

#include "support/process.hpp"

#include <string>

namespace penstock::test {

// A folder with an odbcinst.ini and an empty odbc.ini. Registered are, by Debian's names, "PostgreSQL Unicode", "PostgreSQL ANSI",
// "MariaDB Unicode" and "SQLite3", and besides them "Fake" (see fake_odbc/README.md) and "Missing", whose file is not there.
class OdbcEnvironment {
 public:
  // The one of this process: made, and set as ODBCSYSINI and ODBCINI, by the first call. Call it before the first ODBC function
  // and before there are threads, since the driver manager reads the variables whenever it likes. Processes that are started
  // later inherit it.
  static const OdbcEnvironment& shared();

  std::string folder() const { return folder_.path().string(); }
  // Of a driver by its registered name.
  static std::string driver_file(const std::string& name);
  // Whether the file of that driver is there.
  static bool installed(const std::string& name);

 private:
  OdbcEnvironment();

  TemporaryFolder folder_;
};

}  // namespace penstock::test
