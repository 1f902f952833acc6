#include <penstock/builder.hpp>

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

TEST(Buffer, HasRoomForWhatIsExpectedFromTheFirstByteOn) {
  Buffer buffer;
  buffer.expect(100'000);
  buffer.append("x", 1);
  const uint8_t* start = buffer.data();
  Buffer behind;  // nothing that is allocated can grow into this
  behind.append("y", 1);
  for (int i = 1; i < 100'000; ++i) buffer.append("x", 1);
  EXPECT_EQ(buffer.data(), start);
  buffer.append("x", 1);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(buffer.data()), buffer.size()), std::string(100'001, 'x'));
}

TEST(ColumnBuilder, IsEmptyAgainAfterABatchWhateverItExpects) {
  ColumnBuilder column({.name = "t", .type = Type::utf8});
  for (const int rows : {100, 3, 1000}) {
    for (int i = 0; i < rows; ++i) column.append_bytes("four");
    ArrowArray array{};
    column.finish(&array);
    EXPECT_EQ(array.length, rows);
    EXPECT_EQ(static_cast<const int32_t*>(array.buffers[1])[rows], 4 * rows);
    array.release(&array);
    EXPECT_EQ(column.length(), 0);
    EXPECT_EQ(column.byte_size(), 4u);  // the first offset
  }
}

}  // namespace
}  // namespace penstock
