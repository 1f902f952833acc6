#include "sink_redis/layout.hpp"
#include "sink_redis/packed_profile.hpp"
#include "support/sink_suite.hpp"

#include <penstock/stored_profile.hpp>
#include <random>

namespace penstock::redis {
namespace {

using test::cell;
using test::list_cell;
using test::order_key;
using test::ProfileRow;

// The packed profiles of rows, without their frames.
std::vector<std::string> pack(const Schema& fields, const std::vector<ProfileRow>& rows) {
  const auto width = static_cast<int64_t>(rows.at(0).order.size());
  const Schema schema = test::batch_schema(fields, width);
  ArrowArray array{};
  test::make_batch(schema, rows, &array);
  const BatchView batch(schema, array);
  ProfilePacker packer(schema, width);
  packer.bind(batch);
  std::vector<std::string> out;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    size_t bound = 0;
    for (size_t i = 0; i < fields.size(); ++i) bound += packer.value_bound(i, row);
    Buffer bulk;
    packer.append_to(bulk, row, bound);
    std::string text(reinterpret_cast<const char*>(bulk.data()), bulk.size());
    const size_t start = text.find("\r\n") + 2;
    EXPECT_EQ(text.substr(0, start), "$" + std::to_string(text.size() - start - 2) + "\r\n");
    EXPECT_EQ(text.substr(text.size() - 2), "\r\n");
    out.push_back(text.substr(start, text.size() - start - 2));
  }
  array.release(&array);
  return out;
}

// What follows the order key and the checksum: the bits of nulls if there is one, and the value.
std::string packed_value(const Field& field, const test::Cell& value) {
  const std::string profile = pack({field}, {{"k", order_key(1), {value}}})[0];
  EXPECT_EQ(to_hex(profile.substr(0, 28)), (value ? "f5500118" : "f5500218") + to_hex(order_key(1)));
  return to_hex(profile.substr(32));
}

bool splits(const Schema& fields, const std::string& profile) {
  std::string_view order;
  std::vector<std::optional<std::string_view>> values;
  return PackedReader(stored_fields(fields, 0)).split(profile, order, values);
}

TEST(PackedProfile, HasTheseBytesForAValueOfEachType) {
  using D = std::numeric_limits<double>;
  EXPECT_EQ(packed_value({"F", Type::int32}, test::Cell{}), "01");
  EXPECT_EQ(packed_value({"F", Type::int32}, cell(int32_t{0})), "00");
  EXPECT_EQ(packed_value({"F", Type::int32}, cell(int32_t{-1})), "01");
  EXPECT_EQ(packed_value({"F", Type::int32}, cell(int32_t{1000})), "d00f");
  EXPECT_EQ(packed_value({"F", Type::int32}, cell(std::numeric_limits<int32_t>::min())), "ffffffff0f");
  EXPECT_EQ(packed_value({"F", Type::int64}, cell(std::numeric_limits<int64_t>::max())), "feffffffffffffffff01");
  EXPECT_EQ(packed_value({"F", Type::float64}, cell(-2.5)), "00000000000004c0");
  EXPECT_EQ(packed_value({"F", Type::float64}, cell(D::quiet_NaN())), "000000000000f87f");
  EXPECT_EQ(packed_value({"F", Type::float32}, cell(1.5f)), "0000c03f");
  EXPECT_EQ(packed_value({"F", Type::boolean}, cell(true)), "01");
  EXPECT_EQ(packed_value({"F", Type::boolean}, cell(false)), "00");
  EXPECT_EQ(packed_value({"F", Type::utf8}, cell("h\xC3\xA9")), "0368c3a9");
  EXPECT_EQ(packed_value({"F", Type::utf8}, cell("")), "00");
  EXPECT_EQ(packed_value({"F", Type::binary}, cell(std::string("\0\xff", 2))), "0200ff");
  EXPECT_EQ(packed_value(instant("F", Type::timestamp_ns), cell(int64_t{-2})), "feffffffffffffff");

  EXPECT_EQ(packed_value(list_of("F", Type::int32), list_cell<int32_t>({})), "00");
  EXPECT_EQ(packed_value(list_of("F", Type::int32), list_cell<int32_t>({1, -1})), "020201");
  EXPECT_EQ(packed_value(list_of("F", Type::int64), list_cell<int64_t>({64})), "018001");
  EXPECT_EQ(packed_value(list_of("F", Type::float64), list_cell<double>({1})), "01000000000000f03f");
  EXPECT_EQ(packed_value(list_of("F", Type::float32), list_cell<float>({-0.0f})), "0100000080");
  EXPECT_EQ(packed_value(list_of("F", Type::boolean), list_cell<bool>({true, false})), "020100");
  EXPECT_EQ(packed_value(list_of("F", Type::utf8), list_cell<std::string>({"a", ""})), "02016100");
  EXPECT_EQ(packed_value(list_of("F", Type::binary), list_cell<std::string>({std::string(1, '\0')})), "010100");
  EXPECT_EQ(packed_value({"F", Type::list, {}, 0, 0, 0, {instant("item", Type::timestamp_ns)}}, list_cell<int64_t>({1})), "010100000000000000");
}

TEST(PackedProfile, SaysWhichFieldsItIsOf) {
  const ProfileRow row = test::two_fields("k", 1, "x", 1);
  const std::string profile = pack(test::kTwoFields, {row})[0];
  // zlib.crc32(b"NAME string\nORDERS int32\n")
  EXPECT_EQ(to_hex(profile.substr(28, 4)), to_hex(test::raw(uint32_t{0xdd52ac15})));
  EXPECT_EQ(stored_fields_text(stored_fields(test::kTwoFields, 0)), "NAME string\nORDERS int32\n");
  EXPECT_TRUE(splits(test::kTwoFields, profile));
  EXPECT_FALSE(splits({{"NAME", Type::utf8}, {"ORDERS", Type::int64}}, profile));
  EXPECT_FALSE(splits({{"NAME", Type::utf8}, {"COUNT", Type::int32}}, profile));
  EXPECT_FALSE(splits({{"NAME", Type::utf8}}, profile));
}

TEST(PackedProfile, TheListOfFieldsReadsBack) {
  const std::vector<StoredField> fields = stored_fields(test::all_types(), 0);
  EXPECT_EQ(parse_stored_fields(stored_fields_text(fields)), fields);
  EXPECT_EQ(parse_stored_fields("a b int32\n"), (std::vector<StoredField>{{"a b", {ValueKind::int32, false}}}));
  for (const char* text : {"NAME", "NAME string", "NAME \n", "NAME text\n", "string\n", "NAME string\nx", "\n"}) EXPECT_FALSE(parse_stored_fields(text)) << text;
  EXPECT_EQ(parse_stored_fields(""), std::vector<StoredField>{});
}

TEST(PackedProfile, NullsAreABitEach) {
  Schema fields;
  ProfileRow row{"k", order_key(1), {}};
  for (int i = 0; i < 10; ++i) {
    fields.push_back({"F" + std::to_string(i), Type::boolean});
    row.cells.push_back(i == 0 || i == 3 || i == 9 ? test::Cell{} : cell(true));
  }
  EXPECT_EQ(to_hex(pack(fields, {row})[0].substr(32)), "0902" + std::string("01010101010101"));
}

// ---- the reader for other programs ----

TEST(StoredProfile, IsTheSameFromEitherLayout) {
  const std::vector<StoredField> fields = {{"N", {ValueKind::int32, false}}, {"S", {ValueKind::string, false}}, {"T", {ValueKind::instant, false}},
                                           {"L", {ValueKind::string, true}}, {"Z", {ValueKind::float64, false}}, {"I", {ValueKind::instant, true}}};
  const Schema schema = {{"N", Type::int32}, {"S", Type::utf8}, instant("T", Type::timestamp_ns), list_of("L", Type::utf8), {"Z", Type::float64},
                         {"I", Type::list, {}, 0, 0, 0, {instant("item", Type::timestamp_ns)}}};
  const std::string packed =
      pack(schema, {{"k", order_key(5), {cell(int32_t{-7}), cell("ann"), cell(int64_t{1'500'000'000}), list_cell<std::string>({"a", "b"}), test::Cell{}, list_cell<int64_t>({-1})}}})[0];
  const auto at = [](int64_t ns) { return StoredInstant(std::chrono::nanoseconds(ns)); };
  const StoredProfile expected{order_key(5), {int32_t{-7}, std::string("ann"), at(1'500'000'000), std::vector<std::string>{"a", "b"}, std::monostate(), std::vector<StoredInstant>{at(-1)}}};
  EXPECT_EQ(read_packed_profile(fields, packed), expected);

  const std::string order = to_hex(order_key(5));
  const std::optional<std::string_view> hmget[] = {order, "-7", "ann", "1.5", R"(["a","b"])", std::nullopt, R"(["-0.000000001"])"};
  EXPECT_EQ(read_hash_profile(fields, hmget), expected);
  const std::pair<std::string_view, std::string_view> hgetall[] = {{"S", "ann"}, {"_o", order}, {"T", "1.5"}, {"L", R"(["a","b"])"}, {"N", "-7"}, {"_new", "x"}, {"I", R"(["-0.000000001"])"}};
  EXPECT_EQ(read_hash_profile(fields, hgetall), expected);
}

TEST(StoredProfile, WhatIsNoProfileIsNotRead) {
  const std::vector<StoredField> fields = {{"N", {ValueKind::int32, false}}};
  const std::string order = to_hex(order_key(5));
  using Answer = std::vector<std::optional<std::string_view>>;
  EXPECT_FALSE(read_hash_profile(fields, Answer{std::nullopt, "1"}));
  EXPECT_FALSE(read_hash_profile(fields, Answer{"mine", "1"}));
  EXPECT_FALSE(read_hash_profile(fields, Answer{order, "1.5"}));
  EXPECT_FALSE(read_hash_profile(fields, Answer{order}));
  EXPECT_TRUE(read_hash_profile(fields, Answer{order, std::nullopt}));
  for (const char* text : {"", "x", "mine", "\xf5P", "\xf5P\x01", "\xf5P\x01\x18", "\xf5P\x03\x01qCRC!\x02"}) EXPECT_FALSE(read_packed_profile(fields, text)) << text;
}

// Every type of value with every edge, by the reader for other programs: what is packed again is the same to the last bit.
TEST(StoredProfile, RoundTripsEveryTypeAndEdgeValue) {
  const std::vector<ProfileRow> rows = test::edge_rows();
  const Schema schema = test::all_types();
  const std::vector<std::string> packed = pack(schema, rows);
  const std::vector<StoredField> fields = stored_fields(schema, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto profile = read_packed_profile(fields, packed[i]);
    ASSERT_TRUE(profile) << i;
    std::vector<test::Cell> cells;
    for (const StoredValue& value : profile->values)
      cells.push_back(std::visit(
          [](const auto& v) -> test::Cell {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, std::monostate>) return {};
            else if constexpr (std::is_same_v<T, StoredInstant>) return cell(v.time_since_epoch().count());
            else if constexpr (std::is_same_v<T, std::vector<StoredInstant>>) {
              std::vector<int64_t> ns;
              for (const StoredInstant& one : v) ns.push_back(one.time_since_epoch().count());
              return list_cell<int64_t>(ns);
            } else if constexpr (requires { v.at(0); } && !std::is_same_v<T, std::string>) return list_cell<typename T::value_type>(v);
            else return cell(v);
          },
          value));
    EXPECT_EQ(cells, rows[i].cells) << i;
  }
}

TEST(StoredProfile, AProfileCutAnywhereIsNotRead) {
  const std::vector<StoredField> fields = stored_fields(test::all_types(), 0);
  for (const std::string& packed : pack(test::all_types(), test::edge_rows()))
    for (size_t size = 0; size < packed.size(); ++size) {
      const std::vector<char> exact(packed.begin(), packed.begin() + static_cast<ptrdiff_t>(size));  // where AddressSanitizer sees the end
      ASSERT_FALSE(read_packed_profile(fields, std::string_view(exact.data(), exact.size()))) << size;
    }
}

// The damage is behind the checksum of the fields, where a reader has nothing but the bytes to go by.
TEST(StoredProfile, ADamagedProfileIsReadOrNotAndNothingElse) {
  const std::vector<StoredField> fields = stored_fields(test::all_types(), 0);
  const std::vector<std::string> packed = pack(test::all_types(), test::edge_rows());
  std::mt19937 random(7);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::string& whole = packed[random() % packed.size()];
    std::vector<char> bytes(whole.begin(), whole.end());
    for (size_t changes = 1 + random() % 4; changes > 0; --changes) {
      const size_t at = 32 + random() % (bytes.size() - 32);
      switch (random() % 4) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes[at] = '\xff'; break;
        case 2: bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at)); break;
        default: bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), static_cast<char>(random())); break;
      }
      if (bytes.size() <= 33) break;
    }
    bytes.shrink_to_fit();
    if (read_packed_profile(fields, std::string_view(bytes.data(), bytes.size()))) ++read;
  }
  EXPECT_GT(read, 100) << "some damage is a value again";
  EXPECT_LT(read, 19'000);
}

TEST(StoredProfile, ALengthThatCannotBeIsNotBelieved) {
  const std::vector<StoredField> one_list = {{"F", {ValueKind::boolean, true}}};
  const std::string head = pack({list_of("F", Type::boolean)}, {{"k", order_key(1), {list_cell<bool>({})}}})[0].substr(0, 32);
  EXPECT_TRUE(read_packed_profile(one_list, head + std::string(1, '\0')));
  EXPECT_FALSE(read_packed_profile(one_list, head + std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10)));
  EXPECT_FALSE(read_packed_profile(one_list, head + std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10)));
  EXPECT_FALSE(read_packed_profile(one_list, head + "\x01\x02")) << "no bool";
  EXPECT_FALSE(read_packed_profile(one_list, head + std::string("\x01\x01\x00", 3))) << "more than there should be";
}

TEST(PackedProfile, RefusesWhatItsFormHasNoRoomFor) {
  EXPECT_THROW(ProfilePacker(test::batch_schema({{"a\nb", Type::int32}}, 24), 24), Error);
  EXPECT_THROW(ProfilePacker(test::batch_schema({{"a", Type::int32}}, 256), 256), Error);
  ProfilePacker(test::batch_schema({{"a", Type::int32}}, 248), 248);
}

}  // namespace
}  // namespace penstock::redis
