// What other programs see in the store.
#include "redis_store.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>

namespace penstock::test {
namespace {

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

class RedisLayout : public ::testing::Test {
 protected:
  RedisLayout() { server_.flush_all(); }
  std::string redis(const std::vector<std::string>& argv) { return server_.command(argv); }

  RedisServer& server_ = shared_server();
  std::unique_ptr<SinkDriver> sink_ = open_redis(server_);
};

TEST_F(RedisLayout, AProfileIsAHashOfItsFieldsAndItsOrder) {
  const ProfileRow row{"k", order_key(1, 2, 3), {cell("ann"), cell(int32_t{-5})}};
  sink_->begin(kTwoFields)->write({row, {"n", order_key(1), {Cell{}, Cell{}}}});
  EXPECT_EQ(redis({"HGETALL", "penstock:users_v1:k"}),
            R"(["_o", "800000000000000100000000000000020000000000000003", "NAME", "ann", "ORDERS", "-5"])");
  EXPECT_EQ(redis({"HGETALL", "penstock:users_v1:n"}), R"(["_o", "800000000000000100000000000000010000000000000001"])");
  EXPECT_EQ(redis({"PTTL", "penstock:users_v1:k"}), "-1");
}

TEST_F(RedisLayout, ANullRemovesItsHashFieldAndTheOthersStay) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("k", 1, "ann", 5)});
  run->write({{"k", order_key(2), {Cell{}, cell(int32_t{6})}}});
  EXPECT_EQ(redis({"HKEYS", "penstock:users_v1:k"}), R"(["_o", "ORDERS"])");
  EXPECT_EQ(redis({"HGET", "penstock:users_v1:k", "ORDERS"}), "6");
}

TEST_F(RedisLayout, LargeValuesThatAreThereAreNotSentAgain) {
  const std::string text(600, 't');
  sink_->begin(kTwoFields)->write({{"a", order_key(1, 1, 7), {cell(text), cell(int32_t{1})}}});
  redis({"HSET", "penstock:users_v1:a", "NAME", "someone else's"});
  EXPECT_EQ(sink_->begin(kTwoFields, {.ttl_ms = 60'000})->write({{"a", order_key(2, 2, 7), {cell(text), cell(int32_t{1})}}}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(redis({"HGET", "penstock:users_v1:a", "NAME"}), "someone else's");
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"})[0].order, order_key(2, 2, 7));
  EXPECT_GT(std::stol(redis({"PTTL", "penstock:users_v1:a"})), 50'000);
}

// A hash of so many fields takes the server some 100 us.
TEST_F(RedisLayout, TransactionsAreSmallerWhereTheServerIsSlow) {
  constexpr int64_t kRows = 2000;
  const auto sink = open_redis(server_, {{"restore", "false"}});
  Schema fields;
  std::vector<Cell> cells;
  for (int i = 0; i < 120; ++i) {
    fields.push_back({.name = "field_" + std::to_string(i), .type = Type::int64});
    cells.push_back(cell(int64_t{i}));
  }
  const auto transactions = [&] {
    const std::string stats = redis({"INFO", "commandstats"});
    const size_t at = stats.find("cmdstat_exec:calls=");
    return at == std::string::npos ? 0 : std::stol(stats.substr(at + 19));
  };
  const auto run = sink->begin(fields);
  const auto write = [&](int64_t time) {
    std::vector<ProfileRow> rows;
    for (int64_t row = 0; row < kRows; ++row) rows.push_back({"k" + std::to_string(row), order_key(time), cells});
    const auto before = transactions();
    EXPECT_EQ(run->write(rows).written, kRows);
    return transactions() - before;
  };
  const int64_t first = write(1);
  EXPECT_GE(write(2), 2 * first);
}

// Without a position a run expects nothing to be there, and writes without asking: what is there all the same is asked for then.
TEST_F(RedisLayout, ProfilesThatAreThereWithoutAMarkerAreComparedAllTheSame) {
  sink_->begin(kTwoFields)->write({two_fields("newer", 5, "x", 1), two_fields("same", 1, "x", 1), two_fields("older", 1, "x", 1)});
  redis({"HSET", "penstock:users_v1:foreign", "NAME", "mine"});
  redis({"DEL", "penstock:marker:users_v1"});
  const auto run = sink_->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("newer", 1, "y", 2), two_fields("none", 1, "y", 2), two_fields("same", 1, "x", 1), two_fields("foreign", 1, "y", 2),
                        two_fields("older", 2, "y", 2)}),
            (Written{2, 1, 1, 1}));
  EXPECT_EQ(run->write({two_fields("none", 2, "z", 3), two_fields("again", 1, "z", 3)}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(kTwoFields, {"newer", "none", "same", "older"}),
            (std::vector<Profile>{found(two_fields("newer", 5, "x", 1)), found(two_fields("none", 2, "z", 3)), found(two_fields("same", 1, "x", 1)),
                                  found(two_fields("older", 2, "y", 2))}));
  EXPECT_EQ(redis({"HGETALL", "penstock:users_v1:foreign"}), R"(["NAME", "mine"])");
}

TEST_F(RedisLayout, ThePrefixIsTheUsers) {
  open_redis(server_, {{"key_prefix", "my/"}})->begin(kTwoFields, {.view = "orders", .version = 12})->write({two_fields("k", 1, "x", 1)});
  EXPECT_EQ(redis({"EXISTS", "my/orders_v12:k", "my/marker:orders_v12", "my/store"}), "3");
  EXPECT_EQ(redis({"DBSIZE"}), "3");
}

TEST_F(RedisLayout, TheMarkerSaysWhichRunAndHowFar) {
  const auto run = sink_->begin(kTwoFields, {.run_id = "run-77"});
  run->write({two_fields("a", 1, "x", 1)});
  EXPECT_EQ(redis({"HMGET", "penstock:marker:users_v1", "run", "seq", "ordinal"}), R"(["run-77", "1", (nil)])");
  run->write({two_fields("b", 1, "x", 1)});
  run->commit({-5, std::string("\0\xff", 2), "five"});
  EXPECT_EQ(redis({"HMGET", "penstock:marker:users_v1", "run", "seq", "ordinal", "detail", "text", "fence"}),
            R"(["run-77", "2", "-5", "00ff", "five", ")" + std::to_string(run->fence()) + "\"]");
  EXPECT_EQ(redis({"HGET", "penstock:marker:users_v1", "store"}), redis({"GET", "penstock:store"}));
  EXPECT_EQ(redis({"GET", "penstock:store"}).size(), 32u);
  EXPECT_EQ(redis({"PTTL", "penstock:store"}), "-1");
}

TEST_F(RedisLayout, WhatPenstockDidNotWriteIsNeverTouched) {
  redis({"SET", "penstock:users_v1:string", "mine", "PX", "9000000"});
  redis({"RPUSH", "penstock:users_v1:list", "a", "b"});
  redis({"HSET", "penstock:users_v1:hash", "NAME", "mine"});
  redis({"HSET", "penstock:users_v1:odd", "_o", "mine", "NAME", "mine"});
  const std::vector<std::string> keys = {"string", "list", "hash", "odd"};
  const auto dump = [&] {
    std::string all;
    for (const std::string& key : keys) all += redis({"DUMP", "penstock:users_v1:" + key});
    return all;
  };
  const std::string before = dump();
  const auto run = sink_->begin(kTwoFields, {.ttl_ms = 1000});
  EXPECT_EQ(run->write({two_fields("string", 1, "x", 1), two_fields("fine", 1, "x", 1), two_fields("list", 1, "x", 1), two_fields("hash", 1, "x", 1),
                        two_fields("odd", 1, "x", 1)}),
            (Written{1, 0, 0, 4}));
  std::vector<std::pair<int64_t, std::string>> rejects;
  for (const RecordedReject& reject : run->rejects()) {
    rejects.emplace_back(reject.row, reject.reason);
    EXPECT_TRUE(reject.retryable) << "until someone deletes the key";
  }
  EXPECT_EQ(rejects, (std::vector<std::pair<int64_t, std::string>>{
                         {0, "the key \"penstock:users_v1:string\" holds something that Penstock did not write"},
                         {2, "the key \"penstock:users_v1:list\" holds something that Penstock did not write"},
                         {3, "the key \"penstock:users_v1:hash\" holds something that Penstock did not write"},
                         {4, "the key \"penstock:users_v1:odd\" was written with an order key of another width"}}));
  EXPECT_EQ(sink_->remove({"string", "list", "hash"}), 0u);
  EXPECT_EQ(sink_->set_ttl({"string", "list", "hash"}, 5), 0u);
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(redis({"PTTL", "penstock:users_v1:hash"}), "-1");
  EXPECT_EQ(redis({"PTTL", "penstock:users_v1:odd"}), "-1");
  EXPECT_GT(std::stol(redis({"PTTL", "penstock:users_v1:string"})), 8'000'000);
  EXPECT_EQ(sink_->lookup(kTwoFields, keys), std::vector<Profile>(4, missing(2)));
}

TEST_F(RedisLayout, AValueThatSomeoneSpoiltReadsAsNullAndIsSaidOnce) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "x", 1), two_fields("b", 1, "x", 2)});
  redis({"HSET", "penstock:users_v1:a", "ORDERS", "many", "NAME", "\xff"});
  redis({"HSET", "penstock:users_v1:b", "ORDERS", "99999999999"});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a", "b"}), (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, order_key(1, 1, 1), {}, {Cell{}, Cell{}}},
                                                                         {PENSTOCK_PROFILE_FOUND, order_key(1, 1, 2), {}, {cell("x"), Cell{}}}}));
  EXPECT_THAT(sink_->said(), ::testing::HasSubstr("3 stored values are not of their field's type and were read as null; the first is of the field \"NAME\""));
}

TEST_F(RedisLayout, AFieldMayNotBeNamedAsTheOrderIs) {
  const RecordedError error = error_of([&] { sink_->begin({{"_o", Type::int32}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_THAT(error.message, ::testing::HasSubstr("\"_o\""));
  EXPECT_EQ(error_of([&] { sink_->begin(kTwoFields, {.view = "a:b"}); }).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(redis({"DBSIZE"}), "0");
}

TEST_F(RedisLayout, RowsAndKeysBeyondTheLimitsAreRejectedAndTheOthersWritten) {
  const auto sink = open_redis(server_, {{"max_row_bytes", "1KiB"}});
  const auto run = sink->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("a", 1, "x", 1), two_fields("long", 1, std::string(2000, 'x').c_str(), 1), two_fields(std::string(65'537, 'k'), 1, "x", 1),
                        two_fields("b", 1, "x", 1)}),
            (Written{2, 0, 0, 2}));
  ASSERT_EQ(run->rejects().size(), 2u);
  EXPECT_EQ(run->rejects()[0].row, 1);
  EXPECT_EQ(run->rejects()[0].column, 2);
  EXPECT_THAT(run->rejects()[0].reason, ::testing::HasSubstr("more than max_row_bytes = 1024"));
  EXPECT_EQ(run->rejects()[1].row, 2);
  EXPECT_EQ(run->rejects()[1].reason, "the key is longer than 65536 bytes");
  EXPECT_EQ(run->write({two_fields("long", 1, std::string(2000, 'x').c_str(), 1)}), (Written{0, 0, 0, 1}));
}

TEST_F(RedisLayout, TakesALargeValue) {
  const ProfileRow row = two_fields("a", 1, std::string(20'000'000, 'x').c_str(), 1);
  EXPECT_EQ(sink_->begin(kTwoFields)->write({two_fields("before", 1, "x", 1), row, two_fields("after", 1, "x", 1)}), (Written{3, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(row)});
}

TEST_F(RedisLayout, TakesAViewOfVeryManyFields) {
  Schema fields;
  ProfileRow row{"a", order_key(1), {}}, sparse{"b", order_key(1), {}};
  for (int32_t i = 0; i < 1000; ++i) {
    fields.push_back({"FIELD_" + std::to_string(i), Type::int32});
    row.cells.push_back(cell(i));
    sparse.cells.push_back(i % 3 == 0 ? cell(i) : Cell{});
  }
  const auto run = sink_->begin(fields);
  EXPECT_EQ(run->write({row, sparse}), (Written{2, 0, 0, 0}));
  sparse.order = row.order = order_key(2);
  std::swap(row.cells, sparse.cells);
  EXPECT_EQ(run->write({row, sparse}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(fields, {"a", "b"}), (std::vector<Profile>{found(row), found(sparse)}));
  fields.push_back({"ONE_MORE", Type::int32});
  EXPECT_EQ(error_of([&] { sink_->begin(fields); }).status, PENSTOCK_STATUS_INVALID_ARGUMENT);
}

// ---- docs/redis-layout.md ----

struct Example {
  std::string command;
  std::string output;
};

std::vector<Example> examples() {
  std::ifstream in(PENSTOCK_SOURCE_DIR "/docs/redis-layout.md");
  std::vector<Example> out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      out.push_back({line.substr(2), ""});
    } else if (inside && !out.empty()) {
      out.back().output += line + "\n";
    }
  }
  return out;
}

std::string run_in_shell(const std::string& command) {
  std::string out;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  std::array<char, 4096> bytes;
  for (size_t n = 0; (n = fread(bytes.data(), 1, bytes.size(), pipe.get())) > 0;) out.append(bytes.data(), n);
  return out;
}

TEST_F(RedisLayout, TheExamplesOfTheDocumentAreTrue) {
  const std::string view = "ecommerce_transaction_interactions_attributes";
  const Schema three = {{"TOTAL_TRANSACTIONS", Type::int32}, {"TOTAL_REVENUE", Type::int32}, {"AVG_TRANSACTION_REVENUE", Type::int32}};
  const auto run = sink_->begin(three, {.view = view});
  run->write({{"u-1001", from_hex("97ac5f6a1d0200000000000000000003a1b2c3d4e5f60718"), {cell(int32_t{12}), cell(int32_t{480}), cell(int32_t{40})}},
              {"u-1002", from_hex("97ac5f6a1d0200010000000000000003a1b2c3d4e5f60719"), {cell(int32_t{1}), Cell{}, Cell{}}}});
  run->commit({1'700'000'000'000'000'000, "", "2023-11-14T22:13:20Z"});
  sink_->begin({{"COUNT", Type::int32}}, {.view = "visits", .version = 2})->write({{"2:CH8:zurich-1", order_key(1), {cell(int32_t{7})}}});
  const Schema types = {{"AN_INT64", Type::int64},
                        {"A_DOUBLE", Type::float64},
                        {"A_BOOL", Type::boolean},
                        instant("A_TIME", Type::timestamp_ns),
                        list_of("A_STRING_LIST", Type::utf8),
                        list_of("A_DOUBLE_LIST", Type::float64),
                        list_of("A_BYTES_LIST", Type::binary),
                        {"A_TIME_LIST", Type::list, {}, 0, 0, 0, {instant("item", Type::timestamp_ns)}}};
  sink_->begin(types, {.view = "types"})
      ->write({{"example",
                order_key(1),
                {cell(std::numeric_limits<int64_t>::max()), cell(0.1), cell(true), cell(int64_t{1'700'000'000'500'000'000}),
                 list_cell<std::string>({"red", "say \"hi\""}), list_cell<double>({0.1, std::numeric_limits<double>::quiet_NaN(), -0.0}),
                 list_cell<std::string>({std::string("\0\xff", 2)}), list_cell<int64_t>({1'700'000'000'000'000'000, -500'000'000})}}});

  open_redis(server_, {{"layout", "packed"}})
      ->begin({{"TOTAL_TRANSACTIONS", Type::int32}, {"TOTAL_REVENUE", Type::int32}, {"CITY", Type::utf8}}, {.view = "totals"})
      ->write({{"u-1001", from_hex("97ac5f6a1d0200000000000000000003a1b2c3d4e5f60718"), {cell(int32_t{12}), cell(int32_t{480}), cell("Z\xC3\xBCri")}}});

  const std::vector<Example> all = examples();
  EXPECT_GE(all.size(), 12u);
  for (const Example& example : all) {
    ASSERT_TRUE(example.command.starts_with("redis-cli ")) << example.command;
    const std::string command = "redis-cli -p " + std::to_string(server_.port()) + example.command.substr(9);
    EXPECT_EQ(run_in_shell(command), example.output) << example.command;
  }
}

}  // namespace
}  // namespace penstock::test
