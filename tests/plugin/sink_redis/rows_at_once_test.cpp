#include "sink_redis/rows_at_once.hpp"

#include <gtest/gtest.h>

namespace penstock::redis {
namespace {

using namespace std::chrono_literals;

TEST(RedisRowsAtOnce, AreAsManyAsAreWantedOfFewValues) {
  EXPECT_EQ(RowsAtOnce(100, 1).get(), 100u);
  EXPECT_EQ(RowsAtOnce(100, 200).get(), 100u);
  EXPECT_EQ(RowsAtOnce(100, 2000).get(), 10u);
  EXPECT_EQ(RowsAtOnce(100, 100'000).get(), 1u);
}

TEST(RedisRowsAtOnce, AreFewerWhereTheServerIsSlow) {
  RowsAtOnce rows(100, 12);
  rows.took(10'000, 30ms);  // 3 us a row
  EXPECT_EQ(rows.get(), 100u);
  rows.took(10'000, 200ms);  // 20 us
  EXPECT_EQ(rows.get(), 50u);
  rows.took(10'000, 10s);
  EXPECT_EQ(rows.get(), RowsAtOnce::kFewest);
  rows.took(10'000, 0ms);
  EXPECT_EQ(rows.get(), 100u) << "and as many again once it is not";
}

TEST(RedisRowsAtOnce, DoNotFollowAFewRowsThatTookLong) {
  RowsAtOnce rows(100, 12);
  rows.took(RowsAtOnce::kEnoughToTell - 1, 10s);
  EXPECT_EQ(rows.get(), 100u);
}

TEST(RedisRowsAtOnce, AreNeverMoreThanAreWanted) {
  RowsAtOnce rows(7, 12);
  rows.took(10'000, 10s);
  EXPECT_EQ(rows.get(), 7u);
  RowsAtOnce wide(100, 2000);
  wide.took(10'000, 10s);
  EXPECT_EQ(wide.get(), 10u);
}

}  // namespace
}  // namespace penstock::redis
