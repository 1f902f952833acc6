#include "batch/slice.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::Cell;
using test::make_batch;
using test::null;
using test::Row;
using test::rows_of;

Schema schema() {
  return {{.name = "text", .type = Type::utf8}, {.name = "number", .type = Type::int32}, {.name = "bool", .type = Type::boolean},
          {.name = "list", .type = Type::list, .children = {{.name = "item", .type = Type::int64}}}};
}

std::vector<Row> rows() {
  return {{"a", 1, true, Cell::List{1, 2}}, {null, null, null, null}, {"ccc", 3, false, Cell::List{}}, {"d", 4, true, Cell::List{null, 5}}};
}

TEST(Slice, HasTheRowsThatWereAskedFor) {
  const auto whole = std::make_shared<Batch>(make_batch(schema(), rows()));
  const std::vector<Row> all = rows();
  for (size_t first = 0; first < all.size(); ++first)
    for (size_t count = 0; first + count <= all.size(); ++count) {
      const Batch some = slice(whole, static_cast<int64_t>(first), static_cast<int64_t>(count));
      EXPECT_TRUE(validate_array(some.schema(), some.array()).ok());
      EXPECT_EQ(rows_of(some), std::vector<Row>(all.begin() + static_cast<ptrdiff_t>(first), all.begin() + static_cast<ptrdiff_t>(first + count)));
    }
  EXPECT_EQ(rows_of(*whole), all);
}

TEST(Slice, CanBeSlicedAgain) {
  const auto whole = std::make_shared<Batch>(make_batch(schema(), rows()));
  const auto some = std::make_shared<Batch>(slice(whole, 1, 3));
  EXPECT_EQ(rows_of(slice(some, 1, 2)), (std::vector<Row>{rows()[2], rows()[3]}));
}

TEST(Slice, KeepsTheBatchAlive) {
  auto whole = std::make_shared<Batch>(make_batch(schema(), rows()));
  const std::weak_ptr<Batch> watched = whole;
  {
    const Batch some = slice(whole, 3, 1);
    whole.reset();
    EXPECT_EQ(rows_of(some), (std::vector<Row>{rows()[3]}));
  }
  EXPECT_TRUE(watched.expired());
}

// As the Arrow C data interface allows it.
TEST(Slice, LetsAnyOfItsArraysBeMovedOut) {
  auto whole = std::make_shared<Batch>(make_batch(schema(), rows()));
  const std::weak_ptr<Batch> watched = whole;
  ArrowArray items{};
  {
    Batch some = slice(whole, 3, 1);
    ArrowArray& list = *some.array()->children[3];
    items = *list.children[0];
    list.children[0]->release = nullptr;
  }
  EXPECT_EQ(rows_of(*whole), rows());
  whole.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(ColumnView(schema()[3].children[0], &items).value<int64_t>(3), 5);
  items.release(&items);
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace penstock::host
