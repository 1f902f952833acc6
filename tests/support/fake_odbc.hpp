// A script for the fake ODBC driver, and the log of what it was asked; see fake_odbc/README.md for what a script can say.
#pragma once

#include "support/process.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::test {

// Put together from JSON texts, one for each part.
class FakeScript {
 public:
  // Behaves as Snowflake's driver does: upper-case names, SQLGetData refused with arrays, 16-bit wide characters.
  static FakeScript snowflake();

  // An object, which replaces what was given before.
  FakeScript& driver(std::string json);
  FakeScript& require(std::string json);
  // One more of each.
  FakeScript& connect(std::string json);
  FakeScript& table(std::string json);
  FakeScript& statement(std::string json);

  std::string json() const;

 private:
  std::string driver_ = "{}", require_ = "{}";
  std::vector<std::string> connect_, tables_, statements_;
};

// The driver's files in a folder of their own.
class FakeOdbc {
 public:
  // Registers the driver, too (see OdbcEnvironment).
  explicit FakeOdbc(const FakeScript& script = {});

  // Holds from the next connect on; what the old one counted (times, nth) is forgotten.
  void set_script(const FakeScript& script);
  // DRIVER=Fake;SCRIPT=…;LOG=…; and what is given.
  std::string connection_string(const std::string& more = {}) const;

  std::vector<std::string> log() const;
  // Those that begin so.
  std::vector<std::string> logged(std::string_view beginning) const;
  void clear_log();
  // Until the last event is this one; false after a while.
  bool wait_for(const std::string& event) const;

 private:
  TemporaryFolder folder_;
};

}  // namespace penstock::test
