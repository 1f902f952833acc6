#include "source.hpp"

#include <penstock/module.hpp>

namespace penstock::postgres {
namespace {

constexpr const char* kTlsModes[] = {"disable", "require", "verify-ca", "verify-full", nullptr};
constexpr const char* kEpochUnits[] = {"s", "ms", "us", "ns", nullptr};

class Component : public PostgresSource {
 public:
  using PostgresSource::PostgresSource;

  static constexpr ComponentInfo kInfo{
      "postgres", "PostgreSQL",
      "Reads tables, views and queries of a PostgreSQL database, 13 or later, in binary and streamed."};

  static constexpr penstock_option_desc kOptions[] = {
      string_option(
          "dsn", "Where the database is: postgresql://USER@HOST:PORT/DATABASE or key=value pairs, as libpq reads them.",
          nullptr, kRequired | kSecret),
      string_option("password", "The password, if it is not part of the dsn; giving it twice is an error.", nullptr, kSecret),
      choice_option("sslmode",
                    "How far TLS is insisted on. Default: verify-full; prefer if the server is on this machine.",
                    nullptr, kTlsModes),
      string_option("sslrootcert", "File of the certificate authorities to trust. Default: ~/.postgresql/root.crt, else the system's."),
      string_option("sslcert", "File of the client certificate."),
      string_option("sslkey", "File of the client certificate's key."),
      string_option("application_name", "The name shown in pg_stat_activity.", "penstock"),
      duration_option("statement_timeout", "How long one statement may run in the server; a scan is one statement, so it must be able to end in this time.",
                      "10m", std::chrono::milliseconds(1), std::chrono::hours(20 * 24)),
      duration_option("connect_timeout", "How long connecting may take; resolving the host's name is libpq's and can take as long as the resolver wants.", "10s", std::chrono::milliseconds(1),
                      std::chrono::hours(1)),
      duration_option(
          "margin",
          "How far a class A horizon keeps from the server's clock: longer than a server process can pause between "
          "fixing now() and showing its transaction to others.",
          "500ms", std::chrono::nanoseconds(0), std::chrono::hours(1)),
  };

  static constexpr penstock_option_desc kTableOptions[] = {
      choice_option("epoch_unit", "For a timestamp_field of an integer type: what it counts since 1970.", nullptr,
                    kEpochUnits),
  };

  static void validate(const Options& options) { (void)conninfo_from(options); }
};

}  // namespace
}  // namespace penstock::postgres

PENSTOCK_MODULE("source_postgres", "0.1.0", "Penstock", "Apache-2.0", "https://github.com/penstock/penstock",
                penstock::source<penstock::postgres::Component>())
