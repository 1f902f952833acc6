#include "base/position.hpp"
#include "base/view_id.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

TEST(Position, IsTheSameOnlyWithTheSameDetailAndText) {
  const Position position{1, "file:7", "2026-01-02"};
  EXPECT_EQ(position, (Position{1, "file:7", "2026-01-02"}));
  EXPECT_NE(position, (Position{2, "file:7", "2026-01-02"}));
  EXPECT_NE(position, (Position{1, "file:8", "2026-01-02"}));
  EXPECT_NE(position, (Position{1, "file:7", ""}));
}

TEST(ViewId, IsANameAndAVersion) {
  EXPECT_LT((ViewId{"users", 2}), (ViewId{"users", 10}));
  EXPECT_EQ((ViewId{"users", 2}).qualified(), "users_v2");
  EXPECT_EQ((ViewId{"users", 2}).label(), "view \"users\" v2");
}

}  // namespace
}  // namespace penstock::host
