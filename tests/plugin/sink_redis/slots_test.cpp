// How keys, slots and nodes of a cluster belong together, and what the markers of its buckets say together.
#include "sink_redis/markers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using redis::Detour;
using redis::Endpoint;
using redis::SlotMap;

// The values of the cluster specification, and of CLUSTER KEYSLOT.
TEST(RedisSlots, AreThoseOfTheServer) {
  EXPECT_EQ(redis::crc16("123456789"), 0x31c3);
  EXPECT_EQ(redis::slot_of(""), 0);
  EXPECT_EQ(redis::slot_of("foo"), 12182);
  EXPECT_EQ(redis::slot_of("{foo}bar"), 12182);
  EXPECT_EQ(redis::slot_of("a{foo}{bar}"), 12182);
  EXPECT_EQ(redis::slot_of("foo{}{bar}"), redis::crc16("foo{}{bar}") % 16384);
  EXPECT_EQ(redis::slot_of("foo{"), redis::crc16("foo{") % 16384);
  EXPECT_EQ(redis::slot_of("foo{{bar}}zap"), redis::slot_of("{bar"));
  EXPECT_EQ(redis::slot_of("\xff\x80"), redis::crc16("\xff\x80") % 16384);
}

TEST(RedisSlots, EverythingOfABucketIsInOne) {
  const redis::Layout layout(redis::bucket_prefix("penstock:", 63), "users", 1);
  EXPECT_EQ(layout.profiles, "penstock:{3f}:users_v1:");
  EXPECT_EQ(layout.marker_key, "penstock:{3f}:marker:users_v1");
  EXPECT_EQ(layout.store_key, "penstock:{3f}:store");
  for (const std::string& key : {layout.profiles + "a}b{c}", layout.marker_key, layout.store_key}) EXPECT_EQ(redis::slot_of(key), redis::slot_of("3f"));
  EXPECT_EQ(redis::bucket_of("123456789"), 0x31c3 % 64);
}

redis::RespDecoder decoded(std::string_view reply) {
  redis::RespDecoder decoder;
  decoder.feed(reply.data(), reply.size());
  EXPECT_EQ(decoder.next(), redis::RespDecoder::Progress::complete);
  return decoder;
}

const Endpoint kAsked{"asked.example", 7};

std::string owner(const SlotMap& map, uint16_t slot) { return map.owner(slot) == nullptr ? "nobody" : map.owner(slot)->text(); }

TEST(RedisSlotMap, IsReadFromClusterSlots) {
  const auto decoder = decoded(
      "*3\r\n"
      "*4\r\n:0\r\n:99\r\n*3\r\n$9\r\n127.0.0.1\r\n:7001\r\n$2\r\nid\r\n*4\r\n$9\r\n127.0.0.1\r\n:7002\r\n$2\r\nid\r\n*0\r\n"
      "*3\r\n:100\r\n:100\r\n*4\r\n$0\r\n\r\n:7003\r\n$2\r\nid\r\n*2\r\n$8\r\nhostname\r\n$1\r\nh\r\n"
      "*3\r\n:16383\r\n:16383\r\n*2\r\n_\r\n:7004\r\n");
  SlotMap map(decoder.reply(), kAsked);
  EXPECT_EQ(owner(map, 0) + " " + owner(map, 99), "127.0.0.1:7001 127.0.0.1:7001");
  EXPECT_EQ(owner(map, 100), "asked.example:7003") << "a node that does not know its own address";
  EXPECT_EQ(owner(map, 101), "nobody");
  EXPECT_EQ(owner(map, 16383), "asked.example:7004");
  EXPECT_EQ(map.nodes().size(), 4u);
  map.move(101, {"127.0.0.1", 7001});
  map.move(99, {"new.example", 1});
  EXPECT_EQ(owner(map, 98) + " " + owner(map, 99) + " " + owner(map, 101), "127.0.0.1:7001 new.example:1 127.0.0.1:7001");
}

TEST(RedisSlotMap, IsNothingElse) {
  for (const std::string_view reply : {"+OK\r\n", "*1\r\n*2\r\n:0\r\n:1\r\n", "*1\r\n*3\r\n:1\r\n:0\r\n*2\r\n$1\r\nh\r\n:1\r\n",
                                       "*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n", "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
                                       "*1\r\n*3\r\n:0\r\n:1\r\n:2\r\n", "*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n"}) {
    const auto decoder = decoded(reply);
    EXPECT_THROW(SlotMap(decoder.reply(), kAsked), Error) << reply;
  }
}

TEST(RedisDetours, AreToldFromErrors) {
  const auto told = [](std::string_view error) {
    const auto detour = redis::detour_of(error, kAsked);
    if (!detour) return std::string("none");
    const bool to = detour->kind == Detour::Kind::moved || detour->kind == Detour::Kind::ask;
    return std::to_string(static_cast<int>(detour->kind)) + (to ? " " + detour->to.text() : "");
  };
  EXPECT_EQ(told("MOVED 3999 127.0.0.1:6381"), "0 127.0.0.1:6381");
  EXPECT_EQ(told("MOVED 3999 ::1:6381"), "0 [::1]:6381");
  EXPECT_EQ(told("MOVED 3999 :6381"), "0 asked.example:6381");
  EXPECT_EQ(told("ASK 3999 node.example:6381"), "1 node.example:6381");
  EXPECT_EQ(told("TRYAGAIN Multiple keys request during rehashing of slot"), "2");
  EXPECT_EQ(told("CLUSTERDOWN The cluster is down"), "2");
  EXPECT_EQ(told("NOSCRIPT No matching script. Please use EVAL."), "3");
  for (const char* other : {"MOVED", "MOVED 1 h", "MOVED 1 h:x", "MOVED 1 h:0", "MOVED 1 h:65536", "ERR MOVED 1 h:1", "CROSSSLOT x", "OOM x", ""})
    EXPECT_EQ(told(other), "none") << other;
}

Marker marker(std::optional<int64_t> ordinal, int64_t fence, int64_t committed, const std::string& store = "s", const std::string& detail = "") {
  Marker out;
  if (ordinal) out.position = Position{*ordinal, detail, ""};
  out.fence = fence;
  out.committed_fence = committed;
  out.store_id = store;
  return out;
}

TEST(RedisMarkers, OfAllBucketsSayWhatAllHaveReached) {
  const Marker all = redis::merged({marker(5, 12, 10, "a", "later"), marker(7, 11, 3, "b"), marker(5, 10, 4, "c", "earlier")});
  EXPECT_EQ(all.position->ordinal, 5);
  EXPECT_EQ(all.position->detail, "earlier");
  EXPECT_EQ(all.committed_fence, 3);
  EXPECT_EQ(all.fence, 12);
  EXPECT_EQ(all.store_id.size(), 32u);
}

TEST(RedisMarkers, OfWhichOneIsMissingHaveNoPosition) {
  for (const auto& parts : {std::vector<Marker>{marker({}, 1, 0), marker(7, 9, 9)}, {marker(7, 9, 9), marker({}, 1, 0)}}) {
    const Marker all = redis::merged(parts);
    EXPECT_FALSE(all.position.has_value());
    EXPECT_EQ(all.committed_fence, 0);
    EXPECT_EQ(all.fence, 9);
  }
}

TEST(RedisMarkers, HaveAnotherIdentityWhenAnyBucketHas) {
  const std::string id = redis::merged({marker(1, 1, 1, "a"), marker(1, 1, 1, "b")}).store_id;
  EXPECT_EQ(redis::merged({marker(2, 2, 2, "a"), marker(9, 9, 9, "b")}).store_id, id);
  EXPECT_NE(redis::merged({marker(1, 1, 1, "a"), marker(1, 1, 1, "c")}).store_id, id);
  EXPECT_NE(redis::merged({marker(1, 1, 1, "b"), marker(1, 1, 1, "a")}).store_id, id);
  EXPECT_EQ(redis::merged({marker(1, 1, 1, "a")}).store_id, "a");
}

}  // namespace
}  // namespace penstock::test
