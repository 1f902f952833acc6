#include "warehouse.hpp"

#include <algorithm>

namespace penstock::test {
namespace {

using Names = std::vector<std::string>;

Names column_names(const Schema& schema) {
  Names names;
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

TEST(PostgresNames, QuotedUpperCaseDottedAndReservedNamesAreFoundAndRead) {
  for (const std::string name :
       {"UPPER", "dot.ted", "select", "with space", "quo\"\"te", "\u00fcml\u00e4ut", "semi;colon--", "per%cent"}) {
    fresh_schema("names");
    shared_server().exec("CREATE TABLE names.\"" + name + "\" (\"" + name +
                         "\" int, at timestamptz DEFAULT '2024-01-01'); INSERT INTO names.\"" + name + "\" VALUES (1)");
    std::string plain = name;
    if (const size_t twice = plain.find("\"\""); twice != std::string::npos) plain.erase(twice, 1);
    Warehouse warehouse;
    const TableSpec table{.schema = "names", .table = plain};
    EXPECT_EQ(column_names(warehouse.describe(table)), (Names{plain, "at"}));
    EXPECT_EQ(warehouse.scan({.table = table, .columns = {plain}, .keys = {plain}}), (Rows{{"1"}})) << plain;
  }
}

TEST(PostgresNames, SchemaOfTheSeedExampleIsFoundAsItIsSpelt) {
  shared_server().exec(
      "DROP SCHEMA IF EXISTS \"SIGNALS\" CASCADE; CREATE SCHEMA \"SIGNALS\"; GRANT USAGE ON SCHEMA \"SIGNALS\" TO "
      "PUBLIC;"
      "CREATE TABLE \"SIGNALS\".\"FEATURES\" (\"UPDATED_AT\" timestamptz, \"TOTAL\" int); INSERT INTO "
      "\"SIGNALS\".\"FEATURES\" VALUES ('2024-01-01', 3)");
  Warehouse warehouse;
  EXPECT_EQ(warehouse.scan({.table = {.schema = "SIGNALS", .table = "FEATURES", .database = "POSTGRES"},
                            .columns = {"TOTAL"},
                            .cursor = {.column = "UPDATED_AT"}}),
            (Rows{{"3"}}));
}

TEST(PostgresNames, ExactNameWinsOverOneThatDiffersInCase) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.orders (a int); CREATE TABLE names.\"Orders\" (b int); CREATE TABLE names.lone (c int)");
  Warehouse warehouse;
  EXPECT_EQ(column_names(warehouse.describe({.schema = "names", .table = "orders"})), (Names{"a"}));
  EXPECT_EQ(column_names(warehouse.describe({.schema = "names", .table = "Orders"})), (Names{"b"}));
  EXPECT_EQ(column_names(warehouse.describe({.schema = "NAMES", .table = "LONE"})), (Names{"c"}));
  const RecordedError error = failure_of([&] { warehouse.describe({.schema = "names", .table = "ORDERS"}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(error.message,
            "relation \"names\".\"ORDERS\" does not exist; several differ from it in case only: \"names\".\"Orders\", "
            "\"names\".\"orders\"");
}

TEST(PostgresNames, ColumnsEqualButForCaseStayApart) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.t (\"Value\" int, value int, \"VALUE\" int, \"At\" timestamptz); INSERT INTO names.t VALUES "
      "(1, 2, 3, '2024-01-01')");
  Warehouse warehouse;
  const TableSpec table{.schema = "names", .table = "t"};
  EXPECT_EQ(
      warehouse.scan(
          {.table = table, .columns = {"VALUE", "value", "Value"}, .cursor = {.column = "AT"}, .keys = {"value"}}),
      (Rows{{"3", "2", "1"}}));
  EXPECT_EQ(
      failure_of([&] { warehouse.scan({.table = table, .columns = {"vAlUe"}, .cursor = {.column = "At"}}); }).message,
      "table \"names\".\"t\" has no column \"vAlUe\" (did you mean \"Value\" or \"value\" or \"VALUE\"?)");
}

TEST(PostgresNames, DroppedColumnsAreGoneAndAllColumnsAreReadWhenNoneIsNamed) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.t (a int, b int, at timestamptz); INSERT INTO names.t VALUES (1, 2, '2024-01-01'); ALTER "
      "TABLE names.t DROP COLUMN a");
  Warehouse warehouse;
  EXPECT_EQ(warehouse.scan({.table = {.schema = "names", .table = "t"}, .columns = {}}),
            (Rows{{"2", "1704067200000000"}}));
}

TEST(PostgresNames, MissingSchemaTableAndColumnSayWhatIsNear) {
  fresh_schema("names");
  shared_server().exec("CREATE TABLE names.customers (id int, updated_at timestamptz)");
  Warehouse warehouse;
  const auto message = [&](const TableSpec& table, const std::string& cursor) {
    const RecordedError error = failure_of([&] { warehouse.horizon(table, {.column = cursor}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    return error.message;
  };
  EXPECT_EQ(message({.schema = "nmaes", .table = "customers"}, "x"),
            "schema \"nmaes\" does not exist (did you mean \"names\"?)");
  EXPECT_EQ(message({.schema = "names", .table = "Custmers"}, "x"),
            "relation \"names\".\"Custmers\" does not exist (did you mean \"customers\"?)");
  EXPECT_EQ(message({.schema = "names", .table = "zebra"}, "x"), "relation \"names\".\"zebra\" does not exist");
  EXPECT_EQ(message({.schema = "names", .table = "customers"}, "update_at"),
            "table \"names\".\"customers\" has no column \"update_at\" (did you mean \"updated_at\"?)");
  EXPECT_EQ(message({.table = "nowhere"}, "x"), "relation \"public\".\"nowhere\" does not exist");
}

TEST(PostgresNames, OtherDatabaseThanTheConnectionsIsRefused) {
  Warehouse warehouse;
  const RecordedError error =
      failure_of([&] { warehouse.describe({.schema = "public", .table = "t", .database = "SNOWPLOW_DEV1"}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.message,
            "the batch source is in database \"SNOWPLOW_DEV1\", but the warehouse is connected to \"postgres\"");
}

TEST(PostgresNames, NamesThatTryToBeSqlAreOnlyNames) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.victim (id int, at timestamptz DEFAULT '2024-01-01'); INSERT INTO names.victim VALUES (1)");
  Warehouse superuser({{"dsn", reader_dsn(shared_server(), "postgres")}});
  for (const std::string evil : {"victim; DROP TABLE names.victim", "victim\"; DROP TABLE names.victim; --",
                                 "victim' OR '1'='1", "victim) TO PROGRAM 'id' --", "vic\\tim", "%s%n", "$1"}) {
    EXPECT_EQ(failure_of([&] { superuser.describe({.schema = "names", .table = evil}); }).status,
              PENSTOCK_STATUS_NOT_FOUND)
        << evil;
    EXPECT_EQ(failure_of([&] { superuser.describe({.schema = evil, .table = "victim"}); }).status,
              PENSTOCK_STATUS_NOT_FOUND)
        << evil;
    EXPECT_EQ(failure_of([&] {
                superuser.scan({.table = {.schema = "names", .table = "victim"}, .columns = {evil}});
              }).status,
              PENSTOCK_STATUS_NOT_FOUND);
    EXPECT_EQ(failure_of([&] {
                superuser.scan({.table = {.schema = "names", .table = "victim"}, .columns = {"id"}, .keys = {evil}});
              }).status,
              PENSTOCK_STATUS_NOT_FOUND);
  }
  EXPECT_EQ(failure_of([&] { superuser.describe({.schema = "names", .table = std::string("victim\0x", 8)}); }).message,
            "table: a name cannot hold a NUL byte");
  EXPECT_EQ(shared_server().value("SELECT count(*) FROM names.victim"), "1");
}

TEST(PostgresNames, QueryIsOneStatementThatOnlyReads) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.victim (id int, at timestamptz DEFAULT '2024-01-01'); INSERT INTO names.victim VALUES (1);"
      "CREATE FUNCTION names.burn() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM names.victim; RETURN 1; END "
      "$$");
  Warehouse superuser({{"dsn", reader_dsn(shared_server(), "postgres")}});
  for (const std::string evil :
       {"SELECT 1 AS id, now() AS at; DROP TABLE names.victim", "SELECT 1) AS q; DROP TABLE names.victim; --",
        "SELECT 1 AS id, now() AS at) AS t) TO PROGRAM 'touch /tmp/penstock-pwned' --",
        "DELETE FROM names.victim RETURNING id, at",
        "WITH d AS (DELETE FROM names.victim RETURNING id, at) SELECT * FROM d",
        "SELECT names.burn() AS id, '2024-01-01'::timestamptz AS at", "SELECT $1::int AS id, now() AS at",
        "SELECT 1 AS id, 2 AS id, now() AS at", "SELECT 'unterminated", ""}) {
    const RecordedError error =
        failure_of([&] { superuser.scan({.table = {.schema = "names", .query = evil + " "}, .columns = {"id"}}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT) << evil << ": " << error.message;
  }
  EXPECT_EQ(shared_server().value("SELECT count(*) FROM names.victim"), "1");
}

TEST(PostgresNames, TemporaryOrUserObjectsCannotShadowTheCatalog) {
  shared_server().exec(
      "DROP TABLE IF EXISTS public.pg_class; CREATE TABLE public.pg_class (x int); GRANT SELECT ON public.pg_class TO "
      "PUBLIC;"
      "ALTER ROLE penstock SET search_path = public, pg_catalog");
  fresh_schema("names");
  shared_server().exec("CREATE TABLE names.t (id int)");
  Warehouse warehouse;
  EXPECT_EQ(column_names(warehouse.describe({.schema = "names", .table = "t"})), (Names{"id"}));
  shared_server().exec("DROP TABLE public.pg_class; ALTER ROLE penstock RESET ALL");
}

TEST(PostgresNames, ForbiddenTableSchemaOrColumnNamesTheGrantThatHelps) {
  fresh_schema("names");
  shared_server().exec(
      "DROP ROLE IF EXISTS \"Poor Role\"; CREATE ROLE \"Poor Role\" LOGIN;"
      "CREATE TABLE names.secret (id int, ssn text, at timestamptz); REVOKE USAGE ON SCHEMA names FROM PUBLIC");
  Warehouse poor({{"dsn", reader_dsn(shared_server(), "Poor%20Role")}});
  const TableSpec table{.schema = "names", .table = "secret"};
  RecordedError error = failure_of([&] { poor.describe(table); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
  EXPECT_EQ(error.message,
            "role \"Poor Role\" may not use schema \"names\": GRANT USAGE ON SCHEMA \"names\" TO \"Poor Role\"");
  shared_server().exec("GRANT USAGE ON SCHEMA \"names\" TO \"Poor Role\"");
  error = failure_of([&] { poor.describe(table); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
  EXPECT_EQ(error.message,
            "role \"Poor Role\" may not read table \"names\".\"secret\": GRANT SELECT ON \"names\".\"secret\" TO "
            "\"Poor Role\"");
  shared_server().exec("GRANT SELECT (id, at) ON \"names\".\"secret\" TO \"Poor Role\"");
  error = failure_of([&] { poor.scan({.table = table, .columns = {"id", "ssn"}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
  EXPECT_EQ(error.message,
            "role \"Poor Role\" may not read the columns \"ssn\" of table \"names\".\"secret\": GRANT SELECT (\"ssn\") "
            "ON \"names\".\"secret\" TO \"Poor Role\"");
  EXPECT_EQ(poor.scan({.table = table, .columns = {"id"}}), Rows{});
  shared_server().exec("GRANT SELECT ON names.secret TO \"Poor Role\"");
  EXPECT_EQ(poor.scan({.table = table, .columns = {"id", "ssn"}}), Rows{});
  error = failure_of(
      [&] { poor.scan({.table = {.query = "SELECT oid AS id, now() AS at FROM pg_authid"}, .columns = {"id"}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
  EXPECT_EQ(error.sqlstate, "42501");
}

TEST(PostgresNames, RowLevelSecurityIsAnErrorAndNeverFewerRows) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.t (id int, at timestamptz DEFAULT '2024-01-01'); INSERT INTO names.t VALUES (1), (2);"
      "ALTER TABLE names.t ENABLE ROW LEVEL SECURITY; CREATE POLICY first_only ON names.t USING (id = 1);"
      "CREATE VIEW names.v AS SELECT * FROM names.t WHERE id = 1");
  Warehouse warehouse;
  for (const TableSpec& table : {TableSpec{.schema = "names", .table = "t"}, TableSpec{.query = "SELECT * FROM names.t"}}) {
    const RecordedError error = failure_of([&] { warehouse.scan({.table = table, .columns = {"id"}}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED);
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    EXPECT_NE(error.message.find("row-level security policy for table \"t\""), std::string::npos) << error.message;
  }
  EXPECT_EQ(warehouse.scan({.table = {.schema = "names", .table = "v"}, .columns = {"id"}}), (Rows{{"1"}}));
}

TEST(PostgresNames, OnlyReadableTablesAreListed) {
  fresh_schema("names");
  shared_server().exec(
      "CREATE TABLE names.b (id int); CREATE VIEW names.a AS SELECT 1 AS x; CREATE TABLE names.parts (id int) "
      "PARTITION BY LIST (id);"
      "CREATE TABLE names.p1 PARTITION OF names.parts FOR VALUES IN (1); CREATE INDEX ON names.b (id)");
  Warehouse warehouse;
  Names listed;
  for (const std::string& name : warehouse.list_tables())
    if (name.find(".names.") != std::string::npos) listed.push_back(name);
  EXPECT_EQ(listed, (Names{"postgres.names.a", "postgres.names.b", "postgres.names.parts"}));
  shared_server().exec("DROP ROLE IF EXISTS nobody_else; CREATE ROLE nobody_else LOGIN");
  Warehouse nobody({{"dsn", reader_dsn(shared_server(), "nobody_else")}});
  const Names none = nobody.list_tables();
  EXPECT_TRUE(std::none_of(none.begin(), none.end(),
                           [](const std::string& name) { return name.find(".names.") != std::string::npos; }));
}

}  // namespace
}  // namespace penstock::test
