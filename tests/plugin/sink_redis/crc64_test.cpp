#include "sink_redis/crc64.hpp"

#include <gtest/gtest.h>
#include <random>
#include <string_view>
#include <vector>

namespace penstock::redis {
namespace {

TEST(Crc64, IsTheOneOfRedis) {
  const auto of = [](std::string_view text) { return crc64(reinterpret_cast<const uint8_t*>(text.data()), text.size()); };
  EXPECT_EQ(of("123456789"), 0xe9c6d914c4b8d9cau);
  EXPECT_EQ(of(""), 0u);
}

TEST(Crc64, IsTheSameByTableAndByFolding) {
  if (!can_fold()) GTEST_SKIP() << "this processor cannot";
  std::mt19937_64 random(7);
  for (size_t size = 0; size < 700; ++size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    ASSERT_EQ(crc64_by_folding(bytes.data(), size), crc64_by_table(bytes.data(), size)) << size << " bytes";
  }
}

}  // namespace
}  // namespace penstock::redis
