#include "base/failure.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace penstock::host {
namespace {

TEST(Failure, PutsItsContextInFrontOfTheMessageAndKeepsEverythingElse) {
  Failure failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER, "connection reset", 5, 104, "08006", {{"host", "db1"}}};
  const Failure told = std::move(failure).in("write").in("store \"profiles\"");
  EXPECT_EQ(told.message, "store \"profiles\": write: connection reset");
  EXPECT_EQ(told.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(told.retry, PENSTOCK_RETRY_AFTER);
  EXPECT_EQ(told.retry_after_ns, 5);
  EXPECT_EQ(told.vendor_code, 104);
  EXPECT_EQ(told.sqlstate, "08006");
  EXPECT_EQ(told.details, (std::vector<std::pair<std::string, std::string>>{{"host", "db1"}}));
}

TEST(Failure, OfAWrongArgumentOrABugIsNotTriedAgain) {
  EXPECT_EQ(invalid("x").status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(invalid("x").retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(internal("x").status, PENSTOCK_STATUS_INTERNAL);
  EXPECT_EQ(internal("x").retry, PENSTOCK_RETRY_NEVER);
}

TEST(Failure, NamesEveryStatusAndReadsAnUnknownOneAsInternal) {
  const char* const names[] = {"internal",           "internal",          "invalid_argument",    "not_found",
                               "unauthenticated",    "permission_denied", "unavailable",         "cancelled",
                               "deadline_exceeded",  "failed_precondition", "resource_exhausted", "fenced",
                               "not_supported",      "data_loss",         "internal"};
  EXPECT_EQ(status_name(PENSTOCK_STATUS_OK), "ok");
  for (penstock_status status = 1; status <= PENSTOCK_STATUS_DATA_LOSS + 1; ++status)
    EXPECT_EQ(status_name(status), names[status]) << status;
  EXPECT_EQ(status_name(-1), "internal");
}

TEST(Result, HoldsAValueOrAFailure) {
  const Result<int> value = 7;
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 7);
  const Result<int> failed = invalid("no");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().message, "no");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(*made);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, OfNothingIsFineUntilToldOtherwise) {
  EXPECT_TRUE(Result<void>().ok());
  const Result<void> failed = internal("why");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.failure().message, "why");
}

TEST(ResultDeathTest, DoesNotLetAFailureBeTakenForAValue) {
  EXPECT_DEATH(static_cast<void>(*Result<int>(invalid("no"))), "ok\\(\\)");
}

}  // namespace
}  // namespace penstock::host
