#include "batch/row_codec.hpp"

#include "base/hash.hpp"
#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace penstock::host {
namespace {

using penstock::BatchBuilder;
using penstock::Field;
using penstock::instant;
using penstock::list_of;
using penstock::Type;
using test::Cell;
using test::decimal_bytes;
using test::make_batch;
using test::null;
using test::Row;
using test::rows_of;

constexpr size_t kNoLimit = 1 << 20;

// A column of each type.
const Schema kEveryType = {{.name = "null", .type = Type::null},
                           {.name = "boolean", .type = Type::boolean},
                           {.name = "int8", .type = Type::int8},
                           {.name = "int16", .type = Type::int16},
                           {.name = "int32", .type = Type::int32},
                           {.name = "int64", .type = Type::int64},
                           {.name = "uint8", .type = Type::uint8},
                           {.name = "uint16", .type = Type::uint16},
                           {.name = "uint32", .type = Type::uint32},
                           {.name = "uint64", .type = Type::uint64},
                           {.name = "float32", .type = Type::float32},
                           {.name = "float64", .type = Type::float64},
                           {.name = "decimal128", .type = Type::decimal128, .precision = 38, .scale = 2},
                           {.name = "utf8", .type = Type::utf8},
                           {.name = "binary", .type = Type::binary},
                           {.name = "fixed_binary", .type = Type::fixed_binary, .width = 3},
                           {.name = "date32", .type = Type::date32},
                           instant("timestamp_s", Type::timestamp_s),
                           instant("timestamp_ms", Type::timestamp_ms),
                           instant("timestamp_us", Type::timestamp_us),
                           instant("timestamp_ns", Type::timestamp_ns),
                           list_of("bools", Type::boolean),
                           list_of("ints", Type::int32),
                           list_of("longs", Type::int64),
                           list_of("doubles", Type::float64),
                           list_of("texts", Type::utf8),
                           list_of("bytes", Type::binary),
                           list_of("times", Type::timestamp_ns)};

const Row kValues = {null,
                     true,
                     -128,
                     -32768,
                     std::numeric_limits<int32_t>::min(),
                     std::numeric_limits<int64_t>::min(),
                     255,
                     65535,
                     int64_t{4294967295},
                     int64_t{-1},
                     0.5,
                     -0.0,
                     decimal_bytes(-12345),
                     "grüße \xf0\x9f\x8c\x8a",
                     std::string("\0\xff\x01", 3),
                     "abc",
                     -719162,
                     -1,
                     int64_t{1} << 40,
                     int64_t{1} << 50,
                     std::numeric_limits<int64_t>::max(),
                     Cell::List{true, false, true},
                     Cell::List{1, -2},
                     Cell::List{},
                     Cell::List{1.5, std::numeric_limits<double>::infinity()},
                     Cell::List{"", "a", std::string(300, 'x')},
                     Cell::List{std::string("\0", 1)},
                     Cell::List{7}};

std::string encoded(const Batch& batch, int64_t row) { return encode_row(batch.schema(), batch.view(), row, kNoLimit).value(); }

std::vector<Row> taken(const Schema& schema, BatchBuilder& builder) {
  ArrowArray array{};
  builder.finish(&array);
  const Batch batch(std::make_shared<const Schema>(schema), &array);
  EXPECT_TRUE(validate_array(batch.schema(), batch.array()).ok());
  return rows_of(batch);
}

std::string refusal(std::string_view bytes, const Schema& schema) {
  BatchBuilder builder(schema);
  const auto appended = append_row(bytes, schema, builder);
  for (size_t i = 0; i < builder.columns(); ++i) EXPECT_EQ(builder[i].length(), appended ? 1 : 0) << "column " << i;
  return appended ? "" : appended.failure().message;
}

TEST(RowCodec, GivesBackARowOfEveryType) {
  const Batch batch = make_batch(kEveryType, {kValues});
  BatchBuilder builder(kEveryType);
  ASSERT_TRUE(append_row(encoded(batch, 0), kEveryType, builder).ok());
  const auto rows = taken(kEveryType, builder);
  EXPECT_EQ(rows, std::vector<Row>{kValues});
  EXPECT_TRUE(std::signbit(std::get<double>(rows.at(0)[11].value))) << "-0.0 compares equal to 0.0";
}

TEST(RowCodec, GivesBackNullsOfEveryType) {
  const Row nulls(kEveryType.size());
  const Batch batch = make_batch(kEveryType, {nulls});
  BatchBuilder builder(kEveryType);
  ASSERT_TRUE(append_row(encoded(batch, 0), kEveryType, builder).ok());
  EXPECT_EQ(taken(kEveryType, builder), std::vector<Row>{nulls});
}

TEST(RowCodec, TakesOneRowOutOfABatchAndPutsItAmongOthers) {
  const Schema schema = {{.name = "key", .type = Type::binary}, list_of("v", Type::int64)};
  const std::vector<Row> rows = {{"a", Cell::List{1}}, {"b", null}, {"c", Cell::List{2, null, 3}}};
  const Batch batch = make_batch(schema, rows);
  BatchBuilder builder(schema);
  for (const int64_t row : {2, 0, 1}) ASSERT_TRUE(append_row(encoded(batch, row), schema, builder).ok());
  EXPECT_EQ(taken(schema, builder), (std::vector<Row>{rows[2], rows[0], rows[1]}));
}

TEST(RowCodec, HasNoBytesForARowThatIsTooLarge) {
  const Schema schema = {{.name = "v", .type = Type::utf8}, list_of("w", Type::utf8)};
  const Batch batch = make_batch(schema, {{std::string(500, 'v'), Cell::List{std::string(500, 'w')}}});
  const size_t size = encoded(batch, 0).size();
  EXPECT_TRUE(encode_row(schema, batch.view(), 0, size).has_value());
  for (size_t limit = 0; limit < size; ++limit) EXPECT_FALSE(encode_row(schema, batch.view(), 0, limit).has_value()) << limit;
}

TEST(RowCodec, RefusesARowOfOtherColumns) {
  const Schema schema = {{.name = "key", .type = Type::binary}, {.name = "order", .type = Type::fixed_binary, .width = 24}, list_of("v", Type::int32)};
  const std::string bytes = encoded(make_batch(schema, {{"k", std::string(24, 'o'), Cell::List{1}}}), 0);
  EXPECT_EQ(refusal(bytes, {schema[0], schema[1]}), "the stored row has other columns than the view");
  Schema other = schema;
  other[1].width = 32;
  EXPECT_EQ(refusal(bytes, other), "the stored row has other columns than the view");
  other = schema;
  other[2].name = "w";
  EXPECT_EQ(refusal(bytes, other), "the stored row has other columns than the view");
  other = schema;
  other[2].children[0].type = Type::float32;
  EXPECT_EQ(refusal(bytes, other), "the stored row has other columns than the view");
}

TEST(RowCodec, RefusesARowOfAFormThatIsYetToCome) {
  const Schema schema = {{.name = "v", .type = Type::int32}};
  std::string bytes = encoded(make_batch(schema, {{1}}), 0);
  bytes[0] = 2;
  EXPECT_EQ(refusal(bytes, schema), "the stored row is damaged") << "the checksum covers the version too";
}

TEST(RowCodec, RefusesARowThatIsCutOffAnywhere) {
  const std::string bytes = encoded(make_batch(kEveryType, {kValues}), 0);
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(refusal(bytes.substr(0, size), kEveryType), "") << size;
  EXPECT_NE(refusal(bytes + '\0', kEveryType), "");
}

TEST(RowCodec, RefusesARowWithAnyBitTurned) {
  const std::string bytes = encoded(make_batch(kEveryType, {kValues}), 0);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(refusal(damaged, kEveryType), "") << bit;
  }
}

// The same bytes with a checksum that fits: what is behind it must hold on its own.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  const uint64_t hash = hash_bytes(0x70656e73746f636b, bytes);
  return bytes.append(reinterpret_cast<const char*>(&hash), sizeof hash);
}

std::string resealed_refusal(std::string bytes, size_t at, char byte, const Schema& schema) {
  bytes[at] = byte;
  return refusal(sealed(bytes), schema);
}

TEST(RowCodec, ChecksEachValueAlsoWhenTheChecksumFits) {
  const Schema schema = {{.name = "b", .type = Type::boolean}, {.name = "t", .type = Type::utf8}, list_of("l", Type::int8)};
  const std::string bytes = encoded(make_batch(schema, {{true, "ab", Cell::List{7}}}), 0);
  ASSERT_EQ(refusal(sealed(bytes), schema), "") << "the seed of the checksum is another";
  constexpr size_t kHead = 9, kText = kHead + 2, kList = kText + 7;
  const char* const kDamaged = "the stored row is damaged";
  EXPECT_EQ(resealed_refusal(bytes, 0, 2, schema), "the stored row has a form that this version does not know");
  EXPECT_EQ(resealed_refusal(bytes, 1, static_cast<char>(bytes[1] + 1), schema), "the stored row has other columns than the view");
  EXPECT_EQ(resealed_refusal(bytes, kHead, 2, schema), kDamaged) << "neither null nor a value";
  EXPECT_EQ(resealed_refusal(bytes, kHead, 0, schema), kDamaged) << "a null has no value";
  EXPECT_EQ(resealed_refusal(bytes, kHead + 1, 2, schema), kDamaged) << "neither true nor false";
  EXPECT_EQ(resealed_refusal(bytes, kText + 1, 1, schema), kDamaged) << "a length that is too small";
  EXPECT_EQ(resealed_refusal(bytes, kText + 4, '\xff', schema), kDamaged) << "a length that is too large";
  EXPECT_EQ(resealed_refusal(bytes, kText + 5, '\xff', schema), kDamaged) << "no UTF-8";
  EXPECT_EQ(resealed_refusal(bytes, kList + 4, '\x7f', schema), kDamaged) << "more items than there are";
  EXPECT_EQ(resealed_refusal(bytes, kList + 1, 0, schema), kDamaged) << "fewer items than there are";
}

TEST(RowCodec, NeverAppendsWhatIsNoBatchWhateverTheDamage) {
  const std::string bytes = encoded(make_batch(kEveryType, {kValues}), 0);
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    std::string damaged = bytes;
    for (size_t changes = 1 + random() % 4; changes > 0; --changes) damaged[9 + random() % (damaged.size() - 9)] = static_cast<char>(random());
    if (random() % 4 == 0) damaged.resize(17 + random() % (damaged.size() - 17));
    BatchBuilder builder(kEveryType);
    const auto rows = append_row(sealed(damaged), kEveryType, builder) ? 1u : 0u;
    EXPECT_EQ(taken(kEveryType, builder).size(), rows) << "seed " << seed;
  }
}

TEST(RowCodec, RefusesBytesThatAreNoRow) {
  EXPECT_EQ(refusal("", kEveryType), "the stored row is cut off");
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes(random() % 300, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_NE(refusal(bytes, kEveryType), "") << "seed " << seed;
  }
}

// A value of the column, or null.
Cell any_cell(std::mt19937_64& random, const Field& field, bool nullable = true) {
  if (field.type == Type::null || (nullable && random() % 4 == 0)) return {};
  const auto text = [&](size_t size) {
    std::string made(size, '\0');
    for (char& c : made) c = static_cast<char>('a' + random() % 26);
    return made;
  };
  const int bits = field.type == Type::int8 ? 7 : field.type == Type::int16 ? 15 : field.type == Type::uint8 ? 8 : field.type == Type::uint16 ? 16
                   : field.type == Type::uint32 ? 32 : field.type == Type::int32 || field.type == Type::date32 ? 31 : 62;
  switch (field.type) {
    case Type::boolean: return random() % 2 == 0;
    case Type::float32: return static_cast<double>(static_cast<float>(random() % 1000) / 8);
    case Type::float64: return static_cast<double>(random()) / 3;
    case Type::decimal128: return decimal_bytes(static_cast<int64_t>(random()), random());
    case Type::utf8:
    case Type::binary: return text(random() % 40);
    case Type::fixed_binary: return text(static_cast<size_t>(field.width));
    case Type::list: {
      Cell::List items(random() % 5);
      for (Cell& item : items) item = any_cell(random, field.children[0], false);
      return items;
    }
    default: return static_cast<int64_t>(random() >> (64 - bits));
  }
}

TEST(RowCodec, AgreesWithItselfWhateverTheRow) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    std::mt19937_64 random(seed);
    Schema schema;
    for (size_t columns = 1 + random() % 6; schema.size() < columns;) schema.push_back(kEveryType[random() % kEveryType.size()]);
    std::vector<Row> rows(1 + random() % 5);
    for (Row& row : rows)
      for (const Field& field : schema) row.push_back(any_cell(random, field));
    const Batch batch = make_batch(schema, rows);
    BatchBuilder builder(schema);
    for (size_t row = 0; row < rows.size(); ++row) {
      const std::string bytes = encoded(batch, static_cast<int64_t>(row));
      ASSERT_TRUE(append_row(bytes, schema, builder).ok()) << "seed " << seed;
      std::string damaged = bytes;
      damaged[random() % damaged.size()] = static_cast<char>(random());
      EXPECT_EQ(refusal(damaged, schema).empty(), damaged == bytes) << "seed " << seed;
    }
    EXPECT_EQ(taken(schema, builder), rows) << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock::host
