#include "source.hpp"

#include <penstock/module.hpp>

namespace penstock::odbc {
namespace {

constexpr const char* kDialects[] = {"auto", "mariadb", "postgres", "snowflake", "sqlite", "sqlserver", "generic", nullptr};
constexpr const char* kChanges[] = {"default", "append_only", nullptr};
constexpr const char* kEpochUnits[] = {"s", "ms", "us", "ns", nullptr};

class Component : public OdbcSource {
 public:
  using OdbcSource::OdbcSource;

  static constexpr ComponentInfo kInfo{"odbc", "ODBC",
                                       "Reads tables, views and queries of any database that has an ODBC driver, in arrays of rows."};

  static constexpr penstock_option_desc kOptions[] = {
      option(PENSTOCK_OPTION_STRING_MAP, "connection",
             "The driver's keys, without secrets: { DRIVER = \"…\", SERVER = \"…\", UID = \"…\" }. DRIVER is a name in odbcinst.ini or a file, DSN a "
             "name in odbc.ini."),
      string_option("dsn", "Instead, or besides: a whole connection string (DRIVER=…;SERVER=…;…), or the name of a data source in odbc.ini.", nullptr, kSecret),
      string_option("password", "The password: the key PWD.", nullptr, kSecret),
      string_option("private_key_password", "The password of the private key: the key PRIV_KEY_FILE_PWD.", nullptr, kSecret),
      choice_option("dialect", "The kind of server. auto: what the driver reports as its server (SQL_DBMS_NAME).", "auto", kDialects),
      duration_option("login_timeout", "How long connecting may take. A driver that does not heed it cannot be interrupted meanwhile; psqlODBC waits 2 s at least.", "15s", std::chrono::seconds(1),
                      std::chrono::hours(1)),
      duration_option("statement_timeout", "How long one statement may run in the server; a scan is one statement, so it must be able to end in this time.", "10m",
                      std::chrono::seconds(1), std::chrono::hours(20 * 24)),
      int_option("array_rows", "How many rows are fetched at a time, at most.", "1000", 1, 100'000),
      duration_option("margin", "Dialect snowflake: how far a class A horizon keeps from the server's clock.", "10s",
                      std::chrono::nanoseconds(0), std::chrono::hours(1)),
      string_option("clock_sql", "Dialect generic: a statement that gives the server's time.", "SELECT {fn NOW()}"),
      string_option("clock_timezone", "Dialect generic: the zone of that time, as an IANA name."),
  };

  static constexpr penstock_option_desc kTableOptions[] = {
      choice_option("epoch_unit", "For a timestamp_field of an integer type: what it counts since 1970.", nullptr, kEpochUnits),
      int_option("max_rows",
                 "A run that would read more rows fails, and nothing moves: a guard against the bill of a window that is larger than meant.",
                 nullptr, 1, 1'000'000'000'000),
      choice_option("changes",
                    "Dialect snowflake: read the table's change tracking instead of a timestamp. default: rows that were inserted or "
                    "updated; append_only: rows that were inserted, as they were then.",
                    nullptr, kChanges),
  };

  static void validate(const Options& options) { (void)settings_from(options); }
};

}  // namespace
}  // namespace penstock::odbc

PENSTOCK_MODULE("source_odbc", "0.1.0", "Penstock", "Apache-2.0", "https://github.com/penstock/penstock",
                penstock::source<penstock::odbc::Component>())
