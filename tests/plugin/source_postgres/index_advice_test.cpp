#include "warehouse.hpp"

namespace penstock::test {
namespace {

// What `plan` advises for this table, view or query.
std::string advice_for(const TableSpec& table, const CursorSpec& cursor = {}) {
  Warehouse warehouse;
  return warehouse.plan({.table = table, .columns = {"id"}, .cursor = cursor, .keys = {"id"}}).advice;
}
std::string advice_for(const std::string& table) { return advice_for(TableSpec{.schema = "adv", .table = table}); }

void make_table(const std::string& name, int rows) {
  shared_server().exec("CREATE TABLE adv." + name + " (id int, at timestamptz); INSERT INTO adv." + name +
                       " SELECT n, now() FROM generate_series(1, " + std::to_string(rows) + ") n; ANALYZE adv." + name);
}

TEST(PostgresIndexAdvice, ABigTableWithoutAnIndexOnTheCursorNamesTheIndexThatHelps) {
  fresh_schema("adv");
  make_table("big", 20000);
  EXPECT_EQ(advice_for("big"),
            "no index of table \"adv\".\"big\" (about 20000 rows) begins with the timestamp field \"at\", so every run reads all "
            "of it: CREATE INDEX ON \"adv\".\"big\" (\"at\")");
  const std::string advice = advice_for("big");
  shared_server().exec(advice.substr(advice.find("CREATE INDEX")));
  EXPECT_EQ(advice_for("big"), "") << "the remedy helps";
}

TEST(PostgresIndexAdvice, OnlyAnIndexThatFindsARangeOfAllRowsCounts) {
  fresh_schema("adv");
  make_table("big", 20000);
  const auto advised_with = [](const std::string& index) {
    shared_server().exec("CREATE INDEX big_at ON adv.big " + index);
    const bool advised = !advice_for("big").empty();
    shared_server().exec("DROP INDEX adv.big_at");
    return advised;
  };
  EXPECT_TRUE(advised_with("(id, at)"));
  EXPECT_TRUE(advised_with("(at) WHERE id > 5"));
  EXPECT_TRUE(advised_with("USING hash (at)"));
  EXPECT_TRUE(advised_with("((at AT TIME ZONE 'UTC'))"));
  EXPECT_FALSE(advised_with("(at, id)"));
  EXPECT_FALSE(advised_with("(at DESC)"));
  EXPECT_FALSE(advised_with("USING brin (at)"));
}

TEST(PostgresIndexAdvice, ASmallTableNeedsNone) {
  fresh_schema("adv");
  make_table("small", 1000);
  EXPECT_EQ(advice_for("small"), "");
}

TEST(PostgresIndexAdvice, ATableThatWasNeverAnalyzedIsJudgedByItsSize) {
  fresh_schema("adv");
  shared_server().exec("CREATE TABLE adv.new (id int, at timestamptz) WITH (autovacuum_enabled = false);"
                       "INSERT INTO adv.new SELECT n, now() FROM generate_series(1, 200000) n");
  EXPECT_NE(advice_for("new"), "");
}

TEST(PostgresIndexAdvice, OfAPartitionedTableEachBigPartitionNeedsOne) {
  fresh_schema("adv");
  shared_server().exec(
      "CREATE TABLE adv.parts (id int, at timestamptz) PARTITION BY RANGE (id);"
      "CREATE TABLE adv.p1 PARTITION OF adv.parts FOR VALUES FROM (0) TO (20000);"
      "CREATE TABLE adv.p2 PARTITION OF adv.parts FOR VALUES FROM (20000) TO (50000);"
      "CREATE TABLE adv.p3 PARTITION OF adv.parts FOR VALUES FROM (50000) TO (50100);"
      "INSERT INTO adv.parts SELECT n, now() FROM generate_series(0, 50050) n; ANALYZE adv.parts");
  EXPECT_EQ(advice_for("parts"),
            "no index of partition \"adv\".\"p2\" (about 30000 rows) and 1 other begins with the timestamp field \"at\", so every "
            "run reads all of it: CREATE INDEX ON \"adv\".\"parts\" (\"at\")");
  shared_server().exec("CREATE INDEX ON adv.p2 (at)");
  EXPECT_NE(advice_for("parts").find("partition \"adv\".\"p1\" (about 20000 rows) begins"), std::string::npos);
  shared_server().exec("CREATE INDEX ON adv.parts (at)");
  EXPECT_EQ(advice_for("parts"), "");
}

TEST(PostgresIndexAdvice, ChildTablesAndMaterializedViewsAreTablesToo) {
  fresh_schema("adv");
  make_table("parent", 100);
  shared_server().exec("CREATE INDEX ON adv.parent (at); CREATE TABLE adv.child () INHERITS (adv.parent);"
                       "INSERT INTO adv.child SELECT n, now() FROM generate_series(1, 20000) n; ANALYZE adv.child;"
                       "CREATE MATERIALIZED VIEW adv.seen AS SELECT * FROM adv.parent; ANALYZE adv.seen");
  EXPECT_EQ(advice_for("parent"),
            "no index of table \"adv\".\"child\" (about 20000 rows) begins with the timestamp field \"at\", so every run reads all "
            "of it: CREATE INDEX ON \"adv\".\"child\" (\"at\")");
  EXPECT_NE(advice_for("seen").find("materialized view \"adv\".\"seen\" (about 20100 rows)"), std::string::npos);
}

TEST(PostgresIndexAdvice, NothingIsSaidOfViewsAndQueriesWhoseWayToTheRowsIsNotKnown) {
  fresh_schema("adv");
  make_table("big", 20000);
  shared_server().exec("CREATE VIEW adv.shown AS SELECT * FROM adv.big; GRANT SELECT ON adv.shown TO PUBLIC");
  EXPECT_EQ(advice_for("shown"), "");
  EXPECT_EQ(advice_for(TableSpec{.query = "SELECT * FROM adv.big"}), "");
}

TEST(PostgresIndexAdvice, KnowsTheColumnByItsNameHoweverItIsWritten) {
  fresh_schema("adv");
  make_table("big", 20000);
  shared_server().exec("ALTER TABLE adv.big RENAME at TO \"Changed \"\"At\"");
  const std::string advice = advice_for(TableSpec{.schema = "adv", .table = "big"}, {.column = "CHANGED \"AT"});
  EXPECT_NE(advice.find("CREATE INDEX ON \"adv\".\"big\" (\"Changed \"\"At\")"), std::string::npos) << advice;
}

}  // namespace
}  // namespace penstock::test
