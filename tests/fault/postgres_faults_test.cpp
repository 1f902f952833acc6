// What happens to a PostgreSQL in practice, under a host that goes on polling.
#include "fault/polling_host.hpp"
#include "support/redis_proxy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kWideRows = 12'000;

class NothingIsLostWhenPostgresHas : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres_ = new PostgresServer;
    create_profile_table(*postgres_);
  }
  static void TearDownTestSuite() { delete postgres_; }

  NothingIsLostWhenPostgresHas() {
    postgres_->exec("TRUNCATE " + profile_table());
    upsert_users(*postgres_, "u", 0, 600);
    host_.start();
    host_.await_caught_up();
  }

  PollingHost::Settings settings() const {
    return {.store_url = proxy_.url(),
            .warehouse = "margin = \"1ms\"\nstatement_timeout = \"500ms\"\n",
            .host = "batch_rows = 100\nqueue_batches = 1\n"};
  }
  // Rows of a kilobyte each: more than lies in sockets, so that the server is still sending them at the third write.
  void stop_in_the_middle_of_a_scan() {
    proxy_.stop_at({"EXEC", 3, RedisProxy::Moment::before});
    upsert_users(*postgres_, std::string(1000, 'x'), 0, kWideRows);
    ASSERT_TRUE(proxy_.await_stop()) << host_.log();
    ASSERT_TRUE(eventually([&] { return postgres_->value("SELECT count(*) FROM pg_stat_activity WHERE " + scanning()) == "1"; }));
  }
  static std::string scanning() { return "application_name = 'penstock' AND state = 'active' AND query LIKE 'COPY%'"; }
  // The failure is in the status while it lasts.
  void expect_failing(const std::string& why) {
    EXPECT_TRUE(eventually([&] { return host_.status().find(why) != std::string::npos; })) << why << "\n" << host_.status() << host_.log();
  }
  // And stays in the history.
  void expect_healed_after(const testing::Matcher<std::string>& failure) {
    host_.await_caught_up();
    EXPECT_THAT(host_.history(), AllOf(HasSubstr("\"outcome\":\"failed\""), failure));
    expect_complete();
  }
  void expect_complete() {
    const Difference found = compare_every_key(*postgres_, redis_);
    EXPECT_TRUE(found.none()) << found << "\n" << host_.log();
  }

  static PostgresServer* postgres_;
  RedisServer redis_;
  RedisProxy proxy_{redis_.port()};
  PollingHost host_{*postgres_, redis_, settings()};
};

PostgresServer* NothingIsLostWhenPostgresHas::postgres_ = nullptr;

TEST_F(NothingIsLostWhenPostgresHas, ABackendTerminatedInTheMiddleOfAScan) {
  stop_in_the_middle_of_a_scan();
  EXPECT_EQ(postgres_->value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + scanning()), "t");
  proxy_.go_on();
  expect_healed_after(AnyOf(HasSubstr("server closed the connection"), HasSubstr("terminating connection")));
}

TEST_F(NothingIsLostWhenPostgresHas, ARestartInTheMiddleOfAScan) {
  stop_in_the_middle_of_a_scan();
  postgres_->restart();
  proxy_.go_on();
  expect_healed_after(AnyOf(HasSubstr("server closed the connection"), HasSubstr("terminating connection")));
}

TEST_F(NothingIsLostWhenPostgresHas, ACrashInTheMiddleOfAScanAndIsDownForAWhile) {
  stop_in_the_middle_of_a_scan();
  postgres_->kill9();
  proxy_.go_on();
  expect_failing("warehouse \"prod\": ");
  expect_failing("Connection refused");
  postgres_->start();
  expect_healed_after(HasSubstr("server closed the connection"));
}

TEST_F(NothingIsLostWhenPostgresHas, AStatementTimeoutWhileTheTableIsLocked) {
  PostgresSession other(postgres_->dsn());
  other.exec("BEGIN; LOCK TABLE " + profile_table() + " IN ACCESS EXCLUSIVE MODE");
  expect_failing("canceling statement due to statement timeout");
  other.exec("ROLLBACK");
  expect_healed_after(HasSubstr("canceling statement due to statement timeout"));
}

// Nobody can tell when a transaction began that was prepared before the server came up.
TEST_F(NothingIsLostWhenPostgresHas, APreparedTransactionThatOutlivesACrash) {
  {
    PostgresSession session(postgres_->dsn());
    session.exec("BEGIN; INSERT INTO " + profile_table() + " (\"DOMAIN_USERID\", \"TOTAL_TRANSACTIONS\") VALUES ('prepared', 1)");
    session.exec("PREPARE TRANSACTION 'kept'");
  }
  postgres_->kill9();
  postgres_->start();
  upsert_users(*postgres_, "u", 0, 100);
  expect_failing("held back by prepared transaction \"kept\"");
  EXPECT_THAT(host_.status(), Not(HasSubstr("1970-01-01"))) << "the store is still true up to its position";
  EXPECT_TRUE(eventually([&] { return host_.log().find("nothing is read while the horizon is held back by prepared transaction \"kept\"") != std::string::npos; }))
      << host_.log();
  postgres_->exec("COMMIT PREPARED 'kept'");
  host_.await_caught_up();
  expect_complete();
  EXPECT_TRUE(redis_profiles(redis_).contains("prepared"));
}

}  // namespace
}  // namespace penstock::test
