#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono;

Field decimal(int32_t precision, int32_t scale) { return {.name = "d", .type = Type::decimal128, .precision = precision, .scale = scale}; }
Field naive(Type unit) { return {.name = "t", .type = unit}; }

// One column of one row, built and read again.
class Column {
 public:
  explicit Column(Field field) : field_(std::move(field)), builder_(field_) {}
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;
  ~Column() {
    if (array_.release != nullptr) array_.release(&array_);
  }

  template <class T>
  Column& append(const T& value) {
    return builder_.append(value), *this;
  }
  ColumnBuilder& builder() { return builder_; }
  ColumnView view() {
    if (array_.release == nullptr) builder_.finish(&array_);
    return {field_, &array_};
  }

 private:
  Field field_;
  ColumnBuilder builder_;
  ArrowArray array_{};
};

template <class T>
std::optional<T> through(const Field& field, const T& value) {
  Column column(field);
  return column.append(value).view().template get<T>(0);
}

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Batch, EveryTypeIsReadAsItWasWritten) {
  EXPECT_EQ(through<bool>({"c", Type::boolean}, true), true);
  EXPECT_EQ(through<int8_t>({"c", Type::int8}, -128), -128);
  EXPECT_EQ(through<int16_t>({"c", Type::int16}, -32768), -32768);
  EXPECT_EQ(through<int32_t>({"c", Type::int32}, -7), -7);
  EXPECT_EQ(through<int64_t>({"c", Type::int64}, INT64_MIN), INT64_MIN);
  EXPECT_EQ(through<uint8_t>({"c", Type::uint8}, 255), 255);
  EXPECT_EQ(through<uint16_t>({"c", Type::uint16}, 65535), 65535);
  EXPECT_EQ(through<uint32_t>({"c", Type::uint32}, UINT32_MAX), UINT32_MAX);
  EXPECT_EQ(through<uint64_t>({"c", Type::uint64}, UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(through<float>({"c", Type::float32}, 0.5f), 0.5f);
  EXPECT_EQ(through<double>({"c", Type::float64}, 0.1), 0.1);
  EXPECT_EQ(through<std::string>({"c", Type::utf8}, "ä"), "ä");
  EXPECT_EQ(through<std::string>({"c", Type::binary}, std::string("\0x", 2)), std::string("\0x", 2));
  EXPECT_EQ(through<std::string>({.name = "c", .type = Type::fixed_binary, .width = 3}, "abc"), "abc");
  EXPECT_EQ(through<sys_days>({"c", Type::date32}, sys_days(1969y / 12 / 31)), sys_days(1969y / 12 / 31));
  EXPECT_EQ(through<int32_t>({"c", Type::date32}, -1), -1);
  EXPECT_EQ(through<Decimal>(decimal(5, 2), *Decimal::from_text("-1.5", 5, 2))->text(2), "-1.50");
  for (const Type unit : {Type::timestamp_s, Type::timestamp_ms, Type::timestamp_us, Type::timestamp_ns}) {
    EXPECT_EQ(through<sys_seconds>(instant("c", unit), sys_days(2024y / 5 / 1) + 10h), sys_days(2024y / 5 / 1) + 10h);
    EXPECT_EQ(through<local_seconds>(naive(unit), local_days(2024y / 5 / 1) + 10h), local_days(2024y / 5 / 1) + 10h);
  }
  EXPECT_EQ(through<std::vector<std::string>>(list_of("c", Type::utf8), {"a", "", "b"}), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(through<std::vector<bool>>(list_of("c", Type::boolean), {true, false}), (std::vector<bool>{true, false}));
  EXPECT_EQ(through<std::vector<int64_t>>(list_of("c", Type::int64), {}), std::vector<int64_t>{});
  using Holes = std::vector<std::optional<int32_t>>;
  EXPECT_EQ(through<Holes>(list_of("c", Type::int32), {1, std::nullopt}), (Holes{1, std::nullopt}));
}

TEST(Batch, AnOptionalIsAValueOrNull) {
  Column column({"c", Type::int32});
  column.append(std::optional<int32_t>(4)).append(std::optional<int32_t>());
  EXPECT_EQ(column.view().get<int32_t>(0), 4);
  EXPECT_EQ(column.view().get<int32_t>(1), std::nullopt);
}

TEST(Batch, AValueOfAnotherTypeIsAnErrorThatNamesTheColumn) {
  Column numbers({"n", Type::int64});
  EXPECT_EQ(error_of([&] { numbers.append(1); }), "column \"n\" of type int64 was given an int32");
  EXPECT_EQ(error_of([&] { numbers.append(1.5); }), "column \"n\" of type int64 was given a double");
  EXPECT_EQ(error_of([&] { numbers.append(uint64_t{1}); }), "column \"n\" of type int64 was given a uint64");
  EXPECT_EQ(error_of([&] { numbers.append("1"); }), "column \"n\" of type int64 was given bytes");
  EXPECT_EQ(error_of([&] { numbers.append(sys_seconds(1s)); }), "column \"n\" of type int64 was given an instant");
  EXPECT_EQ(error_of([&] { numbers.append(sys_days(days(1))); }), "column \"n\" of type int64 was given a date");
  EXPECT_EQ(error_of([&] { numbers.append(std::vector<int64_t>{1}); }), "column \"n\" of type int64 was given items of a list");
  EXPECT_EQ(error_of([&] { numbers.builder().append_bits(1.5f); }), "column \"n\" of type int64 was given bits of another size");
  EXPECT_EQ(error_of([&] { numbers.builder().end_list(); }), "column \"n\" of type int64 was given the end of a list");
  EXPECT_EQ(numbers.builder().length(), 0);

  EXPECT_EQ(error_of([] { Column({"t", Type::utf8}).append(true); }), "column \"t\" of type utf8 was given a bool");
  EXPECT_EQ(error_of([] { Column(decimal(5, 2)).append("1.50"); }), "column \"d\" of type decimal128 was given text");
  EXPECT_EQ(error_of([] { Column({.name = "f", .type = Type::fixed_binary, .width = 3}).append("ab"); }),
            "column \"f\" of type fixed_binary was given bytes of another size");
  EXPECT_EQ(error_of([] { Column(instant("t")).append(local_seconds(1s)); }), "column \"t\" of type timestamp_us was given a local time");
  EXPECT_EQ(error_of([] { Column(naive(Type::timestamp_us)).append(sys_seconds(1s)); }), "column \"t\" of type timestamp_us was given an instant");
}

TEST(Batch, AValueReadAsAnotherTypeIsAnErrorThatNamesTheColumn) {
  Column column({"n", Type::int64});
  column.append(int64_t{1});
  EXPECT_EQ(error_of([&] { column.view().get<int32_t>(0); }), "column \"n\" of type int64 was read as an int32");
  EXPECT_EQ(error_of([&] { column.view().get<std::string>(0); }), "column \"n\" of type int64 was read as bytes");
  EXPECT_EQ(error_of([&] { column.view().get<sys_seconds>(0); }), "column \"n\" of type int64 was read as an instant");
  EXPECT_EQ(error_of([&] { column.view().get<int64_t>(1); }), "column \"n\" has no row 1");
  Column list(list_of("l", Type::int64));
  list.append(std::vector<std::optional<int64_t>>{std::nullopt});
  EXPECT_EQ(error_of([&] { list.view().get<std::vector<int64_t>>(0); }),
            "column \"item\" has a null item, which was read as one that cannot be null");
}

TEST(Batch, TimesAreRoundedDownToTheUnit) {
  EXPECT_EQ(Column(instant("t", Type::timestamp_s)).append(sys_time<milliseconds>(-1ms)).view().get<int64_t>(0), -1);
  EXPECT_EQ(Column(instant("t", Type::timestamp_ms)).append(sys_time<nanoseconds>(1'999'999ns)).view().get<int64_t>(0), 1);
  EXPECT_EQ(Column(instant("t", Type::timestamp_ns)).append(sys_time<nanoseconds>(-1ns)).view().get<sys_seconds>(0), sys_seconds(-1s));
}

TEST(Batch, TimesThatDoNotFitAreErrors) {
  const sys_seconds far = sys_days(2300y / 1 / 1);
  EXPECT_EQ(error_of([&] { Column(instant("t", Type::timestamp_ns)).append(far); }), "column \"t\": a time that its unit cannot hold");
  Column column(instant("t", Type::timestamp_s));
  column.append(far);
  EXPECT_EQ(column.view().get<sys_seconds>(0), far);
  EXPECT_EQ(error_of([&] { column.view().get<sys_time<nanoseconds>>(0); }), "column \"t\" has a time that is too far away");
}

TEST(Batch, ARowHasAValueForEveryColumn) {
  const Schema schema{{"id", Type::int64}, {"name", Type::utf8}, instant("at")};
  BatchBuilder batch(schema);
  batch.append_row(int64_t{1}, "Ann", sys_seconds(5s));
  batch.append_row(int64_t{2}, std::optional<std::string>(), sys_seconds(6s));
  EXPECT_EQ(error_of([&] { batch.append_row(int64_t{3}, "x"); }), "a row of 2 values for 3 columns");
  ArrowArray array{};
  batch.finish(&array);
  const BatchView view(schema, array);
  EXPECT_EQ(view.rows(), 2);
  EXPECT_EQ(view[1].get<std::string_view>(0), "Ann");
  EXPECT_EQ(view[1].get<std::string_view>(1), std::nullopt);
  EXPECT_EQ(view[2].get<sys_seconds>(1), sys_seconds(6s));
  array.release(&array);
}

TEST(Decimal, IsReadFromTextExactlyOrNotAtAll) {
  const auto read = [](std::string_view text, int32_t precision, int32_t scale) -> std::string {
    const auto value = Decimal::from_text(text, precision, scale);
    return value ? value->text(scale) : "none";
  };
  EXPECT_EQ(read("12.3", 5, 2), "12.30");
  EXPECT_EQ(read("-0.05", 5, 2), "-0.05");
  EXPECT_EQ(read("+7", 3, 0), "7");
  EXPECT_EQ(read("0", 3, 2), "0.00");
  EXPECT_EQ(read("000123", 3, 0), "123");
  EXPECT_EQ(read("1.500", 5, 1), "1.5");
  EXPECT_EQ(read("1.55", 5, 1), "none");
  EXPECT_EQ(read("1234", 3, 0), "none");
  EXPECT_EQ(read("12.34", 3, 2), "none");
  EXPECT_EQ(read("1e3", 4, 0), "1000");
  EXPECT_EQ(read("1.5E-1", 5, 2), "0.15");
  EXPECT_EQ(read("1500", 4, -2), "1500");
  EXPECT_EQ(read("1550", 4, -2), "none");
  EXPECT_EQ(read("99999999999999999999999999999999999999", 38, 0), "99999999999999999999999999999999999999");
  EXPECT_EQ(read("-99999999999999999999999999999999999999", 38, 38), "none");
  EXPECT_EQ(read("0.99999999999999999999999999999999999999", 38, 38), "0.99999999999999999999999999999999999999");
  EXPECT_EQ(read("1e99999999", 38, 0), "none");
  for (const char* text : {"", "-", ".", "1.2.3", "1e", "e1", "0x1", "1 ", "nan"}) EXPECT_EQ(read(text, 38, 2), "none") << text;
  EXPECT_EQ(Decimal::from_integer(-7, 4, 1)->text(1), "-7.0");
}

}  // namespace
}  // namespace penstock
