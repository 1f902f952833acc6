// The seed view from MariaDB through its ODBC driver.
#include "e2e/world.hpp"
#include "support/mariadb_server.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::HasSubstr;

class MariadbToStores : public testing::Test {
 protected:
  static void SetUpTestSuite() { mariadb_ = new MariadbServer({.settings = {"--default-time-zone=-03:30"}}); }
  static void TearDownTestSuite() { delete mariadb_; }

  void SetUp() override {
    mariadb_->exec({"CREATE OR REPLACE DATABASE SIGNALS CHARACTER SET utf8mb4",
                    "CREATE TABLE " + table() + " (DOMAIN_USERID VARCHAR(40) NOT NULL, UPDATED_AT TIMESTAMP(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6), " +
                        "TOTAL_TRANSACTIONS BIGINT, TOTAL_REVENUE DECIMAL(20, 0), AVG_TRANSACTION_REVENUE BIGINT, KEY (UPDATED_AT))",
                    "INSERT INTO " + table() + " SELECT CONCAT('u', seq), NOW(6) - INTERVAL 1 HOUR, 1 + seq % 17, 100 + seq, 10 FROM seq_0_to_999"});
    world_.set_environment("WAREHOUSE_PASSWORD", MariadbServer::kPassword);
  }
  static std::string table() { return std::string("SIGNALS.") + kTable; }

  void configure(const std::string& store) {
    world_.configure({.warehouse = "plugin = \"odbc\"\nconnection = { DRIVER = \"MariaDB Unicode\", SERVER = \"127.0.0.1\", PORT = \"" + std::to_string(mariadb_->port()) +
                                   "\", UID = \"penstock\" }\npassword = { env = \"WAREHOUSE_PASSWORD\" }\n",
                      .store = store,
                      .database = "SIGNALS",
                      .host = "interval = \"200ms\"\n",
                      .view = "lag = \"0s\"\nlookback = \"0s\"\n"});
  }
  std::string get(const std::string& key) const { return world_.penstock({"get", kView, key, "--json"}).out; }
  std::string materialize() const {
    const Finished run = world_.penstock({"materialize", "--json"});
    EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
    return run.out;
  }

  static MariadbServer* mariadb_;
  World world_;
};

MariadbServer* MariadbToStores::mariadb_ = nullptr;

TEST_F(MariadbToStores, TheDaemonPicksUpAChangeAlsoAfterTheServerWasKilled) {
  configure("plugin = \"memory\"\n");
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u7").find("\"TOTAL_REVENUE\":107") != std::string::npos; })) << host.err();
  mariadb_->exec({"UPDATE " + table() + " SET TOTAL_REVENUE = 4242 WHERE DOMAIN_USERID = 'u7'"});
  ASSERT_TRUE(eventually([&] { return get("u7").find("\"TOTAL_REVENUE\":4242") != std::string::npos; })) << host.err();
  EXPECT_THAT(get("u999"), HasSubstr("\"TOTAL_REVENUE\":1099"));
  mariadb_->kill9();
  mariadb_->start();
  mariadb_->exec({"UPDATE " + table() + " SET TOTAL_REVENUE = NULL WHERE DOMAIN_USERID = 'u8'"});
  ASSERT_TRUE(eventually([&] { return get("u8").find("\"TOTAL_REVENUE\":null") != std::string::npos; })) << host.err();
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0) << host.err();
  EXPECT_THAT(host.err(), testing::Not(HasSubstr(MariadbServer::kPassword)));
}

TEST_F(MariadbToStores, TheNextProcessReadsOnFromWhereTheLastOneStopped) {
  RedisServer redis;
  configure("plugin = \"redis\"\nurl = \"" + redis.url() + "\"\n");
  EXPECT_EQ(json_number(materialize(), "written"), 1000);
  mariadb_->exec({"UPDATE " + table() + " SET TOTAL_REVENUE = 3000000000 WHERE DOMAIN_USERID = 'u1'", "UPDATE " + table() + " SET TOTAL_REVENUE = 4242 WHERE DOMAIN_USERID = 'u2'"});
  // The horizon is a second behind the server's clock.
  int64_t read = 0, written = 0, rejected = 0;
  EXPECT_TRUE(eventually([&] {
    const std::string run = materialize();
    read += json_number(run, "read");
    written += json_number(run, "written");
    rejected = json_number(run, "rejected");
    return read >= 2;
  }));
  EXPECT_EQ(read, 2);
  EXPECT_EQ(written, 1);
  EXPECT_EQ(rejected, 1) << "beyond an int32";
  EXPECT_EQ(redis_profiles(redis).at("u2"), "3|4242|10");
  EXPECT_EQ(redis_profiles(redis).size(), 1000u);
  EXPECT_THAT(world_.penstock({"validate", "--online"}).out, testing::ContainsRegex("ok, class B \\(.+\\), horizon 20"));
}

}  // namespace
}  // namespace penstock::test
