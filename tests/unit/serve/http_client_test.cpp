#include "serve/http_client.hpp"

#include "http_fixture.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using test::Served;

TEST(HttpClient, GetsAndPosts) {
  Served served({{Route::Method::get, "/a", false, [](const HttpRequest&) { return HttpResponse{.body = "got"}; }},
                 {Route::Method::post, "/a", true, [](const HttpRequest& r) { return HttpResponse{.status = 503, .body = "posted " + std::string(r.body)}; }}});
  const auto got = http_call({.port = served.port(), .target = "/a"});
  ASSERT_TRUE(got) << got.failure().message;
  EXPECT_EQ(got->status, 200u);
  EXPECT_EQ(got->body, "got");
  const auto posted = http_call({.port = served.port(), .target = "/a", .body = "{}"});
  ASSERT_TRUE(posted) << posted.failure().message;
  EXPECT_EQ(posted->status, 503u);
  EXPECT_EQ(posted->body, "posted {}");
}

TEST(HttpClient, SaysWhenNobodyListens) {
  uint16_t port = 0;
  { port = Served({}).port(); }
  const auto reply = http_call({.port = port});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.failure().status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(reply.failure().message, "host at 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
}

TEST(HttpClient, GivesUpAfterItsTimeout) {
  test::Gate gate;
  Served served({{Route::Method::get, "/", true, [&](const HttpRequest&) {
                    gate.wait();
                    return HttpResponse{};
                  }}});
  const auto reply = http_call({.port = served.port(), .timeout = 30ms});
  gate.open();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.failure().status, PENSTOCK_STATUS_DEADLINE_EXCEEDED);
  EXPECT_EQ(reply.failure().message, "host at 127.0.0.1 port " + std::to_string(served.port()) + ": no answer within 30 ms");
}

TEST(HttpClient, CallsThisMachineOnly) {
  const auto reply = http_call({.address = "192.0.2.1", .port = 80});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.failure().message, "host at 192.0.2.1 port 80: not a loopback address");
}

// Answers one connection with these bytes, then closes it.
class Canned {
 public:
  explicit Canned(std::string bytes) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(fd_, 1);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, bytes = std::move(bytes)] {
      const int client = ::accept(fd_, nullptr, nullptr);
      char request[4096];
      ssize_t read = ::recv(client, request, sizeof request, 0);
      if (read > 0) ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::shutdown(client, SHUT_WR);
      while (read > 0) read = ::recv(client, request, sizeof request, 0);
      ::close(client);
    });
  }
  ~Canned() {
    thread_.join();
    ::close(fd_);
  }
  uint16_t port = 0;

 private:
  int fd_;
  std::thread thread_;
};

TEST(HttpClient, RefusesAnswersThatAreCutOffOrNotHttp) {
  const auto failure = [](std::string bytes) {
    Canned server(std::move(bytes));
    const auto reply = http_call({.port = server.port});
    return reply ? std::string("answered") : std::string(status_name(reply.failure().status));
  };
  EXPECT_EQ(failure(""), "unavailable");
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "unavailable");
  EXPECT_EQ(failure("220 smtp ready\r\n"), "data_loss");
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), "data_loss");
  EXPECT_EQ(failure("HTTP/1.1 200 OK\r\n\r\nuntil the end"), "answered");
}

TEST(ErrorMessage, IsTheHostsOwnWhenItSentOne) {
  EXPECT_EQ(error_message({404, R"({"error":{"code":"not_found","message":"there is no view \"x\""}})"}), "there is no view \"x\"");
  EXPECT_EQ(error_message({500, "<html>\x1b"}), "HTTP 500: <html>\\x1b");
  EXPECT_EQ(error_message({500, R"({"error":{"message":1}})"}), "HTTP 500: {\"error\":{\"message\":1}}");
}

}  // namespace
}  // namespace penstock::host
