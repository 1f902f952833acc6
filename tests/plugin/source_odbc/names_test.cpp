#include "warehouse.hpp"

namespace penstock::test {
namespace {

using Names = std::vector<std::string>;

Names column_names(const Schema& schema) {
  Names names;
  for (const Field& field : schema) names.push_back(field.name);
  return names;
}

class OdbcNames : public EveryDatabase {
 protected:
  std::string quoted(const std::string& name) const {
    std::string out = db.quote;
    for (const char c : name) out += std::string(c == db.quote[0] ? 2 : 1, c);
    return out + db.quote;
  }
  // A table with a row, whose first column has this name and the value 1.
  void make_table(const std::string& table, const std::string& column) {
    db.exec({"CREATE TABLE " + db.path(quoted(table)) + " (" + quoted(column) + " INT, at " + db.wall + ")",
             "INSERT INTO " + db.path(quoted(table)) + " VALUES (1, '2024-01-01 00:00:00')"});
  }
  static ScanSpec scan_of(const TableSpec& table, const std::string& column) {
    return {.table = table, .columns = {column}, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {column}};
  }
};

TEST_P(OdbcNames, TextWithinAQueryIsWhatItSays) {
  db.exec({"CREATE TABLE " + db.path("one") + " (at " + db.wall + ")", "INSERT INTO " + db.path("one") + " VALUES ('2024-01-01 00:00:00')"});
  const std::string hex = db.name == "postgres" ? "encode(convert_to('\u00fc\U0001f600', 'UTF8'), 'hex')" : "LOWER(HEX('\u00fc\U0001f600'))";
  Warehouse warehouse(db);
  TableSpec query = db.table("");
  query.table = {};
  query.query = "SELECT " + hex + " AS h, at FROM " + db.path("one");
  EXPECT_EQ(warehouse.scan({.table = query, .columns = {"h"}, .cursor = {.column = "at", .timezone = "UTC"}}), (Rows{{"c3bcf09f9880"}}));
}

TEST_P(OdbcNames, QuotedUpperCaseDottedAndReservedNamesAreFoundAndRead) {
  for (const std::string name : {"UPPER", "dot.ted", "select", "with space", "quo\"te", "quo`te", "\u00fcml\u00e4ut", "semi;colon--", "per%cent", "brace{fn x}", "ques?tion", "back\\slash", "\u00fcber\U0001f600"}) {
    SCOPED_TRACE(name);
    if (db.name == "mariadb" && name.find('\xf0') != std::string::npos) continue;  // it has no such names
    db.fresh();
    make_table(name, name);
    Warehouse warehouse(db);
    EXPECT_EQ(column_names(warehouse.describe(db.table(name))), (Names{name, "at"}));
    EXPECT_EQ(warehouse.scan(scan_of(db.table(name), name)), (Rows{{"1"}}));
  }
}

TEST_P(OdbcNames, ANameIsNoPattern) {
  make_table("axb", "wrong");
  make_table("a_b", "right");
  Warehouse warehouse(db);
  EXPECT_EQ(column_names(warehouse.describe(db.table("a_b"))), (Names{"right", "at"}));
  EXPECT_EQ(failure_of([&] { warehouse.describe(db.table("a%")); }).status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(failure_of([&] { warehouse.describe(db.table("%")); }).status, PENSTOCK_STATUS_NOT_FOUND);
}

TEST_P(OdbcNames, ExactNameWinsOverOneThatDiffersInCase) {
  make_table("lone", "c");
  {
    Warehouse warehouse(db);
    EXPECT_EQ(column_names(warehouse.describe(db.table("LONE"))), (Names{"c", "at"}));
    EXPECT_EQ(warehouse.scan(scan_of(db.table("LONE"), "C")), (Rows{{"1"}}));
  }
  if (db.name == "sqlite") return;
  make_table("orders", "a");
  make_table("Orders", "b");
  Warehouse warehouse(db);
  EXPECT_EQ(column_names(warehouse.describe(db.table("orders"))), (Names{"a", "at"}));
  EXPECT_EQ(column_names(warehouse.describe(db.table("Orders"))), (Names{"b", "at"}));
  const RecordedError error = failure_of([&] { warehouse.describe(db.table("ORDERS")); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_NE(error.message.find("several fit but for case: "), std::string::npos) << error.message;
}

TEST_P(OdbcNames, MissingTableAndColumnSayWhatIsNear) {
  make_table("customers", "updated_at");
  Warehouse warehouse(db);
  const auto message = [&](const TableSpec& table, const std::string& cursor) {
    const RecordedError error = failure_of([&] { warehouse.horizon(table, {.column = cursor, .timezone = "UTC"}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND) << error.message;
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
    return error.message;
  };
  EXPECT_NE(message(db.table("Custmers"), "x").find("(did you mean \"customers\"?)"), std::string::npos);
  EXPECT_EQ(message(db.table("zebra"), "x").find("did you mean"), std::string::npos);
  EXPECT_NE(message(db.table("customers"), "update_at").find("has no column \"update_at\" (did you mean \"updated_at\"?)"), std::string::npos);
}

TEST_P(OdbcNames, AllColumnsAreReadWhenNoneIsNamed) {
  make_table("t", "a");
  Warehouse warehouse(db);
  EXPECT_EQ(warehouse.scan({.table = db.table("t"), .columns = {}, .cursor = {.column = "at", .timezone = "UTC"}}), (Rows{{"1", "1704067200000000"}}));
}

TEST_P(OdbcNames, NamesThatTryToBeSqlAreOnlyNames) {
  make_table("victim", "id");
  const Given writer = db.name == "postgres"  ? Given{{"dsn", postgres_connection(postgres_server(), "postgres")}}
                       : db.name == "mariadb" ? Given{{"dsn", mariadb_server().connection()}, {"password", ""}}
                                              : Given{};
  Warehouse warehouse(db, writer);
  for (const std::string evil : {"victim; DROP TABLE victim", "victim\"; DROP TABLE victim; --", "victim`; DROP TABLE victim; --", "victim' OR '1'='1", "vic\\tim", "%s%n", "$1", "?", "{fn x}"}) {
    SCOPED_TRACE(evil);
    const auto status = [&](const ScanSpec& spec) { return failure_of([&] { warehouse.scan(spec); }).status; };
    EXPECT_EQ(failure_of([&] { warehouse.describe(db.table(evil)); }).status, PENSTOCK_STATUS_NOT_FOUND);
    EXPECT_EQ(status(scan_of(db.table("victim"), evil)), PENSTOCK_STATUS_NOT_FOUND);
    ScanSpec by_key = scan_of(db.table("victim"), "id");
    by_key.keys = {evil};
    EXPECT_EQ(status(by_key), PENSTOCK_STATUS_NOT_FOUND);
    by_key = scan_of(db.table("victim"), "id");
    by_key.cursor.column = evil;
    EXPECT_EQ(status(by_key), PENSTOCK_STATUS_NOT_FOUND);
  }
  EXPECT_EQ(failure_of([&] { warehouse.describe(db.table(std::string("victim\0x", 8))); }).message, "table: a name cannot hold a NUL byte");
  EXPECT_EQ(db.value("SELECT count(*) FROM " + db.path("victim")), "1");
}

TEST_P(OdbcNames, QueryIsOneStatementThatOnlyReads) {
  make_table("victim", "id");
  const Given writer = db.name == "postgres"  ? Given{{"dsn", postgres_connection(postgres_server(), "postgres")}}
                       : db.name == "mariadb" ? Given{{"dsn", mariadb_server().connection()}, {"password", ""}}
                                              : Given{};
  Warehouse warehouse(db, writer);
  const std::string victim = db.path("victim");
  for (const std::string& evil : {"SELECT 1 AS id, 2 AS at; DROP TABLE " + victim, "SELECT 1 AS id) AS q; DROP TABLE " + victim + "; --",
                                  "SELECT 1 AS id, 2 AS at) AS q; COMMIT; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; COMMIT; DROP TABLE " + victim + "; --",
                                  "DELETE FROM " + victim,
                                  "DELETE FROM " + victim + " RETURNING id, at", "WITH d AS (DELETE FROM " + victim + " RETURNING id, at) SELECT * FROM d",
                                  std::string("SELECT 1 AS id, 2 AS id, 3 AS at"), std::string("SELECT 'unterminated"), std::string("SELECT ? AS id, 1 AS at"), std::string(" ")}) {
    TableSpec query = db.table("");
    query.query = evil;
    const RecordedError error = failure_of([&] { warehouse.scan({.table = query, .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}}); });
    EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT) << evil << ": " << error.message;
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER) << evil;
  }
  EXPECT_EQ(db.value("SELECT count(*) FROM " + victim), "1");
}

TEST_P(OdbcNames, ReadableTablesAreListed) {
  make_table("b", "id");
  db.exec({"CREATE VIEW " + db.path("a") + " AS SELECT * FROM " + db.path("b")});
  Warehouse warehouse(db);
  const TableSpec here = db.table("");
  const std::string place = (db.name == "postgres" ? "postgres" : here.database) + "." + here.schema + ".";
  Names listed;
  for (const std::string& name : warehouse.list_tables())
    if (name.starts_with(place)) listed.push_back(name.substr(place.size()));
  std::sort(listed.begin(), listed.end());
  EXPECT_EQ(listed, (Names{"a", "b"}));
}

PENSTOCK_EVERY_DATABASE(OdbcNames);

TEST(OdbcPostgresNames, ColumnsEqualButForCaseStayApart) {
  const Database db = postgres_database();
  db.fresh();
  db.exec({"CREATE TABLE o.t (\"Value\" int, value int, \"VALUE\" int, \"At\" timestamptz)", "INSERT INTO o.t VALUES (1, 2, 3, '2024-01-01')"});
  Warehouse warehouse(db);
  EXPECT_EQ(warehouse.scan({.table = db.table("t"), .columns = {"VALUE", "value", "Value"}, .cursor = {.column = "AT"}, .keys = {"value"}}), (Rows{{"3", "2", "1"}}));
  EXPECT_EQ(failure_of([&] { warehouse.scan({.table = db.table("t"), .columns = {"vAlUe"}, .cursor = {.column = "At"}}); }).status, PENSTOCK_STATUS_NOT_FOUND);
}

TEST(OdbcPostgresNames, OtherDatabaseThanTheConnectionsIsRefused) {
  Warehouse warehouse(postgres_database());
  const RecordedError error = failure_of([&] { warehouse.describe({.schema = "public", .table = "t", .database = "SNOWPLOW_DEV1"}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.message, "the batch source is in database \"SNOWPLOW_DEV1\", but the warehouse is connected to \"postgres\"");
}

TEST(OdbcPostgresNames, ForbiddenTableIsPermissionDenied) {
  const Database db = postgres_database();
  db.fresh();
  db.exec({"DROP ROLE IF EXISTS \"Poor Role\"", "CREATE ROLE \"Poor Role\" LOGIN", "CREATE TABLE o.secret (id int, at timestamptz)"});
  Warehouse poor(db, {{"dsn", postgres_connection(postgres_server(), "Poor Role")}});
  const RecordedError error = failure_of([&] { poor.scan({.table = db.table("secret"), .columns = {"id"}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_PERMISSION_DENIED) << error.message;
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  db.exec({"GRANT SELECT ON o.secret TO \"Poor Role\""});
  EXPECT_EQ(poor.scan({.table = db.table("secret"), .columns = {"id"}}), Rows{});
}

TEST(OdbcMariadbNames, TablesOfAnotherDatabaseAndOfOnesOwnAreFoundByDatabaseOrSchema) {
  const Database db = mariadb_database();
  db.fresh();
  db.exec({"CREATE DATABASE IF NOT EXISTS `other db`", "DROP TABLE IF EXISTS `other db`.t", "CREATE TABLE `other db`.t (id INT, at DATETIME)", "INSERT INTO `other db`.t VALUES (7, '2024-01-01')"});
  Warehouse warehouse(db);
  for (const TableSpec& table : {TableSpec{.table = "t", .database = "other db"}, TableSpec{.schema = "other db", .table = "t"}})
    EXPECT_EQ(warehouse.scan({.table = table, .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}}), (Rows{{"7"}}));
  EXPECT_EQ(failure_of([&] { warehouse.describe({.table = "t"}); }).status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(failure_of([&] { warehouse.describe({.table = "t", .database = "nowhere"}); }).status, PENSTOCK_STATUS_NOT_FOUND);
  db.exec({"DROP DATABASE `other db`"});
}

TEST(OdbcMariadbNames, TableThatTheUserMayNotReadIsNotFoundOrForbidden) {
  const Database db = mariadb_database();
  db.fresh();
  db.exec({"CREATE TABLE secret (id INT, at DATETIME)", "CREATE TABLE open_to_all (id INT, at DATETIME)", "CREATE OR REPLACE USER poor", "GRANT SELECT ON penstock.open_to_all TO poor"});
  Warehouse poor(db, {{"dsn", mariadb_server().connection("poor")}, {"password", ""}});
  EXPECT_EQ(poor.scan({.table = db.table("open_to_all"), .columns = {"id"}, .cursor = {.column = "at", .timezone = "UTC"}}), Rows{});
  const RecordedError error = failure_of([&] { poor.describe(db.table("secret")); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_NOT_FOUND) << error.message;
  EXPECT_NE(error.message.find("or the user may not see it"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace penstock::test
