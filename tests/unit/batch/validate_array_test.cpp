#include "batch/batch.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace penstock::host {
namespace {

using test::Cell;
using test::make_batch;
using test::null;
using test::Row;

const Schema& schema() {
  static const Schema fields{{.name = "n", .type = Type::int32}, {.name = "t", .type = Type::utf8}, penstock::list_of("l", Type::utf8),
                             {.name = "b", .type = Type::boolean}, {.name = "w", .type = Type::fixed_binary, .width = 2},
                             {.name = "x", .type = Type::null}};
  return fields;
}

Batch three_rows() {
  return make_batch(schema(), {{1, "one", Cell::List{"a", "b"}, true, "aa", null},
                               {null, null, null, null, null, null},
                               {3, "drei", Cell::List{}, false, "bb", null}});
}

// "" when the array is fine; otherwise what is wrong.
std::string problem(const Schema& fields, const ArrowArray& array) {
  const auto checked = validate_array(fields, array);
  if (checked) return "";
  EXPECT_EQ(checked.failure().status, PENSTOCK_STATUS_INTERNAL);
  EXPECT_EQ(checked.failure().retry, PENSTOCK_RETRY_NEVER);
  return checked.failure().message;
}

std::string problem(const Schema& fields, const Batch& batch) { return problem(fields, batch.array()); }

// Damages a good batch, asks, and mends it again so that it can be released.
std::string problem_after(const std::function<void(ArrowArray&)>& damage) {
  Batch batch = three_rows();
  ArrowArray& array = *batch.array();
  const ArrowArray whole = array;
  std::vector<ArrowArray> columns;
  for (int64_t i = 0; i < array.n_children; ++i) columns.push_back(*array.children[i]);
  const ArrowArray item = *array.children[2]->children[0];
  std::vector<std::vector<const void*>> buffers;
  for (const ArrowArray& column : columns) buffers.emplace_back(column.buffers, column.buffers + column.n_buffers);
  const std::vector<const void*> item_buffers(item.buffers, item.buffers + item.n_buffers);

  damage(array);
  const std::string message = problem(schema(), array);

  array = whole;
  *columns[2].children[0] = item;
  for (size_t i = 0; i < columns.size(); ++i) {
    *whole.children[i] = columns[i];
    std::copy(buffers[i].begin(), buffers[i].end(), columns[i].buffers);
  }
  std::copy(item_buffers.begin(), item_buffers.end(), item.buffers);
  return message;
}

int32_t* offsets(ArrowArray& column) { return const_cast<int32_t*>(static_cast<const int32_t*>(column.buffers[1])); }

TEST(ValidateArray, AcceptsWhatTheBuilderMakes) {
  EXPECT_EQ(problem(schema(), three_rows()), "");
  EXPECT_EQ(problem(schema(), make_batch(schema(), {})), "");
  EXPECT_EQ(problem({}, make_batch(Schema{}, {})), "");
}

TEST(ValidateArray, LooksAtNoOffsetsOfAnArrayWithoutRows) {
  static const int32_t kBehindNoBytes = -1;  // a buffer of no bytes points to whatever is there
  for (const void* const buffer : {static_cast<const void*>(nullptr), static_cast<const void*>(&kBehindNoBytes)}) {
    Batch batch = make_batch(schema(), {});
    ArrowArray& list = *batch.array()->children[2];
    for (ArrowArray* const column : {batch.array()->children[1], &list, list.children[0]}) column->buffers[1] = buffer;
    EXPECT_EQ(problem(schema(), batch), "");
    EXPECT_GE(batch.byte_size(), 0);
  }
}

TEST(ValidateArray, NamesTheColumnAndTheDamage) {
  struct Case {
    std::function<void(ArrowArray&)> damage;
    const char* message;
  };
  const Case cases[] = {
      // The struct
      {[](ArrowArray& a) { a.release = nullptr; }, "already released"},
      {[](ArrowArray& a) { a.length = -1; }, "a batch needs a length >= 0 and no offset of its own"},
      {[](ArrowArray& a) { a.offset = 1; }, "a batch needs a length >= 0 and no offset of its own"},
      {[](ArrowArray& a) { a.null_count = 1; }, "a row of a batch cannot be null as a whole"},
      {[](ArrowArray& a) { a.null_count = -2; }, "null count out of range"},
      {[](ArrowArray& a) { a.n_buffers = 0; }, "buffer count 0, expected 1"},
      {[](ArrowArray& a) { a.buffers = nullptr; }, "no buffers"},
      {[](ArrowArray& a) { a.dictionary = &a; }, "dictionaries are not supported"},
      {[](ArrowArray& a) { a.n_children = 5; }, "column count 5, expected 6"},
      {[](ArrowArray& a) { a.n_children = -1; }, "column count -1, expected 6"},
      {[](ArrowArray& a) { a.children = nullptr; }, "no columns"},
      {[](ArrowArray& a) { a.length = 4; }, "column \"n\": length 3, expected 4"},
      // A column
      {[](ArrowArray& a) { a.children[0]->release = nullptr; }, "column \"n\": already released"},
      {[](ArrowArray& a) { a.children[0]->length = 2; }, "column \"n\": length 2, expected 3"},
      {[](ArrowArray& a) { a.children[0]->offset = -1; }, "column \"n\": offset or length out of range"},
      {[](ArrowArray& a) { a.children[0]->offset = std::numeric_limits<int64_t>::max(); }, "column \"n\": offset or length out of range"},
      {[](ArrowArray& a) { a.length = a.children[0]->length = std::numeric_limits<int64_t>::max(); },
       "column \"n\": offset or length out of range"},
      {[](ArrowArray& a) { a.children[0]->null_count = -2; }, "column \"n\": null count out of range"},
      {[](ArrowArray& a) { a.children[0]->null_count = 4; }, "column \"n\": null count out of range"},
      {[](ArrowArray& a) { a.children[0]->null_count = 0; }, "column \"n\": null count 0, but 1 in the validity buffer"},
      {[](ArrowArray& a) { a.children[0]->null_count = 2; }, "column \"n\": null count 2, but 1 in the validity buffer"},
      {[](ArrowArray& a) { a.children[0]->dictionary = &a; }, "column \"n\": dictionaries are not supported"},
      {[](ArrowArray& a) { a.children[0]->n_buffers = 1; }, "column \"n\": buffer count 1, expected 2"},
      {[](ArrowArray& a) { a.children[0]->n_buffers = 3; }, "column \"n\": buffer count 3, expected 2"},
      {[](ArrowArray& a) { a.children[0]->buffers = nullptr; }, "column \"n\": no buffers"},
      {[](ArrowArray& a) { a.children[0]->buffers[0] = nullptr; }, "column \"n\": nulls without a validity buffer"},
      {[](ArrowArray& a) { a.children[0]->buffers[1] = nullptr; }, "column \"n\": no data buffer"},
      {[](ArrowArray& a) { a.children[3]->buffers[1] = nullptr; }, "column \"b\": no data buffer"},
      {[](ArrowArray& a) { a.children[4]->buffers[1] = nullptr; }, "column \"w\": no data buffer"},
      {[](ArrowArray& a) { a.children[0]->n_children = 1; }, "column \"n\": child count 1, expected 0"},
      {[](ArrowArray& a) { a.children[5]->n_buffers = 1; }, "column \"x\": buffer count 1, expected 0"},
      // Text
      {[](ArrowArray& a) { a.children[1]->n_buffers = 2; }, "column \"t\": buffer count 2, expected 3"},
      {[](ArrowArray& a) { a.children[1]->buffers[1] = nullptr; }, "column \"t\": no offsets buffer"},
      {[](ArrowArray& a) { a.children[1]->buffers[1] = static_cast<const char*>(a.children[1]->buffers[1]) + 1; },
       "column \"t\": the offsets buffer is not aligned"},
      {[](ArrowArray& a) { a.children[1]->buffers[2] = nullptr; }, "column \"t\": no data buffer"},
      {[](ArrowArray& a) { offsets(*a.children[1])[0] = -1; }, "column \"t\": negative offset"},
      {[](ArrowArray& a) { offsets(*a.children[1])[1] = 9; }, "column \"t\": offsets decrease at row 1"},
      {[](ArrowArray& a) { offsets(*a.children[1])[3] = -5; }, "column \"t\": offsets decrease at row 2"},
      {[](ArrowArray& a) { const_cast<char*>(static_cast<const char*>(a.children[1]->buffers[2]))[4] = '\xff'; },
       "column \"t\": invalid UTF-8 at row 2"},
      // A list
      {[](ArrowArray& a) { a.children[2]->n_children = 0; }, "column \"l\": child count 0, expected 1"},
      {[](ArrowArray& a) { a.children[2]->children = nullptr; }, "column \"l\": no child"},
      {[](ArrowArray& a) { offsets(*a.children[2])[3] = 3; }, "column \"l\": offsets beyond the child"},
      {[](ArrowArray& a) { a.children[2]->children[0]->length = -1; }, "column \"l\": offsets beyond the child"},
      {[](ArrowArray& a) { a.children[2]->children[0]->release = nullptr; }, "column \"l\", items: already released"},
      {[](ArrowArray& a) { const_cast<char*>(static_cast<const char*>(a.children[2]->children[0]->buffers[2]))[1] = '\x80'; },
       "column \"l\", items: invalid UTF-8 at row 1"},
  };
  for (const Case& c : cases) EXPECT_EQ(problem_after(c.damage), std::string("malformed Arrow array: ") + c.message);
}

TEST(ValidateArray, RefusesAMissingColumn) {
  Batch batch = three_rows();
  ArrowArray* const first = std::exchange(batch.array()->children[0], nullptr);
  EXPECT_EQ(problem(schema(), batch), "malformed Arrow array: no column 0");
  batch.array()->children[0] = first;
}

TEST(ValidateArray, LooksAtTheBitmapWhenTheNullCountOfTheStructIsUnknown) {
  uint8_t bits = 0b101;
  const void* buffers[] = {&bits};
  const auto with_bitmap = [&](ArrowArray& a) { a.null_count = -1, a.buffers = buffers; };
  EXPECT_EQ(problem_after(with_bitmap), "malformed Arrow array: a row of a batch cannot be null as a whole");
  bits = 0b111;
  EXPECT_EQ(problem_after(with_bitmap), "");
  EXPECT_EQ(problem_after([](ArrowArray& a) { a.null_count = -1; }), "");
}

TEST(ValidateArray, CountsTheNullsOfALongSlice) {
  // 200 rows from the third on; every seventh of the whole is null.
  std::vector<Row> rows;
  for (int row = 0; row < 203; ++row) rows.push_back({row % 7 == 0 ? Cell() : Cell(row)});
  const Schema fields{{.name = "n", .type = Type::int32}};
  Batch batch = make_batch(fields, rows);
  batch.array()->length = 200;
  ArrowArray& column = *batch.array()->children[0];
  column.offset = 3, column.length = 200, column.null_count = 28;
  EXPECT_EQ(problem(fields, batch), "");
  column.null_count = 29;
  EXPECT_EQ(problem(fields, batch), "malformed Arrow array: column \"n\": null count 29, but 28 in the validity buffer");
}

TEST(ValidateArray, LimitsABatchWithoutColumns) {
  Batch batch = make_batch(Schema{}, {});
  batch.array()->length = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(problem({}, batch), "malformed Arrow array: length out of range");
}

TEST(ValidateArray, TakesAnUnknownNullCount) {
  EXPECT_EQ(problem_after([](ArrowArray& a) { a.children[0]->null_count = -1; }), "");
}

TEST(ValidateArray, DoesNotReadTextThatIsNull) {
  // Row 1 is null; what its bytes hold is nobody's business.
  static constexpr int32_t kOffsets[] = {0, 3, 4, 8};
  static constexpr char kBytes[] = "one\xff"
                                   "drei";
  const auto garbage = [](ArrowArray& a) { a.children[1]->buffers[1] = kOffsets, a.children[1]->buffers[2] = kBytes; };
  EXPECT_EQ(problem_after(garbage), "");
  // Without a bitmap it is not null.
  EXPECT_EQ(problem_after([&](ArrowArray& a) { garbage(a), a.children[1]->null_count = 0, a.children[1]->buffers[0] = nullptr; }),
            "malformed Arrow array: column \"t\": invalid UTF-8 at row 1");
}

TEST(ValidateArray, ReadsASliceFromItsOffset) {
  // Rows 1 and 2 of three; the text of row 0 is outside, and may be anything.
  static constexpr int32_t kOffsets[] = {-7, 0, 3, 4};
  static constexpr char kBytes[] = "abcd";
  const Schema fields{{.name = "t", .type = Type::utf8}};
  Batch batch = make_batch(fields, {{"abc"}, {"d"}});
  ArrowArray& column = *batch.array()->children[0];
  const void* const whole[] = {column.buffers[0], column.buffers[1], column.buffers[2]};
  column.offset = 1;
  column.buffers[1] = kOffsets;
  column.buffers[2] = kBytes;
  EXPECT_EQ(problem(fields, batch), "");
  EXPECT_EQ(test::rows_of(batch), (std::vector<test::Row>{{"abc"}, {"d"}}));
  column.offset = 0;
  EXPECT_EQ(problem(fields, batch), "malformed Arrow array: column \"t\": negative offset");
  std::copy(whole, whole + 3, column.buffers);
}

TEST(ValidateArray, AcceptsAnEmptyColumnWithoutBuffers) {
  // Producers give NULL for what has no bytes.
  const Schema fields{{.name = "t", .type = Type::utf8}, {.name = "n", .type = Type::int64}};
  Batch batch = make_batch(fields, {});
  ArrowArray** const columns = batch.array()->children;
  const void *offsets_buffer = columns[0]->buffers[1], *text = columns[0]->buffers[2], *numbers = columns[1]->buffers[1];
  columns[0]->buffers[1] = columns[0]->buffers[2] = columns[1]->buffers[1] = nullptr;
  EXPECT_EQ(problem(fields, batch), "");
  EXPECT_EQ(batch.byte_size(), 4);
  columns[0]->buffers[1] = offsets_buffer, columns[0]->buffers[2] = text, columns[1]->buffers[1] = numbers;
}

TEST(ValidateArray, AcceptsEmptyTextsWithoutADataBuffer) {
  const Schema fields{{.name = "t", .type = Type::utf8}};
  Batch batch = make_batch(fields, {{""}, {""}});
  const void* const text = std::exchange(batch.array()->children[0]->buffers[2], nullptr);
  EXPECT_EQ(problem(fields, batch), "");
  batch.array()->children[0]->buffers[2] = text;
}

TEST(ValidateArray, RefusesListsThatNestTooDeeply) {
  Field field{.name = "l", .type = Type::int32};
  for (int depth = 0; depth < 6; ++depth) {
    Field outer{.name = "l", .type = Type::list};
    outer.children.push_back(field);
    field = outer;
  }
  EXPECT_EQ(problem({field}, make_batch(Schema{field}, {})), "malformed Arrow array: column \"l\", items of items of items of items of items: nested too deeply");
}

}  // namespace
}  // namespace penstock::host
