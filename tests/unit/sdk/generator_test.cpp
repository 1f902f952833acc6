// clang 14 has no coroutines of C++20.
#ifdef __cpp_impl_coroutine
#include <penstock/generator.hpp>
#include <penstock/module.hpp>
#include <penstock/testing/source_driver.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::CallFailed;
using testing::FakeCall;
using testing::ScanDriver;
using testing::SourceDriver;
using testing::TextRows;

using Row = std::tuple<int64_t, std::optional<std::string>>;

// Is alive as long as a generator's frame.
class Witness {
 public:
  explicit Witness(int& alive) : alive_(&alive) { ++*alive_; }
  Witness(const Witness& other) : alive_(other.alive_) { ++*alive_; }
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --*alive_; }

 private:
  int* alive_;
};

int alive = 0;

// Numbers up to `n`, with a text on the heap for every second; -1 throws after two rows.
Generator<Row> count(int64_t n, std::string text, [[maybe_unused]] Witness witness) {
  for (int64_t i = 0; i != n; ++i) {
    if (n < 0 && i == 2) throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "the connection is lost");
    const Row row{i, i % 2 == 0 ? std::optional(text) : std::nullopt};
    co_yield row;
  }
}

class CountingSource final : public Source {
 public:
  static constexpr ComponentInfo kInfo{"counting", "Counting", "Counts up to the name of the table."};

  CountingSource(const Call&, const Options&) {}
  Schema describe(const Call&, const Table&) override { return {{"n", Type::int64}, {"text", Type::utf8}}; }
  Horizon horizon(const Call&, const Table&, const Cursor&) override { return {}; }
  std::unique_ptr<RowStream> scan(const Call& call, const Scan& scan, const std::string&, ScanInfo&) override {
    return stream_rows(call, describe(call, scan.table), scan,
                       count(std::stoll(scan.table.table), std::string(40, 'x'), Witness(alive)));
  }
};

class GeneratorTest : public ::testing::Test {
 protected:
  std::vector<int64_t> batch_lengths(testing::ScanSpec spec) {
    ScanDriver scan;
    source_.start(spec, scan);
    std::vector<int64_t> lengths;
    for (int64_t length = 0; (length = scan.next_length()) >= 0;) lengths.push_back(length);
    EXPECT_EQ(scan.next_length(), -1) << "after the end";
    return lengths;
  }

  SourceDriver source_{*source<CountingSource>()};
};

TEST_F(GeneratorTest, YieldsTheRowsOfAScan) {
  const std::string text(40, 'x');
  EXPECT_EQ(source_.scan({.table = {.table = "3"}}), (TextRows{{"0", text}, {"1", "NULL"}, {"2", text}}));
  EXPECT_EQ(source_.scan({.table = {.table = "0"}}), TextRows{});
  EXPECT_EQ(alive, 0);
}

TEST_F(GeneratorTest, BatchesHaveAsManyRowsAndBytesAsAskedFor) {
  EXPECT_EQ(batch_lengths({.table = {.table = "7"}, .batch_rows = 3}), (std::vector<int64_t>{3, 3, 1}));
  EXPECT_EQ(batch_lengths({.table = {.table = "6"}, .batch_rows = 3}), (std::vector<int64_t>{3, 3}));
  EXPECT_EQ(batch_lengths({.table = {.table = "3"}, .batch_bytes = 1}), (std::vector<int64_t>{1, 1, 1}));
}

TEST_F(GeneratorTest, AnExceptionEndsTheScanWithItsError) {
  try {
    source_.scan({.table = {.table = "-1"}});
    FAIL() << "it did not fail";
  } catch (const CallFailed& failed) {
    EXPECT_EQ(failed.error.message, "the connection is lost");
    EXPECT_EQ(failed.error.retry, PENSTOCK_RETRY_SAFE);
  }
  EXPECT_EQ(alive, 0);
}

TEST_F(GeneratorTest, ACancelIsSeenBetweenRows) {
  ScanDriver scan;
  source_.start({.table = {.table = "1000000000"}, .batch_rows = 1'000'000'000, .batch_bytes = INT64_MAX}, scan);
  scan.call.cancel();
  EXPECT_THROW(scan.next_length(), CallFailed);
  EXPECT_EQ(scan.call.error().status, PENSTOCK_STATUS_CANCELLED);
}

TEST_F(GeneratorTest, AScanThatIsNotReadToTheEndLeavesNothing) {
  ScanDriver scan;
  source_.start({.table = {.table = "9"}, .batch_rows = 2}, scan);
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(scan.next_length(), 2);
  scan.release();
  EXPECT_EQ(alive, 0);
}

TEST_F(GeneratorTest, AColumnThatIsNotThereIsAnError) {
  try {
    source_.scan({.table = {.table = "1"}, .columns = {"n", "gone"}});
    FAIL() << "it did not fail";
  } catch (const CallFailed& failed) {
    EXPECT_EQ(failed.error.status, PENSTOCK_STATUS_NOT_FOUND);
    EXPECT_EQ(failed.error.message, "there is no column \"gone\"");
  }
}

TEST_F(GeneratorTest, RowsThatDoNotFitTheColumnsAreAnError) {
  const auto wrong = []() -> Generator<std::tuple<int64_t>> {
    const std::tuple<int64_t> row{1};
    co_yield row;
  };
  FakeCall call;
  const auto stream = stream_rows(Call(call.get()), {{"a", Type::int64}, {"b", Type::int64}}, Scan(), wrong());
  ArrowArray array{};
  EXPECT_THROW(stream->next(&array), Error);
}

}  // namespace
}  // namespace penstock
#endif
