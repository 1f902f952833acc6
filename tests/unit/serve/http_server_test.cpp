#include "serve/http_server.hpp"

#include "http_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;
using test::ClientResponse;
using test::Gate;
using test::get;
using test::post;
using test::RawClient;
using test::Served;

// GET /fast on the loop; POST /echo on the pool.
std::vector<Route> example_routes() {
  return {{Route::Method::get, "/fast", false, [](const HttpRequest& r) { return HttpResponse{.body = "fast " + std::string(r.path)}; }},
          {Route::Method::post, "/echo", true, [](const HttpRequest& r) { return HttpResponse{.body = std::string(r.body), .content_type = "text/plain"}; }},
          {Route::Method::get, "/throws", true, [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("the cause"); }}};
}

// And /slow, which answers once the gate is open.
std::vector<Route> routes_with_slow(Gate& gate) {
  auto routes = example_routes();
  routes.push_back({Route::Method::get, "/slow", true, [&gate](const HttpRequest&) {
                      gate.reached.set_value();
                      gate.wait();
                      return HttpResponse{.body = "slow"};
                    }});
  return routes;
}

std::string error_body(const std::string& code, const std::string& message) {
  return R"({"error":{"code":")" + code + R"(","message":")" + message + R"("}})";
}

TEST(HttpServer, AnswersSeveralRequestsOnAConnection) {
  Served served(example_routes());
  RawClient client(served.port());
  for (int i = 0; i < 3; ++i) {
    const auto fast = client.ask(get("/fast?x=1"));
    ASSERT_TRUE(fast);
    EXPECT_EQ(fast->status, 200u);
    EXPECT_EQ(fast->body, "fast /fast");
    EXPECT_EQ(fast->headers, (std::map<std::string, std::string>{{"Content-Type", "application/json"},
                                                                 {"Content-Length", "10"},
                                                                 {"Cache-Control", "no-store"},
                                                                 {"X-Content-Type-Options", "nosniff"}}));
    const auto echo = client.ask(post("/echo", "hello"));
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->status, 200u);
    EXPECT_EQ(echo->headers.at("Content-Type"), "text/plain");
    EXPECT_EQ(echo->body, "hello");
  }
}

TEST(HttpServer, AnswersHeadLikeGetWithoutTheBody) {
  Served served(example_routes());
  RawClient client(served.port());
  client.send("HEAD /fast HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /none HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/fast"));
  const auto head = client.receive(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200u);
  EXPECT_EQ(head->headers.at("Content-Length"), "10");
  EXPECT_EQ(client.receive(true)->status, 404u);
  EXPECT_EQ(client.receive()->body, "fast /fast");
}

TEST(HttpServer, RefusesUnknownPathsAndMethodsAndGoesOn) {
  Served served(example_routes());
  RawClient client(served.port());
  const auto unknown = client.ask(get("/nowhere"));
  EXPECT_EQ(unknown->status, 404u);
  EXPECT_EQ(unknown->body, error_body("not_found", "there is nothing at /nowhere"));
  const auto method = client.ask(get("/echo"));
  EXPECT_EQ(method->status, 405u);
  EXPECT_EQ(method->headers.at("Allow"), "POST");
  EXPECT_EQ(client.ask("BREW /fast HTTP/1.1\r\nHost: localhost\r\n\r\n")->status, 405u);
  EXPECT_EQ(client.ask(get("/fast"))->status, 200u);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Served served(example_routes());
  RawClient client(served.port());
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += post("/echo", "body " + std::to_string(i)) + get("/fast");
  client.send(requests);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.receive()->body, "body " + std::to_string(i));
    EXPECT_EQ(client.receive()->body, "fast /fast");
  }
}

TEST(HttpServer, ChecksTheHostHeader) {
  Served served(example_routes());
  const struct {
    std::string headers;
    unsigned status;
  } cases[] = {{"Host: localhost\r\n", 200},        {"host: 127.0.0.1:99\r\n", 200}, {"Host: [::1]:8321\r\n", 200},
               {"Host: attacker.example\r\n", 421}, {"Host: 10.0.0.1\r\n", 421},     {"", 400},
               {"Host:\r\n", 400},                  {"Host: a b\r\n", 400},          {"Host: localhost\r\nHost: localhost\r\n", 400}};
  for (const auto& [headers, status] : cases) {
    RawClient client(served.port());
    const auto response = client.ask("GET /fast HTTP/1.1\r\n" + headers + "\r\n");
    ASSERT_TRUE(response) << headers;
    EXPECT_EQ(response->status, status) << headers;
    if (status != 200) {
      EXPECT_EQ(response->headers.at("Connection"), "close") << headers;
      EXPECT_TRUE(client.ended()) << headers;
    }
  }
}

TEST(HttpServer, AddsNothingForOtherOrigins) {
  Served served(example_routes());
  RawClient client(served.port());
  const auto response = client.ask(get("/fast", "Origin: http://attacker.example\r\nCookie: a=b\r\n"));
  for (const auto& [name, value] : response->headers) {
    EXPECT_FALSE(name.starts_with("Access-Control")) << name;
    EXPECT_NE(name, "Set-Cookie");
  }
  EXPECT_EQ(RawClient(served.port()).ask("OPTIONS /fast HTTP/1.1\r\nHost: localhost\r\nOrigin: http://attacker.example\r\n\r\n")->status, 405u);
}

TEST(HttpServer, RefusesHeadersAboveTheLimit) {
  Served served(example_routes());
  RawClient fits(served.port());
  EXPECT_EQ(fits.ask(get("/fast", "X: " + std::string(8000, 'x') + "\r\n"))->status, 200u);
  for (const size_t size : {8300u, 100'000u}) {
    RawClient client(served.port());
    client.send(get("/fast", "X: " + std::string(size, 'x') + "\r\n"));
    const auto response = client.receive();
    ASSERT_TRUE(response) << size;
    EXPECT_EQ(response->status, 431u);
    EXPECT_EQ(response->body, error_body("headers_too_large", "the headers exceed 8192 bytes"));
    EXPECT_TRUE(client.ended());
  }
}

TEST(HttpServer, RefusesBodiesAboveTheLimit) {
  Served served(example_routes());
  const std::string most(256 << 10, 'b');
  RawClient fits(served.port());
  EXPECT_EQ(fits.ask(post("/echo", most))->body, most);
  RawClient announced(served.port());
  const auto response = announced.ask(post("/echo", most + "b"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413u);
  EXPECT_EQ(response->body, error_body("body_too_large", "the body exceeds 262144 bytes"));
  RawClient chunked(served.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunks;
  for (int i = 0; i < 5; ++i) chunks += "10000\r\n" + std::string(0x10000, 'c') + "\r\n";
  EXPECT_EQ(chunked.ask(chunks + "0\r\n\r\n")->status, 413u);
}

TEST(HttpServer, TakesChunkedBodies) {
  Served served(example_routes());
  RawClient client(served.port());
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")->body, "abcde");
}

TEST(HttpServer, AsksForABodyThatWaitsToBeAskedFor) {
  Served served(example_routes());
  RawClient client(served.port());
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")->status, 100u);
  EXPECT_EQ(client.ask("ok")->body, "ok");
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  Served served(example_routes());
  for (const std::string request :
       {"nonsense\r\n\r\n", "GET /fast\r\n\r\n", "GET /fast HTTP/3.0\r\nHost: localhost\r\n\r\n", "GET /fast HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /fast HTTP/1.1\r\nHost: localhost\r\nBad\x01Name: x\r\n\r\n", "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "GET http://localhost/fast HTTP/1.1\r\nHost: localhost\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03"}) {
    RawClient client(served.port());
    client.send(request);
    client.shutdown_write();
    const auto response = client.receive();
    ASSERT_TRUE(response) << request;
    EXPECT_EQ(response->status, 400u) << request;
    EXPECT_TRUE(response->body.starts_with(R"({"error":{"code":"bad_request","message":")")) << response->body;
    EXPECT_TRUE(client.ended()) << request;
  }
  EXPECT_EQ(RawClient(served.port()).ask(get("/fast"))->status, 200u);
}

TEST(HttpServer, ClosesWhenAskedTo) {
  Served served(example_routes());
  RawClient close(served.port());
  EXPECT_EQ(close.ask(get("/fast", "Connection: close\r\n"))->headers.at("Connection"), "close");
  EXPECT_TRUE(close.ended());
  RawClient old(served.port());
  EXPECT_EQ(old.ask("GET /fast HTTP/1.0\r\nHost: localhost\r\n\r\n")->headers.at("Connection"), "close");
  EXPECT_TRUE(old.ended());
  RawClient kept(served.port());
  EXPECT_EQ(kept.ask("GET /fast HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")->headers.at("Connection"), "keep-alive");
  EXPECT_EQ(kept.ask(get("/fast"))->status, 200u);
}

TEST(HttpServer, ClosesConnectionsThatDoNotSpeak) {
  Served served(example_routes(), {.idle_timeout = 30ms});
  RawClient silent(served.port());
  EXPECT_TRUE(silent.ended());
  RawClient client(served.port());
  EXPECT_EQ(client.ask(get("/fast"))->status, 200u);
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, ClosesConnectionsThatDripTheirRequest) {
  Served served(example_routes(), {.read_timeout = 60ms});
  RawClient header(served.port());
  header.send("GET /fast HTTP/1.1\r\nHost: local");
  EXPECT_TRUE(header.ended());
  RawClient body(served.port());
  body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_TRUE(body.ended());
  // Every byte is in time, the request is not.
  RawClient drip(served.port());
  drip.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
  bool closed = false;
  for (int i = 0; i < 2000 && !closed; ++i) {
    drip.send("x");
    closed = drip.ended_within(5);
  }
  EXPECT_TRUE(closed);
}

TEST(HttpServer, RefusesConnectionsAboveTheLimit) {
  Served served(example_routes(), {.connections = 2});
  RawClient first(served.port()), second(served.port());
  EXPECT_EQ(first.ask(get("/fast"))->status, 200u);
  EXPECT_EQ(second.ask(get("/fast"))->status, 200u);
  RawClient third(served.port());
  const auto refused = third.receive();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503u);
  EXPECT_EQ(refused->body, error_body("too_many_connections", "the limit of 2 connections is reached; try again later"));
  EXPECT_TRUE(third.ended());
  third.close();
  first.close();
  // The server notices the end of the first one in its own time.
  bool taken = false;
  for (int i = 0; i < 1000 && !taken; ++i) {
    RawClient next(served.port());
    const auto response = next.ask(get("/fast"));
    taken = response && response->status == 200;
  }
  EXPECT_TRUE(taken);
}

TEST(HttpServer, NeverBlocksTheLoopWithAHandlerOfThePool) {
  Gate gate;
  Served served(routes_with_slow(gate));
  RawClient slow(served.port());
  slow.send(get("/slow"));
  gate.reached.get_future().wait();
  EXPECT_EQ(RawClient(served.port()).ask(get("/fast"))->status, 200u);
  gate.open();
  EXPECT_EQ(slow.receive()->body, "slow");
}

TEST(HttpServer, TurnsAnExceptionIntoAnErrorAndALogLine) {
  Served served(example_routes());
  RawClient client(served.port());
  const auto response = client.ask(get("/throws"));
  EXPECT_EQ(response->status, 500u);
  EXPECT_EQ(response->body, error_body("internal", "an internal error; see the host's log"));
  EXPECT_EQ(client.ask(get("/fast"))->status, 200u);
  const auto lines = served.log_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("error http: /throws: the cause"), std::string::npos) << lines[0];
}

TEST(HttpServer, SurvivesClientsThatLeaveBeforeTheAnswer) {
  Gate gate;
  std::atomic<int> waiting = 0;
  std::promise<void> all_waiting;
  auto routes = example_routes();
  routes.push_back({Route::Method::get, "/slow", true, [&](const HttpRequest&) {
                      if (++waiting == 3) all_waiting.set_value();
                      gate.wait();
                      return HttpResponse{.body = std::string(1 << 20, 's')};
                    }});
  Served served(std::move(routes));
  {
    RawClient a(served.port()), b(served.port()), c(served.port());
    a.send(get("/slow"));
    b.send(get("/slow") + get("/slow"));
    c.send(get("/slow"));
    all_waiting.get_future().wait();
  }
  gate.open();
  EXPECT_EQ(RawClient(served.port()).ask(get("/fast"))->status, 200u);
}

TEST(HttpServer, ServesManyClientsAtOnce) {
  Served served(example_routes());
  std::atomic<int> good = 0;
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c)
    clients.emplace_back([&, c] {
      RawClient client(served.port());
      for (int i = 0; i < 100; ++i) {
        const std::string body = std::to_string(c) + ":" + std::to_string(i);
        const auto response = client.ask(post("/echo", body));
        if (response && response->body == body) ++good;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 800);
}

TEST(HttpServer, TellsItsObserverWhatItAnswered) {
  std::mutex mutex;
  std::map<std::string, int> seen;
  Served served(example_routes(), {}, [&](std::string_view route, unsigned status, double seconds) {
    const std::lock_guard lock(mutex);
    EXPECT_GE(seconds, 0);
    ++seen[std::string(route) + " " + std::to_string(status)];
  });
  RawClient client(served.port());
  client.ask(get("/fast"));
  client.ask(post("/echo", ""));
  client.ask(get("/echo"));
  client.ask(get("/secret/u1"));
  client.ask("nonsense\r\n\r\n");
  EXPECT_TRUE(client.ended());
  const std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::map<std::string, int>{{"/fast 200", 1}, {"/echo 200", 1}, {"/echo 405", 1}, {"other 404", 1}, {"other 400", 1}}));
}

TEST(HttpServer, LetsRequestsFinishWhenItStops) {
  Gate gate;
  Served served(routes_with_slow(gate));
  RawClient idle(served.port());
  EXPECT_EQ(idle.ask(get("/fast"))->status, 200u);
  RawClient busy(served.port());
  busy.send(get("/slow"));
  gate.reached.get_future().wait();
  auto& stopped = served.stop();
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(RawClient(served.port()).connected());
  EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
  gate.open();
  const auto response = busy.receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "slow");
  EXPECT_EQ(response->headers.at("Connection"), "close");
  EXPECT_TRUE(busy.ended());
  busy.close();
  EXPECT_EQ(stopped.wait_for(10s), std::future_status::ready);
}

TEST(HttpServer, DoesNotWaitForeverWhenItStops) {
  Gate gate;
  Served served({{Route::Method::get, "/stuck", true,
                  [&](const HttpRequest&) {
                    gate.reached.set_value();
                    gate.wait();
                    return HttpResponse{};
                  }}},
                {.stop_timeout = 30ms});
  RawClient client(served.port());
  client.send(get("/stuck"));
  RawClient half(served.port());
  half.send("GET /stuck HT");
  gate.reached.get_future().wait();
  EXPECT_EQ(served.stop().wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(half.ended());
  gate.open();
}

TEST(HttpServer, ListensOnLoopbackOnly) {
  boost::asio::io_context loop;
  boost::asio::thread_pool pool(1);
  SystemClock clock;
  Log log(clock, LogLevel::error, LogFormat::text);
  const auto message = [&](const HttpOptions& options) {
    const auto opened = HttpServer::open(loop.get_executor(), pool, clock, log, options, {});
    return opened ? "" : opened.failure().message;
  };
  for (const char* address : {"0.0.0.0", "::", "192.168.1.1", "localhost", "", "::ffff:127.0.0.1"})
    EXPECT_EQ(message({.address = address}), "http: address \"" + std::string(address) +
                                                 "\" is not a loopback address (127.0.0.1 or ::1); any other needs TLS and a token");
  EXPECT_EQ(message({.address = "127.0.0.5"}), "");
}

TEST(HttpServer, SaysWhenThePortIsTaken) {
  Served served(example_routes());
  boost::asio::io_context loop;
  boost::asio::thread_pool pool(1);
  SystemClock clock;
  Log log(clock, LogLevel::error, LogFormat::text);
  const auto second = HttpServer::open(loop.get_executor(), pool, clock, log, {.port = served.port()}, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.failure().status, PENSTOCK_STATUS_UNAVAILABLE);
  EXPECT_EQ(second.failure().message, "http: listen on 127.0.0.1 port " + std::to_string(served.port()) + ": Address already in use");
}

// A request with a few bytes wrong may be refused or answered, but the next client is served, and nothing stays open.
TEST(HttpServerFuzz, OutlivesMalformedRequests) {
  Served served(example_routes(), {.read_timeout = 2s});
  std::mt19937 random(20260102);
  const std::string seeds[] = {get("/fast"), post("/echo", "some body"),
                               "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                               "HEAD /fast HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"};
  for (int round = 0; round < 400; ++round) {
    std::string request = seeds[random() % 4] + seeds[random() % 4];
    for (unsigned edits = 1 + random() % 8; edits > 0; --edits) {
      const size_t at = random() % request.size();
      switch (random() % 4) {
        case 0: request[at] = static_cast<char>(random()); break;
        case 1: request.erase(at, 1 + random() % 6); break;
        case 2: request.insert(at, request.substr(random() % request.size(), random() % 20)); break;
        default: request.insert(at, 1, "\r\n :/\0;,"[random() % 8]);
      }
      if (request.empty()) request = "x";
    }
    RawClient client(served.port());
    client.send(request);
    client.shutdown_write();
    const auto answers = client.rest();
    ASSERT_TRUE(answers) << request;
    EXPECT_TRUE(answers->empty() || answers->starts_with("HTTP/1.1 ")) << *answers;
  }
  EXPECT_EQ(RawClient(served.port()).ask(get("/fast"))->body, "fast /fast");
}

}  // namespace
}  // namespace penstock::host
