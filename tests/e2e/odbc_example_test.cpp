// config/examples/odbc-sqlite.toml as it stands, but for folders and the interval: a table in a SQLite file into memory.
#include "e2e/world.hpp"
#include "support/odbc_environment.hpp"
#include "support/odbc_session.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class OdbcExample : public testing::Test {
 protected:
  OdbcExample() : file_(world_.folder() / "warehouse.db") {
    OdbcEnvironment::shared();
    const std::string connection = "DRIVER=SQLite3;Database=" + file_;
    world_.set_environment("WAREHOUSE_DSN", connection);
    std::string toml = read_file(PENSTOCK_SOURCE_DIR "/config/examples/odbc-sqlite.toml");
    toml = replaced(toml, "\"/usr/lib/penstock/plugins\"", "\"" PENSTOCK_BUILD_DIR "/plugins\"");
    toml = replaced(toml, "\"/var/lib/penstock\"", "\"" + world_.state_dir() + "\"");
    world_.configure_text(replaced(toml, "\"5m\" ", "\"100ms\"\nhttp_port = 0 "));
    session_ = std::make_unique<OdbcSession>(connection);
    session_->exec(std::string("CREATE TABLE ") + kTable +
                   " (DOMAIN_USERID text NOT NULL, UPDATED_AT timestamp NOT NULL, TOTAL_TRANSACTIONS integer, TOTAL_REVENUE integer, "
                   "AVG_TRANSACTION_REVENUE integer)");
  }
  void order(const std::string& user, int revenue) const {
    session_->exec(std::string("INSERT INTO ") + kTable + " VALUES ('" + user + "', strftime('%Y-%m-%d %H:%M:%f', 'now'), 1, " + std::to_string(revenue) + ", 1)");
  }
  bool has(const std::string& user, int revenue) const {
    return world_.penstock({"get", kView, user, "--json"}).out.find("\"TOTAL_REVENUE\":" + std::to_string(revenue) + ",") != std::string::npos;
  }

  World world_;
  const std::string file_;
  std::unique_ptr<OdbcSession> session_;
};

TEST_F(OdbcExample, SyncsATableAndPicksUpWhatChanges) {
  order("u1", 360);
  order("u2", 50);
  EXPECT_EQ(world_.penstock({"validate", "--online"}).exit_code, 0) << world_.penstock({"validate", "--online"}).err;
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return has("u1", 360) && has("u2", 50); })) << host.err();
  order("u2", 70);
  ASSERT_TRUE(eventually([&] { return has("u2", 70); })) << host.err();
  EXPECT_THAT(world_.penstock({"status"}).out, HasSubstr("class B (the server's clock less the lag"));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait(), 0);
}

}  // namespace
}  // namespace penstock::test
