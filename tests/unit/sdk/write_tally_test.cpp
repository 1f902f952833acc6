#include <penstock/testing/fake_call.hpp>
#include <penstock/write_tally.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

class WriteTallyTest : public ::testing::Test {
 protected:
  WriteTallyTest() { call_.start("write"); }

  static ArrowArray four_rows() {
    ArrowArray array{};
    array.length = 4;
    return array;
  }

  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.message();
    }
    return "no error";
  }

  testing::FakeCall call_;
  ArrowArray array_ = four_rows();
  const BatchView batch_{{}, array_};
  WriteTally tally_{Call(call_.get()), batch_};
};

TEST_F(WriteTallyTest, CountsEveryRowAndReportsWhatItRejects) {
  tally_.written();
  tally_.stale();
  tally_.unchanged();
  tally_.reject(2, 1, "too long", true);
  const WriteResult result = tally_.result();
  EXPECT_EQ((std::vector<int64_t>{result.written, result.unchanged, result.stale, result.rejected}), (std::vector<int64_t>{1, 1, 1, 1}));
  ASSERT_EQ(call_.rejects().size(), 1u);
  EXPECT_EQ(call_.rejects()[0].row, 2);
  EXPECT_EQ(call_.rejects()[0].column, 1);
  EXPECT_EQ(call_.rejects()[0].reason, "too long");
  EXPECT_TRUE(call_.rejects()[0].retryable);
  EXPECT_TRUE(tally_.is_rejected(2));
  EXPECT_FALSE(tally_.is_rejected(1));
}

TEST_F(WriteTallyTest, ARowThatWasForgottenIsAnError) {
  tally_.written(3);
  EXPECT_EQ(error_of([&] { tally_.result(); }), "write: 3 rows were counted, of a batch of 4");
}

TEST_F(WriteTallyTest, ARowIsRejectedOnceAndIsInTheBatch) {
  tally_.reject(0, PENSTOCK_REJECT_NO_COLUMN, "bad");
  EXPECT_EQ(error_of([&] { tally_.reject(0, PENSTOCK_REJECT_NO_COLUMN, "bad"); }), "row 0 is rejected twice");
  EXPECT_EQ(error_of([&] { tally_.reject(4, PENSTOCK_REJECT_NO_COLUMN, "bad"); }), "row 4 is rejected, but not in the batch");
  EXPECT_EQ(call_.rejects().size(), 1u);
}

}  // namespace
}  // namespace penstock
