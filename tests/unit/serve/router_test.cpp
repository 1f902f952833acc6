#include "serve/router.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

Router example() {
  const auto handle = [](const HttpRequest&) { return HttpResponse{}; };
  return Router({{Route::Method::get, "/a", false, handle}, {Route::Method::post, "/a", true, handle}, {Route::Method::post, "/b", true, handle}});
}

TEST(Router, FindsARouteByMethodAndPath) {
  const Router router = example();
  EXPECT_FALSE(router.match("GET", "/a").route->blocking);
  EXPECT_FALSE(router.match("HEAD", "/a").route->blocking);
  EXPECT_TRUE(router.match("POST", "/a").route->blocking);
}

TEST(Router, LeavesTheQueryOut) {
  const Router router = example();
  const Router::Match match = router.match("GET", "/a?x=/b");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.path, "/a");
  EXPECT_EQ(match.label, "/a");
}

TEST(Router, RefusesUnknownPathsWithoutEchoingControlCharacters) {
  const Router router = example();
  const Router::Match match = router.match("GET", "/c\x1b");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.label, "other");
  EXPECT_EQ(match.refusal->status, 404u);
  EXPECT_EQ(match.refusal->body, R"({"error":{"code":"not_found","message":"there is nothing at /c\\x1b"}})");
}

TEST(Router, SaysWhichMethodsAPathAnswers) {
  const Router router = example();
  const Router::Match match = router.match("DELETE", "/a");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.label, "/a");
  EXPECT_EQ(match.refusal->status, 405u);
  EXPECT_EQ(match.refusal->allow, "GET, HEAD, POST");
  EXPECT_EQ(match.refusal->body, R"({"error":{"code":"method_not_allowed","message":"/a answers GET, HEAD, POST, not DELETE"}})");
  EXPECT_EQ(router.match("HEAD", "/b").refusal->allow, "POST");
}

TEST(ErrorResponse, MapsAFailureToAStatus) {
  const auto status = [](penstock_status s) { return error_response(Failure{s, PENSTOCK_RETRY_NEVER, "m"}).status; };
  EXPECT_EQ(status(PENSTOCK_STATUS_INVALID_ARGUMENT), 400u);
  EXPECT_EQ(status(PENSTOCK_STATUS_NOT_FOUND), 404u);
  EXPECT_EQ(status(PENSTOCK_STATUS_UNAVAILABLE), 503u);
  EXPECT_EQ(status(PENSTOCK_STATUS_DEADLINE_EXCEEDED), 504u);
  EXPECT_EQ(status(PENSTOCK_STATUS_NOT_SUPPORTED), 501u);
  EXPECT_EQ(status(PENSTOCK_STATUS_INTERNAL), 500u);
  EXPECT_EQ(status(99), 500u);
  EXPECT_EQ(error_response(Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_NEVER, "a \"b\""}).body,
            R"({"error":{"code":"unavailable","message":"a \"b\""}})");
}

}  // namespace
}  // namespace penstock::host
