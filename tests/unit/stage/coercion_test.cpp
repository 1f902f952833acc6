#include "stage/coercion.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

namespace penstock::host {
namespace {

using test::Cell;
using test::decimal_bytes;
using test::make_batch;
using test::null;
using test::Row;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kSecond = 1'000'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const TimeZone& berlin() {
  static const TimeZone zone = *TimeZone::find("Europe/Berlin");
  return zone;
}

// What a value becomes: the cell as the sink gets it, or "value class: reason".
struct Became {
  std::optional<Cell> cell = {};
  std::string error = {};
  bool operator==(const Became&) const = default;
};
void PrintTo(const Became& became, std::ostream* out) {
  if (became.cell)
    test::PrintTo(*became.cell, out);
  else
    *out << "error " << became.error;
}

Became is(Cell cell) { return {std::move(cell), {}}; }
Became fails(std::string error) { return {{}, std::move(error)}; }

Became coerce(const penstock::Field& column, const Cell& value, FieldType field, const std::optional<TimeZone>& zone = {}) {
  const auto coercer = Coercer::make(column, field, zone);
  if (!coercer) return fails(coercer.failure().message);
  const Schema schema{column}, out_schema{sink_field("f", field)};
  // The value is the second row, so that a wrong index shows.
  const Batch in = make_batch(schema, {{null}, {value}});
  const BatchView view = in.view();
  const Coercer::Bound bound = coercer->bind(view[0]);
  if (const CoercionError* error = bound.check(1)) {
    EXPECT_TRUE(bound.can_fail()) << "a value failed that is not even checked";
    return fails(std::string(error->value_class) + ": " + error->reason);
  }
  BatchBuilder builder(out_schema);
  const std::vector<int64_t> rows{1, 0};
  std::vector<uint64_t> hashes{7, 8};
  bound.append(rows, builder[0], hashes);
  EXPECT_EQ(hashes[0], bound.hash(1, 7));
  EXPECT_EQ(hashes[1], bound.hash(0, 8));
  ArrowArray array{};
  builder.finish(&array);
  const Batch out(std::make_shared<const Schema>(out_schema), &array);
  EXPECT_TRUE(validate_array(out.schema(), out.array()));
  const std::vector<Row> cells = test::rows_of(out);
  EXPECT_EQ(cells[1], (Row{null})) << "null stays null";
  return is(cells[0][0]);
}

penstock::Field column(Type type) { return {.name = "c", .type = type}; }
penstock::Field decimal(int32_t scale) { return {.name = "c", .type = Type::decimal128, .precision = 38, .scale = scale}; }
penstock::Field fixed(int32_t width) { return {.name = "c", .type = Type::fixed_binary, .width = width}; }
penstock::Field utc(Type type) { return instant("c", type); }

struct Case {
  penstock::Field from;
  Cell value;
  Became expected;
};

void expect_all(Scalar scalar, const std::vector<Case>& cases, const std::optional<TimeZone>& zone = {}) {
  const FieldType field{scalar, false};
  for (const Case& c : cases)
    EXPECT_EQ(coerce(c.from, c.value, field, zone), c.expected)
        << type_label(c.from) << ' ' << ::testing::PrintToString(c.value) << " as " << field.name();
}

// Every column type with a value that some field can take.
const std::vector<std::pair<penstock::Field, Cell>>& every_column_type() {
  static const std::vector<std::pair<penstock::Field, Cell>> all{
      {column(Type::null), null},        {column(Type::boolean), true},     {column(Type::int8), 1},
      {column(Type::int16), 1},          {column(Type::int32), 1},          {column(Type::int64), 1},
      {column(Type::uint8), 1},          {column(Type::uint16), 1},         {column(Type::uint32), 1},
      {column(Type::uint64), 1},         {column(Type::float32), 1.0},      {column(Type::float64), 1.0},
      {decimal(0), decimal_bytes(1)},    {column(Type::utf8), "1"},         {column(Type::binary), "1"},
      {fixed(1), "1"},                   {column(Type::date32), 1},         {utc(Type::timestamp_s), 1},
      {utc(Type::timestamp_ms), 1000},   {utc(Type::timestamp_us), 1000000}, {utc(Type::timestamp_ns), kSecond}};
  return all;
}

TEST(Coercion, ConnectsExactlyTheTypesOfTheTable) {
  // One letter a column type in the order above: y it becomes the expected value, n refused when the view is made.
  struct Line {
    Scalar scalar;
    const char* fits;
    Cell expected;
  };
  const Line lines[] = {
      {Scalar::int32, "yyyyyyyyyyyyyynnnnnnn", 1},
      {Scalar::int64, "yyyyyyyyyyyyyynnnnnnn", 1},
      {Scalar::float64, "ynyyyyyyyyyyyynnnnnnn", 1.0},
      {Scalar::float32, "ynyyyyyyyyyyyynnnnnnn", 1.0},
      {Scalar::boolean, "yyyyyyyyyynnnynnnnnnn", true},
      {Scalar::string, "y.yyyyyyyyyyyyyy.....", "1"},
      {Scalar::bytes, "ynnnnnnnnnnnnyyynnnnn", "1"},
      {Scalar::unix_timestamp, "ynyyyyyyyynnn.nn.yyyy", kSecond},
  };
  for (const Line& line : lines) {
    const FieldType field{line.scalar, false};
    for (size_t i = 0; i < every_column_type().size(); ++i) {
      const auto& [from, value] = every_column_type()[i];
      const char wanted = line.fits[i];
      if (wanted == '.') continue;  // possible, but not from this value: below
      const Became expected = wanted == 'n' ? fails("column \"c\" of type " + type_label(from) + " cannot become " + field.name())
                              : from.type == Type::null ? is(null)
                                                        : is(line.expected);
      EXPECT_EQ(coerce(from, value, field), expected) << type_label(from) << " as " << field.name();
    }
  }
}

TEST(Coercion, ToInt32NeverWrapsOrTruncates) {
  const Became outside = fails("number outside int32: does not fit into int32");
  const Became fraction = fails("number with a fraction: is not a whole number");
  const Became text = fails("text: is not a number");
  expect_all(Scalar::int32, {
      {column(Type::int8), -128, is(-128)},
      {column(Type::int16), 32767, is(32767)},
      {column(Type::int32), 2147483647, is(2147483647)},
      {column(Type::int32), int64_t{-2147483648}, is(int64_t{-2147483648})},
      {column(Type::int64), int64_t{2147483647}, is(2147483647)},
      {column(Type::int64), int64_t{2147483648}, outside},
      {column(Type::int64), int64_t{-2147483649}, outside},
      {column(Type::int64), kMax, outside},
      {column(Type::uint32), int64_t{4294967295}, outside},
      {column(Type::uint64), int64_t{-1}, outside},
      {column(Type::boolean), true, is(1)},
      {column(Type::boolean), false, is(0)},
      {column(Type::float64), 2147483647.0, is(2147483647)},
      {column(Type::float64), 2147483648.0, outside},
      {column(Type::float64), -0.0, is(0)},
      {column(Type::float64), 1.5, fraction},
      {column(Type::float64), 1e300, outside},
      {column(Type::float64), std::nan(""), fails("NaN or infinity: is not a whole number")},
      {column(Type::float64), -kInfinity, fails("NaN or infinity: is not a whole number")},
      {column(Type::float32), 16777216.0, is(16777216)},
      {column(Type::float32), 0.5, fraction},
      {decimal(2), decimal_bytes(1200), is(12)},
      {decimal(2), decimal_bytes(1201), fraction},
      {decimal(0), decimal_bytes(int64_t{2147483648}), outside},
      {decimal(-3), decimal_bytes(-12), is(-12000)},
      {decimal(0), decimal_bytes(1, 0), outside},
      {column(Type::utf8), "2147483647", is(2147483647)},
      {column(Type::utf8), "2147483648", outside},
      {column(Type::utf8), "99999999999999999999", outside},
      {column(Type::utf8), "-12.00", is(-12)},
      {column(Type::utf8), "12.5", fraction},
      {column(Type::utf8), "", text},
      {column(Type::utf8), " 12", text},
      {column(Type::utf8), "1_000", text},
  });
}

TEST(Coercion, ToInt64StopsAtBothEnds) {
  const Became outside = fails("number outside int64: does not fit into int64");
  expect_all(Scalar::int64, {
      {column(Type::int64), kMax, is(kMax)},
      {column(Type::int64), kMin, is(kMin)},
      {column(Type::uint64), kMax, is(kMax)},
      {column(Type::uint64), kMin /* 2^63 */, outside},
      {column(Type::float64), 9223372036854774784.0, is(int64_t{9223372036854774784})},
      {column(Type::float64), 0x1p63, outside},
      {column(Type::float64), -0x1p63, is(kMin)},
      {decimal(0), decimal_bytes(kMin), is(kMin)},
      {decimal(0), decimal_bytes(0, uint64_t{1} << 63), outside},
      {decimal(38), decimal_bytes(1), fails("number with a fraction: is not a whole number")},
      {decimal(-38), decimal_bytes(1), outside},
      {column(Type::utf8), "-9223372036854775808", is(kMin)},
      {column(Type::utf8), "9223372036854775808", outside},
  });
}

TEST(Coercion, ToDoubleTakesIntegersExactlyAndFractionsToTheNearest) {
  const Became inexact = fails("integer beyond the exact range of the field's type: has no exact floating-point form");
  const Became infinite = fails("number beyond the range of the field's type: would become infinite");
  expect_all(Scalar::float64, {
      {column(Type::int64), int64_t{9007199254740992}, is(9007199254740992.0)},
      {column(Type::int64), int64_t{9007199254740993}, inexact},
      {column(Type::int64), kMax, inexact},
      {column(Type::int64), kMin, is(-0x1p63)},
      {column(Type::uint64), int64_t{-1}, inexact},
      {column(Type::uint64), kMin, is(0x1p63)},
      {column(Type::float32), 0.5, is(0.5)},
      {column(Type::float64), 0.1, is(0.1)},
      {column(Type::float64), kInfinity, is(kInfinity)},
      {decimal(1), decimal_bytes(1), is(0.1)},
      {decimal(0), decimal_bytes(int64_t{9007199254740993}), is(9007199254740992.0)},
      {decimal(-38), decimal_bytes(kMax), is(9223372036854775807e38)},
      {column(Type::utf8), "0.1", is(0.1)},
      {column(Type::utf8), "1e3", is(1000.0)},
      {column(Type::utf8), "inf", is(kInfinity)},
      {column(Type::utf8), "1e999", infinite},
      {column(Type::utf8), "1e-999", is(0.0)},
      {column(Type::utf8), "abc", fails("text: is not a number")},
      {column(Type::utf8), "", fails("text: is not a number")},
  });
}

TEST(Coercion, ToDoubleKeepsNaNAndTheSignOfZero) {
  const Became nan = coerce(column(Type::float64), std::nan(""), {Scalar::float64, false});
  ASSERT_TRUE(nan.cell);
  EXPECT_TRUE(std::isnan(std::get<double>(nan.cell->value)));
  const Became zero = coerce(column(Type::utf8), "-0", {Scalar::float64, false});
  ASSERT_TRUE(zero.cell);
  EXPECT_TRUE(std::signbit(std::get<double>(zero.cell->value)));
}

TEST(Coercion, ToFloatStaysInItsRange) {
  const Became inexact = fails("integer beyond the exact range of the field's type: has no exact floating-point form");
  const Became infinite = fails("number beyond the range of the field's type: would become infinite");
  expect_all(Scalar::float32, {
      {column(Type::int32), 16777216, is(16777216.0)},
      {column(Type::int32), 16777217, inexact},
      {column(Type::uint64), int64_t{-1}, inexact},
      {column(Type::float32), 0.5, is(0.5)},
      {column(Type::float64), 0.1, is(static_cast<double>(0.1f))},
      {column(Type::float64), 1e39, infinite},
      {column(Type::float64), kInfinity, is(kInfinity)},
      {column(Type::float64), 1e-60, is(0.0)},
      {decimal(1), decimal_bytes(1), is(static_cast<double>(0.1f))},
      {decimal(-38), decimal_bytes(99), infinite},
      {column(Type::utf8), "1.00000017881393432617187499", is(static_cast<double>(1.0000001f))},
      {column(Type::utf8), "1e39", infinite},
      {column(Type::utf8), "x", fails("text: is not a number")},
  });
}

TEST(Coercion, ToBoolTakesTrueFalseOneAndZero) {
  const Became wrong = fails("value other than true, false, 1, 0: is not a boolean");
  expect_all(Scalar::boolean, {
      {column(Type::boolean), false, is(false)},
      {column(Type::int8), 0, is(false)},
      {column(Type::int64), 2, wrong},
      {column(Type::int64), -1, wrong},
      {column(Type::uint64), int64_t{-1}, wrong},
      {column(Type::utf8), "TRUE", is(true)},
      {column(Type::utf8), "f", is(false)},
      {column(Type::utf8), "0", is(false)},
      {column(Type::utf8), "", wrong},
      {column(Type::utf8), "2", wrong},
  });
}

TEST(Coercion, ToStringWritesEveryType) {
  const Became outside = fails("time outside the years 0 to 9999, or infinity: has no ISO 8601 form");
  const penstock::Field naive_us = column(Type::timestamp_us);
  expect_all(Scalar::string, {
      {column(Type::utf8), "as is \xf0\x9f\x98\x80", is("as is \xf0\x9f\x98\x80")},
      {column(Type::utf8), "", is("")},
      {column(Type::utf8), std::string("nul\0in", 6), is(std::string("nul\0in", 6))},
      {column(Type::binary), "\xc3\xa4", is("\xc3\xa4")},
      {column(Type::binary), "\xff", fails("binary: is not valid UTF-8")},
      {fixed(2), "ab", is("ab")},
      {fixed(2), "a\x80", fails("binary: is not valid UTF-8")},
      {column(Type::boolean), true, is("true")},
      {column(Type::boolean), false, is("false")},
      {column(Type::int8), -128, is("-128")},
      {column(Type::int64), kMin, is("-9223372036854775808")},
      {column(Type::uint64), int64_t{-1}, is("18446744073709551615")},
      {column(Type::float64), 0.1, is("0.1")},
      {column(Type::float64), 1e300, is("1e+300")},
      {column(Type::float64), -0.0, is("-0")},
      {column(Type::float64), kInfinity, is("inf")},
      {column(Type::float64), -std::nan(""), is("nan")},
      {column(Type::float32), static_cast<double>(0.1f), is("0.1")},
      {decimal(2), decimal_bytes(-5), is("-0.05")},
      {decimal(0), decimal_bytes(1, 0), is("18446744073709551616")},
      {column(Type::date32), 0, is("1970-01-01")},
      {column(Type::date32), 2932896, is("9999-12-31")},
      {column(Type::date32), 2932897, outside},
      {column(Type::date32), 2147483647, outside},
      {column(Type::date32), -719528, is("0000-01-01")},
      {column(Type::date32), -719529, outside},
      {utc(Type::timestamp_s), 0, is("1970-01-01T00:00:00Z")},
      {utc(Type::timestamp_ms), -1, is("1969-12-31T23:59:59.999Z")},
      {utc(Type::timestamp_us), int64_t{253402300799999999}, is("9999-12-31T23:59:59.999999Z")},
      {utc(Type::timestamp_us), int64_t{253402300800000000}, outside},
      {utc(Type::timestamp_us), kMax, outside},
      {utc(Type::timestamp_ns), kMax - 1, is("2262-04-11T23:47:16.854775806Z")},
      {utc(Type::timestamp_ns), kMax, outside},
      {utc(Type::timestamp_ns), kMin, outside},
      {utc(Type::timestamp_s), kMin, outside},
      {naive_us, 1, is("1970-01-01T00:00:00.000001")},
  });
}

TEST(Coercion, ToBytesTakesAnyBytes) {
  expect_all(Scalar::bytes, {
      {column(Type::binary), "\xff", is("\xff")},
      {column(Type::binary), std::string("\0", 1), is(std::string("\0", 1))},
      {fixed(3), "\x01\x02\x03", is("\x01\x02\x03")},
      {column(Type::utf8), "text", is("text")},
  });
}

TEST(Coercion, ToUnixTimestampCountsInstants) {
  const Became outside = fails("time outside 1678 to 2262, or infinity: does not fit into nanoseconds");
  const Became no_time = fails("text: is not an ISO 8601 time between the years 1678 and 2262");
  expect_all(Scalar::unix_timestamp, {
      {utc(Type::timestamp_s), -1, is(-kSecond)},
      {utc(Type::timestamp_ms), 1, is(1'000'000)},
      {utc(Type::timestamp_us), 1, is(1000)},
      {utc(Type::timestamp_ns), 1, is(1)},
      {penstock::Field{"c", Type::timestamp_us, "Europe/Berlin"}, 1, is(1000)},
      {utc(Type::timestamp_us), kMax, outside},
      {utc(Type::timestamp_us), kMin, outside},
      {utc(Type::timestamp_ns), kMax, outside},
      {utc(Type::timestamp_ns), kMin, outside},
      {utc(Type::timestamp_ns), kMax - 1, is(kMax - 1)},
      {utc(Type::timestamp_us), int64_t{253402300799999999} /* year 9999 */, outside},
      {utc(Type::timestamp_s), int64_t{-62135596800} /* year 1 */, outside},
      {column(Type::date32), 1, is(86400 * kSecond)},
      {column(Type::date32), 2147483647, outside},
      {column(Type::int32), 1700000000, is(1700000000 * kSecond)},
      {column(Type::int64), int64_t{9223372036}, is(9223372036 * kSecond)},
      {column(Type::int64), int64_t{9223372037}, outside},
      {column(Type::int64), int64_t{1700000000000} /* milliseconds, by mistake */, outside},
      {column(Type::uint64), int64_t{-1}, outside},
      {column(Type::utf8), "1970-01-01T00:00:01Z", is(kSecond)},
      {column(Type::utf8), "1970-01-01T00:00:01.5+00:00", is(1'500'000'000)},
      {column(Type::utf8), "1970-01-01T00:00:01", fails("time without a zone: needs the view's `timezone`")},
      {column(Type::utf8), "infinity", no_time},
      {column(Type::utf8), "1700000000", no_time},
      {column(Type::utf8), "9999-12-31T00:00:00Z", no_time},
  });
}

TEST(Coercion, ReadsNaiveTimesInTheViewsZone) {
  const penstock::Field naive = column(Type::timestamp_us);
  EXPECT_EQ(coerce(naive, 1, {Scalar::unix_timestamp, false}),
            fails("column \"c\" is of type timestamp without time zone: set `timezone` on the view to the zone that its values are in"));
  expect_all(Scalar::unix_timestamp,
             {{naive, int64_t{1768478400000000} /* 2026-01-15T12:00 */, is(int64_t{1768474800} * kSecond)},
              {naive, kMax, fails("time outside 1678 to 2262, or infinity: does not fit into nanoseconds")},
              {column(Type::utf8), "2026-07-15T12:00", is(int64_t{1784109600} * kSecond)},
              {column(Type::utf8), "2026-07-15T12:00Z", is(int64_t{1784116800} * kSecond)},
              {utc(Type::timestamp_us), 1, is(1000)},
              {column(Type::date32), 1, is(86400 * kSecond)}},
             berlin());
}

TEST(Coercion, ConvertsListsItemByItem) {
  using List = Cell::List;
  const FieldType int32_list{Scalar::int32, true};
  EXPECT_EQ(coerce(list_of("c", Type::int64), List{1, 2}, int32_list), is(List{1, 2}));
  EXPECT_EQ(coerce(list_of("c", Type::int64), List{}, int32_list), is(List{}));
  EXPECT_EQ(coerce(list_of("c", Type::int64), null, int32_list), is(null));
  EXPECT_EQ(coerce(list_of("c", Type::int64), List{1, kMax}, int32_list), fails("number outside int32: does not fit into int32"));
  EXPECT_EQ(coerce(list_of("c", Type::int64), List{1, null}, int32_list), fails("list with a null item: a list may not hold nulls"));
  EXPECT_EQ(coerce(list_of("c", Type::int32), List{1, null}, int32_list), fails("list with a null item: a list may not hold nulls"));
  EXPECT_EQ(coerce(list_of("c", Type::null), List{null}, int32_list), fails("list with a null item: a list may not hold nulls"));
  EXPECT_EQ(coerce(list_of("c", Type::utf8), List{"a", ""}, {Scalar::string, true}), is(List{"a", ""}));
  EXPECT_EQ(coerce(list_of("c", Type::boolean), List{true, false}, {Scalar::boolean, true}), is(List{true, false}));
  EXPECT_EQ(coerce(list_of("c", Type::float64), List{0.5}, {Scalar::float32, true}), is(List{0.5}));
  EXPECT_EQ(coerce(list_of("c", Type::utf8), List{"2026-01-01T00:00:00Z"}, {Scalar::unix_timestamp, true}),
            is(List{int64_t{1767225600} * kSecond}));
  EXPECT_EQ(coerce(list_of("c", Type::binary), List{"\xff"}, {Scalar::bytes, true}), is(List{"\xff"}));
}

TEST(Coercion, TextThatIsAJsonArrayBecomesAList) {
  using List = Cell::List;
  const FieldType int64_list{Scalar::int64, true}, string_list{Scalar::string, true};
  const auto text = column(Type::utf8);
  EXPECT_EQ(coerce(text, " [1, -2,9223372036854775807] ", int64_list), is(List{1, -2, kMax}));
  EXPECT_EQ(coerce(text, "[]", int64_list), is(List{}));
  EXPECT_EQ(coerce(text, null, int64_list), is(null));
  EXPECT_EQ(coerce(text, "[9223372036854775808]", int64_list), fails("number outside int64: does not fit into int64"));
  EXPECT_EQ(coerce(text, "[1,null]", int64_list), fails("list with a null item: a list may not hold nulls"));
  EXPECT_EQ(coerce(text, R"(["a\"\u00e9","",1.50,true])", string_list), is(List{"a\"\u00e9", "", "1.50", "true"}));
  EXPECT_EQ(coerce(text, "[0.1, 1e3]", {Scalar::float64, true}), is(List{0.1, 1000.0}));
  EXPECT_EQ(coerce(text, "[true, false]", {Scalar::boolean, true}), is(List{true, false}));
  for (const char* no : {"", "1", "{}", "\"a\"", "null", "[1", "[1] 2", "[1,]", "{1,2}", "[01]"})
    EXPECT_EQ(coerce(text, no, int64_list), fails("text: is not a JSON array")) << no;
  for (const char* nested : {"[[1]]", "[{}]", "[1,{\"a\":2}]"})
    EXPECT_EQ(coerce(text, nested, string_list), fails("JSON array of arrays or objects: a list holds plain values")) << nested;
}

TEST(Coercion, DoesNotMixListsAndSingleValues) {
  EXPECT_EQ(coerce(list_of("c", Type::int32), null, {Scalar::int32, false}), fails("column \"c\" of type list of int32 cannot become int32"));
  EXPECT_EQ(coerce(column(Type::int32), null, {Scalar::int32, true}), fails("column \"c\" of type int32 cannot become int32_list"));
  EXPECT_EQ(coerce(list_of("c", Type::int32), null, {Scalar::string, false}), fails("column \"c\" of type list of int32 cannot become string"));
  penstock::Field nested = list_of("c", Type::list);
  nested.children[0].children.push_back(column(Type::utf8));
  EXPECT_EQ(coerce(nested, null, {Scalar::string, true}), fails("column \"c\" of type list of list of text cannot become string_list"));
  EXPECT_EQ(coerce(list_of("c", Type::timestamp_us), null, {Scalar::unix_timestamp, true}),
            fails("column \"c\" is of type list of timestamp without time zone: set `timezone` on the view to the zone that its values are in"));
  EXPECT_EQ(coerce(column(Type::null), null, {Scalar::int32, true}), is(null));
}

uint64_t hash_of(Type type, const Cell& value, Scalar scalar) {
  const auto coercer = Coercer::make(column(type), {scalar, false}, {});
  const Schema schema{column(type)};
  const Batch in = make_batch(schema, {{value}});
  const BatchView view = in.view();
  return coercer->bind(view[0]).hash(0, 0);
}

TEST(Coercion, HashesTheValueAndNotTheFormItCameIn) {
  EXPECT_EQ(hash_of(Type::int64, 7, Scalar::int32), hash_of(Type::utf8, "7.0", Scalar::int32));
  EXPECT_EQ(hash_of(Type::utf8, "true", Scalar::string), hash_of(Type::boolean, true, Scalar::string));
  EXPECT_NE(hash_of(Type::int32, 7, Scalar::int32), hash_of(Type::int32, 8, Scalar::int32));
  EXPECT_NE(hash_of(Type::utf8, "", Scalar::string), hash_of(Type::utf8, null, Scalar::string));
  EXPECT_NE(hash_of(Type::int32, 0, Scalar::int32), hash_of(Type::int32, null, Scalar::int32));
}

TEST(Coercion, MapsFieldTypesToWhatSinksGet) {
  const std::pair<FieldType, const char*> cases[] = {
      {{Scalar::bytes, false}, "z"},   {{Scalar::string, false}, "u"},  {{Scalar::int32, false}, "i"},   {{Scalar::int64, false}, "l"},
      {{Scalar::float64, false}, "g"}, {{Scalar::float32, false}, "f"}, {{Scalar::boolean, false}, "b"}, {{Scalar::unix_timestamp, false}, "tsn:UTC"}};
  for (auto [type, format] : cases) {
    EXPECT_EQ(arrow_format(sink_field("f", type)), format);
    EXPECT_EQ(sink_field("f", type).name, "f");
    type.list = true;
    const penstock::Field list = sink_field("f", type);
    EXPECT_EQ(arrow_format(list), "+l");
    EXPECT_EQ(list.name, "f");
    EXPECT_EQ(arrow_format(list.children.at(0)), format);
  }
}

TEST(Coercion, LabelsColumnTypesForPeople) {
  EXPECT_EQ(type_label(column(Type::timestamp_us)), "timestamp without time zone");
  EXPECT_EQ(type_label(utc(Type::timestamp_us)), "timestamp");
  EXPECT_EQ(type_label(column(Type::date32)), "date");
  EXPECT_EQ(type_label(decimal(2)), "decimal");
  EXPECT_EQ(type_label(list_of("c", Type::utf8)), "list of text");
  EXPECT_EQ(type_label(column(Type::null)), "null");
}

}  // namespace
}  // namespace penstock::host
