#include "stage/row_plan.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using penstock::list_of;
using penstock::Type;

penstock::Field column(std::string name, Type type) { return {.name = std::move(name), .type = type}; }

Schema table() {
  return {column("id", Type::utf8),       instant("UPDATED_AT"),         column("created", Type::timestamp_us),
          column("Amount", Type::int64),  column("amount", Type::int32), list_of("tags", Type::utf8),
          column("score", Type::float64), column("day", Type::date32),   column("xid", Type::uint64),
          column("naive", Type::timestamp_ms)};
}

struct Definition {
  View view = {};
  BatchSource source = {};
  Entity entity = {};
  Schema schema = table();

  Definition() {
    view.id = {"users", 1};
    view.fields = {{"score", "", {Scalar::float64, false}, ""}};
    source.timestamp_field = "UPDATED_AT";
    entity.keys = {"id"};
  }
  Result<RowPlan> plan(std::optional<int64_t> cursor_unit_ns = {}) const { return RowPlan::make(view, source, entity, schema, cursor_unit_ns); }
  std::string problem(std::optional<int64_t> cursor_unit_ns = {}) const {
    const auto made = plan(cursor_unit_ns);
    return made ? "" : made.failure().message;
  }
};

TEST(RowPlan, FindsKeysCursorOrderAndFields) {
  Definition definition;
  definition.entity.keys = {"id", "day"};
  definition.source.created_timestamp_column = "created";
  definition.view.timezone = "UTC";
  definition.view.fields = {{"s", "score", {Scalar::float64, false}, ""}, {"labels", "tags", {Scalar::string, true}, ""}};
  const auto plan = definition.plan();
  ASSERT_TRUE(plan) << plan.failure().message;
  EXPECT_EQ(plan->keys(), (std::vector<size_t>{0, 7}));
  EXPECT_EQ(plan->key_columns(), (std::vector<std::string>{"id", "day"}));
  EXPECT_EQ(plan->cursor(), 1u);
  EXPECT_EQ(plan->cursor_column(), "UPDATED_AT");
  EXPECT_EQ(plan->order(), (std::vector<size_t>{1, 2}));
  EXPECT_EQ(plan->fields(), (std::vector<size_t>{6, 5}));
  EXPECT_EQ(plan->order_size(), 2 * 8 + 16);
  EXPECT_EQ(plan->sink_schema(), (Schema{column("penstock.key", Type::binary),
                                         {.name = "penstock.order", .type = Type::fixed_binary, .width = 32},
                                         column("s", Type::float64), list_of("labels", Type::utf8)}));
}

TEST(RowPlan, AsksForEachColumnOnce) {
  Definition definition;
  definition.view.order_by = {"UPDATED_AT", "day"};
  definition.view.fields = {{"a", "score", {Scalar::float64, false}, ""},
                            {"b", "score", {Scalar::string, false}, ""},
                            {"c", "id", {Scalar::string, false}, ""},
                            {"d", "day", {Scalar::string, false}, ""}};
  const auto plan = definition.plan();
  ASSERT_TRUE(plan) << plan.failure().message;
  EXPECT_EQ(plan->columns(), (std::vector<std::string>{"id", "UPDATED_AT", "day", "score"}));
}

TEST(RowPlan, OrdersByTheCursorWhatOrderByLeavesEqual) {
  Definition definition;
  definition.view.order_by = {"day"};
  EXPECT_EQ(definition.plan()->order(), (std::vector<size_t>{7, 1}));
  definition.view.order_by = {"UPDATED_AT", "day"};
  EXPECT_EQ(definition.plan()->order(), (std::vector<size_t>{1, 7})) << "once is enough";
}

TEST(RowPlan, PrefersTheExactSpellingAndElseIgnoresCase) {
  Definition definition;
  definition.source.timestamp_field = "updated_at";
  definition.entity.keys = {"ID"};
  definition.view.fields = {{"amount", "", {Scalar::int64, false}, ""}, {"Amount", "", {Scalar::int64, false}, ""}};
  const auto plan = definition.plan();
  ASSERT_TRUE(plan) << plan.failure().message;
  EXPECT_EQ(plan->columns(), (std::vector<std::string>{"id", "UPDATED_AT", "amount", "Amount"}));
}

TEST(RowPlan, RefusesANameThatCouldBeTwoColumns) {
  Definition definition;
  definition.view.fields = {{"AMOUNT", "", {Scalar::int64, false}, ""}};
  EXPECT_EQ(definition.problem(), "field \"AMOUNT\" could be any of the columns \"Amount\", \"amount\"; spell it exactly");
}

TEST(RowPlan, NamesEveryMissingColumnAndWhatWasMeant) {
  Definition definition;
  definition.entity.keys = {"idd"};
  definition.source.timestamp_field = "UPDATED_ATT";
  definition.view.order_by = {"craeted"};
  definition.view.fields = {{"scoer", "", {Scalar::float64, false}, ""}, {"zzzzzz", "", {Scalar::float64, false}, ""}};
  const auto plan = definition.plan();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.failure().status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(plan.failure().retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(plan.failure().message,
            "key column \"idd\": no such column (did you mean \"id\"?); "
            "timestamp_field \"UPDATED_ATT\": no such column (did you mean \"UPDATED_AT\"?); "
            "order_by \"craeted\": no such column (did you mean \"created\"?); "
            "field \"scoer\": no such column (did you mean \"score\"?); "
            "field \"zzzzzz\": no such column");
}

TEST(RowPlan, RefusesKeysThatHaveNoOneText) {
  Definition definition;
  definition.entity.keys = {"score"};
  EXPECT_EQ(definition.problem(), "key column \"score\" is of type double, which cannot be a key");
  definition.entity.keys = {"id", "tags"};
  EXPECT_EQ(definition.problem(), "key column \"tags\" is of type list of text, which cannot be a key");
  definition.schema[0].type = Type::null;
  definition.entity.keys = {"id"};
  EXPECT_EQ(definition.problem(), "key column \"id\" is of type null, which cannot be a key");
}

TEST(RowPlan, WantsATimestampAsTimestampField) {
  Definition definition;
  definition.source.timestamp_field = "score";
  EXPECT_EQ(definition.problem(), "timestamp_field \"score\" is of type double; it must be a timestamp or a date");
  definition.source.timestamp_field = "id";
  EXPECT_EQ(definition.problem(), "timestamp_field \"id\" is of type text; it must be a timestamp or a date");
  definition.source.timestamp_field = "day";
  EXPECT_EQ(definition.problem(), "");
}

TEST(RowPlan, TakesAnIntegerAsTimestampFieldWhoseUnitTheSourceKnows) {
  Definition definition;
  definition.source.timestamp_field = "Amount";
  EXPECT_EQ(definition.problem(), "") << "the source is asked for a scan, and says it then";
  EXPECT_EQ(definition.plan()->cursor_unit_ns(), 0);
  EXPECT_EQ(definition.plan(1'000'000)->cursor_unit_ns(), 1'000'000);
  EXPECT_EQ(definition.problem(0),
            "timestamp_field \"Amount\" is of type int64, and its source does not say what it counts: tell the source "
            "(PostgreSQL: epoch_unit; files: types), or make it a timestamp in a query");
}

TEST(RowPlan, CountsNothingInOtherCursors) {
  Definition definition;
  EXPECT_EQ(definition.plan(0)->cursor_unit_ns(), 0);
  EXPECT_EQ(definition.plan(1000)->cursor_unit_ns(), 0);
  definition.source.cursor = CursorKind::xid;
  definition.source.timestamp_field = "xid";
  EXPECT_EQ(definition.plan(0)->cursor_unit_ns(), 0);
  EXPECT_EQ(definition.plan(1000)->cursor_unit_ns(), 0);
}

TEST(RowPlan, WantsAnIntegerAsTransactionId) {
  Definition definition;
  definition.source.cursor = CursorKind::xid;
  definition.source.timestamp_field = "xid";
  EXPECT_EQ(definition.problem(), "");
  definition.source.timestamp_field = "UPDATED_AT";
  EXPECT_EQ(definition.problem(), "timestamp_field \"UPDATED_AT\" is of type timestamp; cursor = \"xid\" needs a transaction id column");
}

TEST(RowPlan, CountsABackfillInTimestampsOnly) {
  Definition definition;
  definition.source.cursor = CursorKind::xid;
  definition.source.timestamp_field = "xid";
  definition.view.backfill_since_ns = 0;
  EXPECT_EQ(definition.problem(), "backfill_since is a time, and cursor = \"xid\" does not count in times; leave it out");
}

TEST(RowPlan, WantsAZoneWhereverNaiveTimesMatter) {
  Definition definition;
  definition.source.timestamp_field = "naive";
  definition.view.order_by = {"created"};
  definition.view.fields = {{"at", "naive", {Scalar::unix_timestamp, false}, ""}};
  EXPECT_EQ(definition.problem(),
            "timestamp_field \"naive\" is of type timestamp without time zone: set `timezone` on the view to the zone that its values are in; "
            "order_by \"created\" is of type timestamp without time zone: set `timezone` on the view to the zone that its values are in; "
            "field \"at\": column \"naive\" is of type timestamp without time zone: set `timezone` on the view to the zone that its values are in");
  definition.view.timezone = "Europe/Berlin";
  EXPECT_EQ(definition.problem(), "");
}

TEST(RowPlan, RefusesAZoneThatIsNone) {
  Definition definition;
  definition.view.timezone = "Mars/Olympus";
  EXPECT_EQ(definition.problem(), "timezone \"Mars/Olympus\" is not an IANA time zone that this machine knows (package tzdata)");
}

TEST(RowPlan, OrdersByTimesAndIntegersOnly) {
  Definition definition;
  definition.view.order_by = {"score", "tags", "amount", "id", "day"};
  EXPECT_EQ(definition.problem(),
            "order_by \"score\" is of type double, which has no order in time; order_by \"tags\" is of type list of text, which has no order in time");
}

TEST(RowPlan, RefusesFieldsThatNoValueOfTheColumnCanBecome) {
  Definition definition;
  definition.view.fields = {{"a", "day", {Scalar::int32, false}, ""}, {"b", "tags", {Scalar::string, false}, ""}};
  const auto plan = definition.plan();
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(plan.failure().message,
            "field \"a\": column \"day\" of type date cannot become int32; "
            "field \"b\": column \"tags\" of type list of text cannot become string");
}

TEST(RowPlan, TakesAViewWithoutFields) {
  Definition definition;
  definition.view.fields.clear();
  const auto plan = definition.plan();
  ASSERT_TRUE(plan) << plan.failure().message;
  EXPECT_EQ(plan->columns(), (std::vector<std::string>{"id", "UPDATED_AT"}));
}

}  // namespace
}  // namespace penstock::host
