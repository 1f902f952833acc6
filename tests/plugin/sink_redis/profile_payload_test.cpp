// Profiles that the server takes over whole are, to the last byte, the ones it would have built itself.
#include "redis_store.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/profile_payload.hpp"

#include <gmock/gmock.h>
#include <random>

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

class Payloads : public ::testing::Test {
 protected:
  Payloads() { server_.flush_all(); }

  // What the server has under `prefix` after these rows were written one way or the other.
  std::vector<std::string> written(const char* restore, const std::string& prefix, const Schema& fields, const std::vector<ProfileRow>& rows) {
    open_redis(server_, {{"restore", restore}, {"key_prefix", prefix}})->begin(fields)->write(rows);
    std::vector<std::string> out;
    for (const ProfileRow& row : rows) {
      const std::string key = prefix + "users_v1:" + row.key;
      out.push_back(row.key + " " + server_.command({"DEBUG", "DIGEST-VALUE", key}) + " " + server_.command({"OBJECT", "ENCODING", key}) + " " +
                    server_.command({"MEMORY", "USAGE", key}));
    }
    return out;
  }
  int64_t restores() {
    const std::string stats = server_.command({"INFO", "commandstats"});
    const size_t at = stats.find("cmdstat_restore:calls=");
    return at == std::string::npos ? 0 : std::stol(stats.substr(at + 22));
  }

  RedisServer& server_ = shared_server();
};

TEST_F(Payloads, AreEqualToWhatHsetBuildsForEveryTypeAndEdgeValue) {
  std::vector<ProfileRow> rows = edge_rows();
  EXPECT_EQ(written("true", "aa:", all_types(), rows), written("false", "bb:", all_types(), rows));
}

TEST_F(Payloads, AreEqualToWhatHsetBuildsForRandomTextsAndNumbers) {
  std::mt19937_64 random(7);
  Schema fields;
  for (int i = 0; i < 20; ++i) fields.push_back({"f" + std::to_string(i), Type::utf8});
  const size_t texts = fields.size();
  for (const Type type : {Type::int32, Type::int64, Type::float64, Type::float32, Type::boolean}) fields.push_back({"n" + std::to_string(fields.size()), type});
  std::vector<ProfileRow> rows;
  for (int i = 0; i < 300; ++i) {
    ProfileRow row{"k" + std::to_string(i), order_key(1, 1, random()), {}};
    const auto next_number = [&] { return static_cast<int64_t>(random()) >> (random() % 64); };
    for (size_t f = 0; f < texts; ++f) {
      const int64_t number = next_number();
      switch (random() % 5) {
        case 0: row.cells.push_back(Cell{}); break;
        case 1: row.cells.push_back(cell(std::to_string(number))); break;
        case 2: row.cells.push_back(cell("0" + std::to_string(number))); break;
        case 3: row.cells.push_back(cell(std::string(random() % 66, static_cast<char>('a' + random() % 26)))); break;
        default: row.cells.push_back(cell(std::to_string(number) + ".5")); break;
      }
    }
    row.cells.push_back(cell(static_cast<int32_t>(next_number())));
    row.cells.push_back(cell(next_number()));
    const auto number = static_cast<double>(next_number());
    row.cells.push_back(cell(random() % 2 == 0 ? number : number / 8));
    row.cells.push_back(cell(static_cast<float>(random() % 2 == 0 ? number : number / 8)));
    row.cells.push_back(cell(random() % 2 == 0));
    rows.push_back(std::move(row));
  }
  EXPECT_EQ(written("true", "aa:", fields, rows), written("false", "bb:", fields, rows));
  EXPECT_GT(restores(), 20);
}

TEST_F(Payloads, LeaveLargeProfilesToHset) {
  const auto before = restores();
  const ProfileRow small = two_fields("s", 1, "x", 1), large = {"l", order_key(1, 1, 2), {cell(std::string(65, 'x')), cell(int32_t{2})}};
  const auto sink = open_redis(server_);
  EXPECT_EQ(sink->begin(kTwoFields)->write({large, small, {"n", order_key(1, 1, 3), {cell(std::string(65, 'y')), Cell{}}}}), (Written{3, 0, 0, 0}));
  EXPECT_EQ(restores() - before, 2) << "the probe and one profile";
  EXPECT_EQ(sink->lookup(kTwoFields, {"s", "l"}), (std::vector<Profile>{found(small), found(large)}));
  Schema wide;
  for (int i = 0; i < 128; ++i) wide.push_back({"f" + std::to_string(i), Type::int32});
  ProfileRow row{"w", order_key(1), {}};
  for (int32_t i = 0; i < 128; ++i) row.cells.push_back(cell(i));
  EXPECT_EQ(sink->begin(wide, {.view = "wide"})->write({row}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(server_.command({"HLEN", "penstock:wide_v1:w"}), "129");
  EXPECT_EQ(restores() - before, 2);
}

TEST_F(Payloads, CarryTheTtl) {
  const auto sink = open_redis(server_);
  sink->begin(kTwoFields, {.ttl_ms = 100'000})->write({two_fields("a", 1, "x", 1)});
  EXPECT_GT(std::stol(server_.command({"PTTL", "penstock:users_v1:a"})), 50'000);
  sink->begin(kTwoFields)->write({two_fields("a", 2, "y", 2)});
  EXPECT_EQ(server_.command({"PTTL", "penstock:users_v1:a"}), "-1");
  sink->begin(kTwoFields, {.ttl_ms = 100'000})->write({two_fields("a", 3, "z", 3)});
  EXPECT_GT(std::stol(server_.command({"PTTL", "penstock:users_v1:a"})), 50'000);
}

TEST_F(Payloads, NeverReplaceWhatIsNotOurs) {
  for (const char* restore : {"true", "false"}) {
    server_.flush_all();
    server_.command({"HSET", "penstock:users_v1:h", "NAME", "theirs"});
    server_.command({"SET", "penstock:users_v1:s", "theirs"});
    const auto sink = open_redis(server_, {{"restore", restore}});
    const auto run = sink->begin(kTwoFields);
    EXPECT_EQ(run->write({two_fields("h", 1, "x", 1), two_fields("ours", 1, "y", 2), two_fields("s", 1, "z", 3)}), (Written{1, 0, 0, 2})) << restore;
    EXPECT_EQ(server_.command({"HGETALL", "penstock:users_v1:h"}), R"(["NAME", "theirs"])");
    EXPECT_EQ(server_.command({"GET", "penstock:users_v1:s"}), "theirs");
  }
}

TEST_F(Payloads, AreNotSentToAServerWhoseUserMayNotRestore) {
  server_.command({"ACL", "SETUSER", "poor", "on", ">pw", "~*", "+@all", "-restore"});
  const auto sink = open_redis(server_, {{"username", "poor"}, {"password", "pw"}});
  EXPECT_EQ(sink->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(sink->begin(kTwoFields)->write({two_fields("a", 2, "y", 2)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(sink->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(two_fields("a", 2, "y", 2))});
  server_.command({"ACL", "DELUSER", "poor"});
}

TEST_F(Payloads, LeaveNoProbeBehind) {
  open_redis(server_)->begin(kTwoFields);
  EXPECT_EQ(server_.command({"DBSIZE"}), "2") << "the store's identity and the marker";
}

}  // namespace
}  // namespace penstock::test
