#include "serve/routes.hpp"

#include "fake_profiles.hpp"
#include "http_fixture.hpp"
#include "observe/metrics.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::get;
using test::post;
using test::RawClient;
using test::Served;

class Routes : public testing::Test {
 protected:
  Routes() {
    store_.profiles[{"users_v1", "u1"}] = {.values = {{"orders", test::value<int32_t>(10)}}};
  }

  HostEndpoints endpoints() {
    return {.ready = [this] { return ready_; },
            .metrics = [this] { return metrics_.text(0); },
            .status = [this] { return status_; },
            .configuration =
                [this] {
                  const std::lock_guard lock(mutex_);
                  return configuration_;
                },
            .reader = &store_};
  }
  void configure(std::shared_ptr<const Configuration> configuration) {
    const std::lock_guard lock(mutex_);
    configuration_ = std::move(configuration);
  }

  ReadyReport ready_;
  Metrics metrics_{"0.1.0", 0};
  Result<std::string> status_ = std::string(R"({"views":[]})");
  std::mutex mutex_;
  std::shared_ptr<const Configuration> configuration_ = std::make_shared<const Configuration>(test::example_configuration());
  test::FakeProfiles store_;
};

const std::string kBody = R"({"attribute_keys": {"domain_userid": ["u1", "u2"]}, "attributes": ["users_v1:orders"]})";

TEST_F(Routes, TellHealth) {
  Served served(host_routes(endpoints()));
  const auto response = RawClient(served.port()).ask(get("/healthz"));
  EXPECT_EQ(response->status, 200u);
  EXPECT_EQ(response->body, R"({"status":"ok"})");
}

TEST_F(Routes, TellReadinessAndWhatIsMissing) {
  {
    Served served(host_routes(endpoints()));
    const auto response = RawClient(served.port()).ask(get("/readyz"));
    EXPECT_EQ(response->status, 200u);
    EXPECT_EQ(response->body, R"({"status":"ready"})");
  }
  ready_.not_ready = {{"store \"profiles\"", "connection refused"}, {"view \"users\" v1", "has never been synced"}};
  Served served(host_routes(endpoints()));
  const auto response = RawClient(served.port()).ask(get("/readyz"));
  EXPECT_EQ(response->status, 503u);
  EXPECT_EQ(response->body, R"({"status":"not_ready","not_ready":[{"object":"store \"profiles\"","reason":"connection refused"},)"
                            R"({"object":"view \"users\" v1","reason":"has never been synced"}]})");
}

TEST_F(Routes, GivePrometheusItsText) {
  Served served(host_routes(endpoints()));
  const auto response = RawClient(served.port()).ask(get("/metrics"));
  EXPECT_EQ(response->status, 200u);
  EXPECT_EQ(response->headers.at("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response->body.find("penstock_build_info{version=\"0.1.0\"} 1\n"), std::string::npos);
}

TEST_F(Routes, PassTheStatusOn) {
  {
    Served served(host_routes(endpoints()));
    EXPECT_EQ(RawClient(served.port()).ask(get("/api/v1/status"))->body, R"({"views":[]})");
  }
  status_ = Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "state: busy"};
  Served served(host_routes(endpoints()));
  const auto response = RawClient(served.port()).ask(get("/api/v1/status"));
  EXPECT_EQ(response->status, 503u);
  EXPECT_EQ(response->body, R"({"error":{"code":"unavailable","message":"state: busy"}})");
}

TEST_F(Routes, ReadProfiles) {
  Served served(host_routes(endpoints()));
  RawClient client(served.port());
  const auto response = client.ask(post("/api/v1/get-online-attributes", kBody));
  EXPECT_EQ(response->status, 200u);
  EXPECT_EQ(response->headers.at("Content-Type"), "application/json");
  EXPECT_EQ(response->body, R"({"domain_userid":["u1","u2"],"orders":[10,null]})");
  const auto unknown = client.ask(post("/api/v1/get-online-attributes", R"({"attribute_keys": {"domain_userid": ["u1"]}, "service": "checkot"})"));
  EXPECT_EQ(unknown->status, 404u);
  EXPECT_EQ(unknown->body, R"x({"error":{"code":"not_found","message":"there is no service \"checkot\" (did you mean \"checkout\"?)"}})x");
  EXPECT_EQ(client.ask(post("/api/v1/get-online-attributes", "{"))->status, 400u);
  EXPECT_EQ(client.ask(get("/api/v1/get-online-attributes"))->status, 405u);
}

TEST_F(Routes, ReadByTheConfigurationOfTheMoment) {
  const auto complete = configuration_;
  configure(nullptr);
  Served served(host_routes(endpoints()));
  RawClient client(served.port());
  const auto starting = client.ask(post("/api/v1/get-online-attributes", kBody));
  EXPECT_EQ(starting->status, 503u);
  EXPECT_EQ(starting->body, R"({"error":{"code":"unavailable","message":"the host is still starting"}})");
  configure(complete);
  EXPECT_EQ(client.ask(post("/api/v1/get-online-attributes", kBody))->status, 200u);
  configure(std::make_shared<const Configuration>());
  EXPECT_EQ(client.ask(post("/api/v1/get-online-attributes", kBody))->status, 404u);
}

TEST_F(Routes, ReadForManyClientsWhileTheConfigurationChanges) {
  const auto complete = configuration_;
  Served served(host_routes(endpoints()));
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c)
    clients.emplace_back([&] {
      RawClient client(served.port());
      for (int i = 0; i < 100; ++i) {
        const auto response = client.ask(post("/api/v1/get-online-attributes", kBody));
        if (response && response->body == R"({"domain_userid":["u1","u2"],"orders":[10,null]})") ++answered;
      }
    });
  for (int i = 0; i < 200; ++i) configure(std::make_shared<const Configuration>(*complete));
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 400);
}

}  // namespace
}  // namespace penstock::host
