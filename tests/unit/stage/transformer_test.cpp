#include "stage/transformer.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace penstock::host {
namespace {

using test::Cell;
using test::make_batch;
using test::null;
using test::Row;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// Eight bytes, as penstock.order has them for a time.
std::string time_bytes(int64_t value) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(((static_cast<uint64_t>(value) ^ (uint64_t{1} << 63)) >> shift) & 0xff);
  return bytes;
}
std::string big_endian(uint64_t value) { return time_bytes(static_cast<int64_t>(value ^ (uint64_t{1} << 63))); }

// A table of key, time (nanoseconds), value, and what a test adds.
struct Table {
  Schema schema{{.name = "id", .type = Type::utf8}, instant("at", Type::timestamp_ns), {.name = "v", .type = Type::int64}};
  View view = {};
  BatchSource source = {};
  Entity entity = {};
  WindowFilter window = {};
  int64_t fence = 7;
  bool ordered = false;
  int64_t cursor_unit_ns = 0;

  Table() {
    view.fields = {{"v", "", {Scalar::int32, false}, ""}};
    source.timestamp_field = "at";
    entity.keys = {"id"};
    window.null_timestamp = NullTimestamp::always;
  }

  Transformer transformer() const {
    auto plan = RowPlan::make(view, source, entity, schema, cursor_unit_ns);
    if (!plan) throw std::invalid_argument(plan.failure().message);
    return Transformer(std::make_shared<const RowPlan>(std::move(*plan)), window, fence, ordered);
  }
  Transformed apply(const std::vector<Row>& rows) const {
    Transformer made = transformer();
    return apply(made, rows);
  }
  Transformed apply(Transformer& made, const std::vector<Row>& rows, bool last = false) const {
    auto out = made.apply(make_batch(schema, rows), last);
    if (!out) throw std::runtime_error(out.failure().message);
    EXPECT_TRUE(validate_array(out->batch.schema(), std::as_const(out->batch).array()));
    EXPECT_EQ(out->read, out->batch.rows() + out->superseded + static_cast<int64_t>(out->rejects.size()));
    return std::move(*out);
  }
};

// Key and fields, without the order key.
std::vector<Row> written(const Transformed& out) {
  std::vector<Row> rows = test::rows_of(out.batch);
  for (Row& row : rows) row.erase(row.begin() + 1);
  return rows;
}

std::string order_of(const Transformed& out, size_t row) { return std::get<std::string>(test::rows_of(out.batch).at(row)[1].value); }

TEST(Transformer, PassesRowsOnInTheirOrder) {
  const Transformed out = Table().apply({{"b", 2, 20}, {"a", 1, 10}, {"c", 3, null}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"b", 20}, {"a", 10}, {"c", null}}));
  EXPECT_EQ(out.read, 3);
  EXPECT_EQ(out.superseded, 0);
  EXPECT_EQ(out.rejects, std::vector<Reject>{});
}

TEST(Transformer, MakesAnEmptyBatchOfAnEmptyBatch) {
  const Transformed out = Table().apply({});
  EXPECT_EQ(out.batch.rows(), 0);
  EXPECT_EQ(out.read, 0);
}

TEST(Transformer, KeepsTheWindowsUpperEdgeAndDropsItsLowerEdge) {
  Table table;
  const std::vector<Row> rows{{"a", 9, 1}, {"b", 10, 2}, {"c", 11, 3}, {"d", 20, 4}, {"e", 21, 5}};
  EXPECT_EQ(written(table.apply(rows)).size(), 5u);
  table.window.after = 10;
  EXPECT_EQ(written(table.apply(rows)), (std::vector<Row>{{"c", 3}, {"d", 4}, {"e", 5}}));
  table.window.until = 20;
  const Transformed out = table.apply(rows);
  EXPECT_EQ(written(out), (std::vector<Row>{{"c", 3}, {"d", 4}}));
  EXPECT_EQ(out.read, 2) << "what lies outside was not read";
}

TEST(Transformer, ComparesTheWindowInNanosecondsWhateverTheColumnsUnit) {
  Table table;
  table.schema[1] = instant("at", Type::timestamp_ms);
  table.window.after = 1'999'999;
  table.window.until = 2'000'000;
  EXPECT_EQ(written(table.apply({{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}})), (std::vector<Row>{{"b", 2}}));
}

TEST(Transformer, ComparesAnIntegerCursorInItsUnit) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::int32};
  table.cursor_unit_ns = 1'000'000'000;
  table.window.after = 1'999'999'999;
  table.window.until = 3'999'999'999;
  EXPECT_EQ(written(table.apply({{"a", 1, 1}, {"b", 2, 2}, {"c", 3, 3}, {"d", 4, 4}})), (std::vector<Row>{{"b", 2}, {"c", 3}}));
  table.cursor_unit_ns = 1;
  EXPECT_EQ(written(table.apply({{"a", 1'999'999'999, 1}, {"b", 2'000'000'000, 2}})), (std::vector<Row>{{"b", 2}}));
}

TEST(Transformer, OrdersAnIntegerCursorByItsInstant) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::int64};
  table.schema.push_back({.name = "seq", .type = Type::int64});
  table.view.order_by = {"at", "seq"};
  table.cursor_unit_ns = 1'000'000;
  const std::string order = order_of(table.apply({{"a", -5, 1, 9}}), 0);
  EXPECT_EQ(order.substr(0, 16), time_bytes(-5'000'000) + time_bytes(9)) << "no other integer counts in the unit";
}

TEST(Transformer, RejectsAnIntegerCursorBeyondTheNanosecondsOfAnInt64) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::int64};
  table.cursor_unit_ns = 1'000'000'000;
  const Transformed out = table.apply({{"a", 9'223'372'036, 1}, {"b", 9'223'372'037, 2}, {"c", -9'223'372'037, 3}, {"d", kMax, 4}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 1}}));
  ASSERT_EQ(out.rejects.size(), 3u);
  EXPECT_EQ(out.rejects[0], (Reject{"b", "at", "time outside 1678 to 2262, or infinity", "does not fit into nanoseconds"}));
  table.schema[1].type = Type::uint64;
  EXPECT_EQ(table.apply({{"a", -1, 1}}).rejects.size(), 1u);
  table.window.until = 5;
  EXPECT_EQ(table.apply({{"a", -1, 1}}).rejects.size(), 1u) << "nobody knows on which side of the window it is";
}

TEST(Transformer, GivesAFieldTheIntegerOfTheCursorOrItsInstant) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::int64};
  table.cursor_unit_ns = 1'000'000;
  table.view.fields = {{"raw", "at", {Scalar::int64, false}, ""}, {"when", "at", {Scalar::unix_timestamp, false}, ""}, {"made", "v", {Scalar::unix_timestamp, false}, ""}};
  EXPECT_EQ(written(table.apply({{"a", 1500, 2}})), (std::vector<Row>{{"a", 1500, 1'500'000'000, 2'000'000'000}}))
      << "another integer counts seconds";
}

TEST(Transformer, ComparesTransactionIdsAsNumbers) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::uint64};
  table.source.cursor = CursorKind::xid;
  table.window.after = 100;
  table.window.until = 200;
  EXPECT_EQ(written(table.apply({{"a", 100, 1}, {"b", 101, 2}, {"c", 200, 3}, {"d", 201, 4}})), (std::vector<Row>{{"b", 2}, {"c", 3}}));
}

TEST(Transformer, OrdersUnsignedIntegersAsSignedOnes) {
  // Otherwise every row would look older after a column's type has changed.
  Table table;
  table.schema.push_back({.name = "seq", .type = Type::int64});
  table.view.order_by = {"seq"};
  const std::string with_signed = order_of(table.apply({{"a", 1, 1, 5}}), 0);
  table.schema.back().type = Type::uint64;
  EXPECT_EQ(order_of(table.apply({{"a", 1, 1, 5}}), 0), with_signed);
  EXPECT_EQ(table.apply({{"a", 1, 1, int64_t{-1}}}).rejects,
            (std::vector<Reject>{{"a", "seq", "number outside int64", "does not fit into int64"}}));
}

TEST(Transformer, KeepsTheNewestRowOfAKeyWhereverItStands) {
  const Transformed out = Table().apply({{"a", 2, 20}, {"b", 5, 50}, {"a", 3, 30}, {"a", 1, 10}, {"b", 4, 40}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 30}, {"b", 50}}));
  EXPECT_EQ(out.read, 5);
  EXPECT_EQ(out.superseded, 3);
}

TEST(Transformer, DecidesTiesByValuesInEveryOrderOfDelivery) {
  std::vector<Row> rows{{"a", 1, 10}, {"a", 1, 20}, {"a", 1, 30}, {"a", 1, null}};
  const auto less = [](const Row& x, const Row& y) { return testing::PrintToString(x) < testing::PrintToString(y); };
  std::sort(rows.begin(), rows.end(), less);
  const std::vector<Row> winner = test::rows_of(Table().apply(rows).batch);
  ASSERT_EQ(winner.size(), 1u);
  do EXPECT_EQ(test::rows_of(Table().apply(rows).batch), winner);
  while (std::next_permutation(rows.begin(), rows.end(), less));
}

TEST(Transformer, PutsTimesThenFenceThenHashIntoTheOrderKey) {
  Table table;
  table.schema.push_back(instant("made", Type::timestamp_us));
  table.source.created_timestamp_column = "made";
  table.fence = 0x0102030405060708;
  const std::string order = order_of(table.apply({{"a", 5, 1, -1}}), 0);
  ASSERT_EQ(order.size(), 32u);
  EXPECT_EQ(order.substr(0, 8), time_bytes(5));
  EXPECT_EQ(order.substr(8, 8), time_bytes(-1000));
  EXPECT_EQ(order.substr(16, 8), "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_NE(order.substr(24), order_of(table.apply({{"a", 5, 2, -1}}), 0).substr(24));
  EXPECT_EQ(order.substr(24), order_of(table.apply({{"other", 6, 1, 0}}), 0).substr(24)) << "the hash is of the values alone";
}

TEST(Transformer, MakesOrderKeysThatSortLikeTimes) {
  const int64_t times[] = {kMin + 1, -1'000'000'000'000, -256, -255, -2, -1, 0, 1, 255, 256, 65535, 1'700'000'000'000'000'000, kMax - 1};
  std::string last;
  for (const int64_t at : times) {
    const std::string order = order_of(Table().apply({{"a", at, 1}}), 0);
    EXPECT_LT(last, order) << at;
    EXPECT_EQ(order.substr(8, 8), big_endian(7));
    last = order;
  }
}

TEST(Transformer, LetsALaterOrderColumnDecideTies) {
  Table table;
  table.schema.push_back({.name = "seq", .type = Type::int32});
  table.view.order_by = {"at", "seq"};
  const Transformed out = table.apply({{"a", 1, 10, 2}, {"a", 1, 20, -3}, {"a", 2, 30, null}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 30}}));
  EXPECT_EQ(order_of(out, 0).substr(0, 16), time_bytes(2) + time_bytes(kMin)) << "NULL comes before every time";
}

TEST(Transformer, LetsTheCursorDecideWhatOrderByLeavesEqual) {
  Table table;
  table.schema.push_back({.name = "seq", .type = Type::int32});
  table.view.order_by = {"seq"};
  const Transformed out = table.apply({{"a", 1, 10, 5}, {"a", 3, 30, 5}, {"a", 2, 20, 5}, {"a", 4, 40, 4}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 30}}));
}

TEST(Transformer, OrdersMixedOffsetsByInstant) {
  Table table;
  table.schema.push_back({.name = "when", .type = Type::utf8});
  table.view.order_by = {"when"};
  const Transformed out = table.apply({{"a", 1, 10, "2026-01-01T12:00:00+02:00"}, {"a", 1, 20, "2026-01-01T11:00:00Z"}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 20}}));
}

TEST(Transformer, RejectsKeysThatCannotBeKeysAndSaysWhy) {
  const std::string longest(kMaxKeyBytes, 'k');
  const Transformed out = Table().apply({{null, 1, 1}, {"", 1, 2}, {longest, 1, 3}, {longest + "k", 1, 4}, {" ", 1, 5}});
  EXPECT_EQ(out.rejects, (std::vector<Reject>{{"", "id", "NULL", "the entity's key is NULL"},
                                              {"", "id", "empty text", "the entity's key is empty"},
                                              {std::string(64, 'k'), "id", "text over 4096 bytes", "the entity's key is too long"}}));
  EXPECT_EQ(written(out), (std::vector<Row>{{longest, 3}, {" ", 5}})) << "spaces are part of a key";
}

TEST(Transformer, CutsNoCharacterOfALongKeyInTwo) {
  std::string key = "x";
  while (key.size() <= kMaxKeyBytes) key += "\xe2\x82\xac";  // 64 bytes end inside a character
  const Transformed out = Table().apply({{key, 1, 1}});
  ASSERT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.rejects[0].key, key.substr(0, 64));
  EXPECT_TRUE(is_utf8(out.rejects[0].key));
  const Transformed other = Table().apply({{"x" + key, 1, 1}});
  EXPECT_EQ(other.rejects[0].key, ("x" + key).substr(0, 62));
}

TEST(Transformer, JoinsCompositeKeysWithoutCollisions) {
  Table table;
  table.schema.push_back({.name = "part", .type = Type::utf8});
  table.entity.keys = {"id", "part"};
  const Transformed out = table.apply({{"a", 1, 1, "bc"}, {"ab", 1, 2, "c"}, {"1:a", 1, 3, ""}, {"", 1, 4, ""}, {"a", 2, 5, "bc"}, {"x", 1, 6, null}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"1:a2:bc", 5}, {"2:ab1:c", 2}, {"3:1:a0:", 3}, {"0:0:", 4}}));
  EXPECT_EQ(out.rejects, (std::vector<Reject>{{"", "part", "NULL", "the entity's key is NULL"}}));
}

TEST(Transformer, WritesEveryKeyTypeAsItsText) {
  const std::pair<Field, std::pair<Cell, const char*>> cases[] = {
      {{.name = "id", .type = Type::int64}, {-5, "-5"}},
      {{.name = "id", .type = Type::uint64}, {int64_t{-1}, "18446744073709551615"}},
      {{.name = "id", .type = Type::boolean}, {true, "true"}},
      {{.name = "id", .type = Type::date32}, {0, "1970-01-01"}},
      {{.name = "id", .type = Type::decimal128, .precision = 38, .scale = 0}, {test::decimal_bytes(1, 0), "18446744073709551616"}},
      {{.name = "id", .type = Type::binary}, {"\xc3\xa4", "\xc3\xa4"}},
      {instant("id", Type::timestamp_s), {0, "1970-01-01T00:00:00Z"}}};
  for (const auto& [column, value] : cases) {
    Table table;
    table.schema[0] = column;
    EXPECT_EQ(written(table.apply({{value.first, 1, 1}})), (std::vector<Row>{{value.second, 1}}));
  }
  Table table;
  table.schema[0].type = Type::binary;
  EXPECT_EQ(table.apply({{"\xff", 1, 1}}).rejects, (std::vector<Reject>{{"", "id", "binary", "is not valid UTF-8"}}));
}

TEST(Transformer, RejectsTheRowAndNotTheBatchWhenAValueDoesNotFit) {
  const Transformed out = Table().apply({{"a", 1, 1}, {"b", 1, int64_t{1} << 40}, {"c", 1, 3}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 1}, {"c", 3}}));
  EXPECT_EQ(out.rejects, (std::vector<Reject>{{"b", "v", "number outside int32", "does not fit into int32"}}));
}

TEST(Transformer, NamesTheFieldAndNotTheColumnInAReject) {
  Table table;
  table.view.fields = {{"value", "v", {Scalar::int32, false}, ""}};
  EXPECT_EQ(table.apply({{"b", 1, kMax}}).rejects.at(0).column, "value");
}

TEST(Transformer, LetsAnOlderGoodRowWinOverARejectedNewerOne) {
  const Transformed out = Table().apply({{"a", 1, 1}, {"a", 2, kMax}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 1}}));
  EXPECT_EQ(out.rejects.size(), 1u);
  EXPECT_EQ(out.superseded, 0);
}

TEST(Transformer, RejectsInfiniteTimes) {
  Table table;
  const Reject reject{"a", "at", "time outside 1678 to 2262, or infinity", "does not fit into nanoseconds"};
  EXPECT_EQ(table.apply({{"a", kMax, 1}, {"a", kMin, 1}}).rejects, (std::vector<Reject>{reject, reject}));
  table.window.until = 10;
  const Transformed out = table.apply({{"a", kMax, 1}, {"a", kMin, 1}});
  EXPECT_EQ(out.rejects, (std::vector<Reject>{reject, reject})) << "and not: outside the window";
  EXPECT_EQ(out.read, 2);
}

TEST(Transformer, CountsRowsWithoutATimeAndLetsThemThrough) {
  Table table;
  table.window = {10, 20, NullTimestamp::always};
  const Transformed out = table.apply({{"a", null, 1}, {"b", 15, 2}, {"c", 5, 3}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(out.null_cursors, 1);
  EXPECT_EQ(order_of(out, 0).substr(0, 8), time_bytes(kMin));
  table.window.null_timestamp = NullTimestamp::fail;
  EXPECT_EQ(table.apply({{"a", null, 1}, {"b", 15, 2}}).null_cursors, 1) << "the run decides what that means";
}

TEST(Transformer, SkipsRowsWithoutATimeWhenTheViewSaysSo) {
  Table table;
  table.window.null_timestamp = NullTimestamp::skip;
  const Transformed out = table.apply({{"a", null, 1}, {"b", 15, 2}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"b", 2}}));
  EXPECT_EQ(out.null_cursors, 1) << "but says how many there were";
  EXPECT_EQ(out.read, 1);
}

TEST(Transformer, ReadsNaiveTimesInTheViewsZone) {
  Table table;
  table.schema[1] = {.name = "at", .type = Type::timestamp_ns};
  table.view.timezone = "Europe/Berlin";
  const int64_t noon = 1'768'478'400'000'000'000;  // 2026-01-15T12:00 as written
  EXPECT_EQ(order_of(table.apply({{"a", noon, 1}}), 0).substr(0, 8), time_bytes(noon - 3'600'000'000'000));
}

TEST(Transformer, ForgetsABatchBeforeTheNext) {
  Table table;
  table.schema.push_back({.name = "t", .type = Type::utf8});
  table.view.fields.push_back({"t", "", {Scalar::string, false}, ""});
  Transformer transformer = table.transformer();
  EXPECT_EQ(written(table.apply(transformer, {{"a", 9, 1, "x"}, {"b", 9, 2, "yy"}, {"a", 9, 3, "z"}})).size(), 2u);
  const Transformed out = table.apply(transformer, {{"a", 1, 4, "older"}, {"c", 1, 5, null}});
  EXPECT_EQ(written(out), (std::vector<Row>{{"a", 4, "older"}, {"c", 5, null}}));
  EXPECT_EQ(out.superseded, 0);
}

TEST(Transformer, WritesOnlyTheWinnerOfATieThatABatchCutsInTwo) {
  Table table;
  table.ordered = true;
  std::vector<Row> tied{{"b", 5, 20}, {"b", 5, 21}, {"b", 5, 22}};
  const Row winner = written(Table().apply(tied)).at(0);
  for (int turn = 0; turn < 3; ++turn, std::rotate(tied.begin(), tied.begin() + 1, tied.end())) {
    Transformer transformer = table.transformer();
    EXPECT_EQ(written(table.apply(transformer, {{"a", 4, 1}, tied[0]})), (std::vector<Row>{{"a", 1}})) << "b may go on in the next batch";
    const Transformed middle = table.apply(transformer, {tied[1]});
    EXPECT_EQ(written(middle), std::vector<Row>{});
    const Transformed last = table.apply(transformer, {tied[2], {"c", 6, 3}});
    EXPECT_EQ(written(last), std::vector<Row>{winner});
    const auto rest = transformer.finish();
    EXPECT_EQ(written(*rest), (std::vector<Row>{{"c", 3}}));
    EXPECT_EQ(middle.read + last.read + rest->read, 4) << "each row is counted once, when it goes";
    EXPECT_EQ(middle.superseded + last.superseded, 2);
  }
}

TEST(Transformer, KeepsARowBackOverBatchesThatHoldNothingElse) {
  Table table;
  table.ordered = true;
  Transformer transformer = table.transformer();
  EXPECT_EQ(written(table.apply(transformer, {{"a", 1, 1}})), std::vector<Row>{});
  EXPECT_EQ(written(table.apply(transformer, {{null, 1, 2}})), std::vector<Row>{}) << "a reject";
  EXPECT_EQ(written(*transformer.finish()), (std::vector<Row>{{"a", 1}}));
  EXPECT_EQ(transformer.finish()->batch.rows(), 0);
}

TEST(Transformer, KeepsNothingBackOfTheLastBatch) {
  Table table;
  table.ordered = true;
  Transformer transformer = table.transformer();
  EXPECT_EQ(written(table.apply(transformer, {{"a", 1, 1}, {"b", 2, 2}})), (std::vector<Row>{{"a", 1}}));
  EXPECT_EQ(written(table.apply(transformer, {{"c", 3, 3}}, true)), (std::vector<Row>{{"b", 2}, {"c", 3}}));
  EXPECT_EQ(transformer.finish()->batch.rows(), 0);
}

TEST(Transformer, KeepsNothingBackWhereRowsComeInNoOrder) {
  Transformer transformer = Table().transformer();
  EXPECT_EQ(written(Table().apply(transformer, {{"a", 1, 1}})), (std::vector<Row>{{"a", 1}}));
  EXPECT_EQ(transformer.finish()->batch.rows(), 0);
}

TEST(Transformer, TakesOneColumnForSeveralFields) {
  Table table;
  table.view.fields = {{"number", "v", {Scalar::int32, false}, ""}, {"text", "v", {Scalar::string, false}, ""}, {"key", "id", {Scalar::bytes, false}, ""}};
  EXPECT_EQ(written(table.apply({{"a", 1, 5}})), (std::vector<Row>{{"a", 5, "5", "a"}}));
}

TEST(Transformer, WritesKeysAloneForAViewWithoutFields) {
  Table table;
  table.view.fields.clear();
  EXPECT_EQ(written(table.apply({{"a", 1, 5}, {"b", 1, 5}})), (std::vector<Row>{{"a"}, {"b"}}));
}

TEST(Transformer, FindsManyKeysAgain) {
  std::vector<Row> rows;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 5000; ++i) rows.push_back({"user-" + std::to_string(i), round, i});
  const Transformed out = Table().apply(rows);
  EXPECT_EQ(out.batch.rows(), 5000);
  EXPECT_EQ(out.superseded, 5000);
}

}  // namespace
}  // namespace penstock::host
