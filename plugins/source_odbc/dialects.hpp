// The dialects, one file each.
#pragma once

#include "dialect.hpp"

namespace penstock::odbc {

std::unique_ptr<Dialect> make_generic_dialect(const std::string& quote, const Options& options);
std::unique_ptr<Dialect> make_mariadb_dialect();
std::unique_ptr<Dialect> make_postgres_dialect();
std::unique_ptr<Dialect> make_snowflake_dialect(const Options& options);
std::unique_ptr<Dialect> make_sqlite_dialect();
std::unique_ptr<Dialect> make_sqlserver_dialect();

}  // namespace penstock::odbc
