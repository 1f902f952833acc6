#include "serve/host_header.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

TEST(HostHeader, IsOursForLoopbackNamesAndTheConfiguredAddress) {
  for (const std::string_view host : {"localhost", "LocalHost:8321", "127.0.0.1", "127.0.0.1:1", "127.200.3.4:65535", "[::1]", "[::1]:8321", "127.0.0.1:"})
    EXPECT_EQ(check_host(host, "127.0.0.9"), host.ends_with(':') ? HostCheck::malformed : HostCheck::ours) << host;
  EXPECT_EQ(check_host("penstock.internal:80", "penstock.internal"), HostCheck::ours);
}

TEST(HostHeader, IsForeignForEveryOtherName) {
  for (const std::string_view host : {"example.com", "localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "[::2]", "[::ffff:127.0.0.1]",
                                      "localhost.", "0.0.0.0", "2130706433", "0x7f000001", "127.1"})
    EXPECT_EQ(check_host(host, "127.0.0.1"), HostCheck::foreign) << host;
}

TEST(HostHeader, IsMalformedWhenItIsNoHost) {
  for (const std::string_view host : {"", ":80", "a b", "localhost:x", "localhost:65536", "localhost:-1", "[::1", "[::1]x", "[localhost]", "::1",
                                      "user@localhost", "localhost/path", "localhost:80:80"})
    EXPECT_EQ(check_host(host, "127.0.0.1"), HostCheck::malformed) << host;
}

TEST(Loopback, IsALiteralAddress) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("::1"));
  for (const std::string_view other : {"", "localhost", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1 ", "::ffff:127.0.0.1"})
    EXPECT_FALSE(is_loopback(other)) << other;
}

}  // namespace
}  // namespace penstock::host
