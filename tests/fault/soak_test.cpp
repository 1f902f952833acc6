// The guarantee under concurrent writers: every key of the table is compared with the store. `tests/fault/run` is the long form.
#include "fault/soak.hpp"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

void expect_sums(const SoakResult& result) {
  EXPECT_EQ(result.read, result.written + result.unchanged + result.stale + result.rejected);
  EXPECT_EQ(result.rejected, 0);
}

TEST(RealServers, NoRowIsLostUnderEightWritersWhereTheUsualRulesLoseMany) {
  const SoakResult result = soak({.writing = {.writers = 8, .rows = 50'000, .seed = 1}, .naive = true});
  EXPECT_GE(result.writing.row_versions, 50'000);
  EXPECT_TRUE(result.penstock.none()) << result;
  EXPECT_GT(result.naive_now->missing, 0) << "the harness does not bite\n" << result;
  EXPECT_GT(result.naive_greatest->missing, 0) << "the harness does not bite\n" << result;
  EXPECT_GT(result.runs, 10) << result;
  EXPECT_GT(result.writing.prepared_committed, 0) << result;
  expect_sums(result);
}

TEST(RealServers, NoRowIsLostWithATransactionIdAsCursor) {
  const SoakResult result = soak({.writing = {.writers = 8, .rows = 15'000, .seed = 2, .back_dates = false}, .cursor = TableCursor::xid});
  EXPECT_TRUE(result.penstock.none()) << result;
  expect_sums(result);
}

TEST(RealServers, NoRowIsLostWhenEverythingIsKilledAgainAndAgainAndRedisGoesBackInTime) {
  const SoakResult result = soak({.writing = {.writers = 8, .rows = 30'000, .seed = 3},
                                  .kill_host = true,
                                  .roll_back_redis = true,
                                  .cut_connections = true,
                                  .kill_backends = true});
  EXPECT_TRUE(result.penstock.none()) << result;
  EXPECT_GT(result.host_kills + result.redis_kills + result.cuts + result.backend_kills, 2) << result;
}

}  // namespace
}  // namespace penstock::test
