#include "support/mariadb_server.hpp"

#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using Rows = std::vector<std::vector<std::string>>;

TEST(MariadbServer, AnswersAfterACrashWithTheSameDataOnTheSamePort) {
  MariadbServer server({.settings = {"--default-time-zone=+05:30"}});
  server.exec({"CREATE TABLE t (id INT, v VARCHAR(20))", "INSERT INTO t VALUES (1, 'caf\u00e9 \U0001f600'), (2, NULL)"});
  const Rows rows{{"1", "caf\u00e9 \U0001f600"}, {"2", "NULL"}};
  EXPECT_EQ(server.rows("SELECT id, v FROM t ORDER BY id"), rows);
  EXPECT_EQ(server.value("SELECT @@time_zone"), "+05:30");
  const uint16_t port = server.port();
  server.kill9();
  EXPECT_THROW(server.value("SELECT 1"), std::runtime_error);
  server.start();
  EXPECT_EQ(server.rows("SELECT id, v FROM t ORDER BY id"), rows);
  EXPECT_EQ(server.port(), port);
}

}  // namespace
}  // namespace penstock::test
