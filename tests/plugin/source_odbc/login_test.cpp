// What keeps the connector from connecting.
#include "fake_warehouse.hpp"

namespace penstock::test {
namespace {

RecordedError open_error(const Given& options) {
  OdbcEnvironment::shared();
  return failure_of([&] { SourceDriver source(odbc(), options); });
}

TEST(OdbcLogin, DriverThatIsNotRegistered) {
  const RecordedError error = open_error({{"dsn", "DRIVER=Unknown;SERVER=db.example"}, {"password", PostgresServer::kPassword}});
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.message, "cannot connect to \"db.example\" through driver \"Unknown\": Can't open lib 'Unknown' : file not found");
}

TEST(OdbcLogin, DriverWhoseFileIsNotThere) {
  const RecordedError error = open_error({{"dsn", "DRIVER=Missing;SERVER=db.example"}, {"password", PostgresServer::kPassword}});
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.message,
            "cannot connect to \"db.example\" through driver \"Missing\": Can't open lib '/nonexistent/libmissing_odbc.so' : file not found");
}

TEST(OdbcLogin, DataSourceThatIsNotThere) {
  const RecordedError error = open_error({{"dsn", "warehouse"}, {"password", PostgresServer::kPassword}});
  EXPECT_EQ(error.status, PENSTOCK_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.sqlstate, "IM002");
  EXPECT_THAT(error.message, ::testing::StartsWith("cannot connect to the data source that option \"dsn\" names: "));
}

FakeScript failing_login(const std::string& fault) { return FakeScript().connect(R"({"nth": 1, "fault": )" + fault + "}"); }

TEST(OdbcLogin, RefusedPasswordIsNotTriedAgain) {
  const FakeOdbc fake(failing_login(R"({"sqlstate": "28000", "native": 390100, "message": "[Fake] Incorrect username or password was specified."})"));
  const RecordedError error = failure_of([&] { FakeWarehouse warehouse(fake); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAUTHENTICATED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_EQ(error.vendor_code, 390100);
  EXPECT_EQ(error.message, "cannot connect to the server through driver \"Fake\": Incorrect username or password was specified");
  EXPECT_EQ(fake.logged("connect ").size(), 1u);
}

TEST(OdbcLogin, ServerThatIsNotThereIsTriedAgain) {
  const FakeOdbc fake(failing_login(R"({"sqlstate": "08001", "native": 11, "message": "Unable to connect"})"));
  const RecordedError error = failure_of([&] { FakeWarehouse warehouse(fake); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
}

TEST(OdbcLogin, TakesNoLongerThanItsTimeout) {
  const FakeOdbc fake(FakeScript().connect(R"({"delay_ms": 60000})"));
  const RecordedError error = failure_of([&] { FakeWarehouse warehouse(fake, {{"login_timeout", "1s"}}); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(error.retry, PENSTOCK_RETRY_RECONNECT);
}

TEST(OdbcLogin, TakesNoLongerThanTheCall) {
  const FakeOdbc fake(FakeScript().connect(R"({"delay_ms": 60000})"));
  FakeCall call;
  call.set_deadline_ms_from_now(900);
  const RecordedError error =
      failure_of([&] { SourceDriver source(odbc(), FakeWarehouse::with_login(fake, {{"login_timeout", "20s"}}), call); });
  EXPECT_EQ(error.status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(error.message, "deadline exceeded");
  EXPECT_EQ(fake.logged("connection LOGIN_TIMEOUT"), (std::vector<std::string>{"connection LOGIN_TIMEOUT=1"}));
}

// The driver quotes them in its messages, as they are and as they stand in the connection string.
TEST(OdbcLogin, SecretsReachTheDriverAsTheyAreAndNoMessage) {
  FakeScript script;
  script.require(R"({"PWD": "pen;stock}  canary.", "UID": "penstock", "PRIV_KEY_FILE_PWD": "key-canary"})").table(kTable).statement(
      R"({"match": "SELECT 1", "fault": {"sqlstate": "42000", "message": "not PWD={pen;stock}}  canary.}, key-canary, pen;stock}  canary."}})");
  const FakeOdbc fake(script);
  SourceDriver source(odbc(), {{"dsn", fake.connection_string("UID=penstock;")},
                             {"password", "pen;stock}  canary."},
                             {"private_key_password", "key-canary"}});
  EXPECT_EQ(failure_of([&] { source.ping(); }).message, "pinging the server: not PWD={***}, ***, ***");
}

}  // namespace
}  // namespace penstock::test
