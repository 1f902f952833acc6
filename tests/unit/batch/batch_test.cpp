#include "batch/batch.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace penstock::host {
namespace {

using test::make_batch;
using test::null;
using test::Row;

// An array that counts how often it is released.
ArrowArray counted(int& released) {
  ArrowArray array{};
  array.private_data = &released;
  array.release = [](ArrowArray* self) {
    ++*static_cast<int*>(self->private_data);
    self->release = nullptr;
  };
  return array;
}

TEST(Batch, ReleasesItsArrayOnce) {
  int released = 0;
  {
    ArrowArray array = counted(released);
    Batch batch(std::make_shared<const Schema>(), &array);
    EXPECT_EQ(array.release, nullptr);
    Batch moved(std::move(batch));
    Batch assigned;
    assigned = std::move(moved);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST(Batch, ReleasesTheArrayThatAnAssignmentReplaces) {
  int first = 0, second = 0;
  {
    ArrowArray a = counted(first), b = counted(second);
    Batch batch(std::make_shared<const Schema>(), &a);
    batch = Batch(std::make_shared<const Schema>(), &b);
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 0);
  }
  EXPECT_EQ(second, 1);
}

TEST(Batch, LeavesAnArrayThatWasTakenOutToItsTaker) {
  int released = 0;
  ArrowArray array = counted(released), taken{};
  {
    Batch batch(std::make_shared<const Schema>(), &array);
    taken = *batch.array();
    batch.array()->release = nullptr;
  }
  EXPECT_EQ(released, 0);
  taken.release(&taken);
  EXPECT_EQ(released, 1);
}

TEST(Batch, GivesBackTheRowsItWasMadeOf) {
  const Schema schema{{.name = "k", .type = Type::utf8}, {.name = "n", .type = Type::int32}, penstock::list_of("l", Type::utf8)};
  const std::vector<Row> rows{{"a", 1, test::Cell::List{"x", "y"}}, {null, null, null}, {"", -1, test::Cell::List{}}};
  EXPECT_EQ(test::rows_of(make_batch(schema, rows)), rows);
}

TEST(Batch, CountsTheBytesOfItsRows) {
  const Schema schema{{.name = "n", .type = Type::int64}, {.name = "t", .type = Type::utf8}, {.name = "b", .type = Type::boolean}};
  // 2 * 8, and 3 offsets and 5 bytes of text, and 1 byte of bits.
  EXPECT_EQ(make_batch(schema, {{1, "ab", true}, {2, "cde", false}}).byte_size(), 16 + 12 + 5 + 1);
  // And a byte of validity for each column with a null.
  EXPECT_EQ(make_batch(schema, {{1, "ab", true}, {null, null, null}}).byte_size(), 16 + 12 + 2 + 1 + 3);
  EXPECT_EQ(make_batch(schema, {}).byte_size(), 4);
  EXPECT_EQ(Batch().byte_size(), 0);
}

TEST(Batch, CountsTheItemsOfItsLists) {
  const Schema schema{penstock::list_of("l", Type::int32)};
  const test::Cell three(test::Cell::List{1, 2, 3});
  const test::Cell none(test::Cell::List{});
  EXPECT_EQ(make_batch(schema, {Row(1, three), Row(1, none)}).byte_size(), 12 + 12);
}

}  // namespace
}  // namespace penstock::host
