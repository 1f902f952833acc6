// Patterns for editors accept what the functions accept that the host checks by.
#include "base/time_text.hpp"
#include "config/names.hpp"
#include "config/option_inputs.hpp"
#include "config/quantity.hpp"
#include "config/table_reader.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <regex>

namespace penstock::host {
namespace {

const std::string kSamples[] = {"", "a", "A_1", "1a", "a-b", "a b", "a.b", "\xc3\xa4", "a\nb", std::string(128, 'x'), std::string(129, 'x'),
                                "Europe/Berlin", "Etc/GMT+5", "Etc/GMT-5", "a@b.c", "@b", "a@", "a@b@c", "a b@c", "localhost", "::1",
                                "127.0.0.1", "127.", "128.0.0.1", "127.x", "0.0.0.0", "5m", "0s", "365d", "10ms", "1us", "1ns", "5", "m", "-5m", "5 m",
                                "1.5s", "5M", "8MiB", "0B", "1TiB", "1KB", "1024", "8 MiB", "2024-01-31", "2024-01-31T00:00:00Z", "2024-01-31 00:00:00z",
                                "2024-01-31t10:00+02:00", "2024-01-31T10:00:00.5-0330", "2024-01-31T10:00:00", "2024-1-31", "20240131",
                                "2024-01-31T10:00:00+02", "2024-01-31T10Z", "postgresql://u:p@h/d", "postgresql://u@h/d", "redis://:p@h", "redis://u:@h",
                                "redis://h:6379/a@b", "redis://u:p@q@h", "x u:p@h", "password=x", "PWD = x;", "Pwd=;", "pwd=", "passwd\t=\ty", "password x",
                                "sslpassword=x", "a://b c:d@e"};

void expect_same(std::string_view pattern, const std::function<bool(const std::string&)>& accepts) {
  const std::regex regex{std::string(pattern)};
  size_t accepted = 0;
  for (const std::string& sample : kSamples) {
    EXPECT_EQ(std::regex_search(sample, regex), accepts(sample)) << pattern << ": " << sample;
    accepted += accepts(sample) ? 1 : 0;
  }
  EXPECT_GT(accepted, 0U) << pattern;
}

TEST(Patterns, AcceptTheSameNames) {
  expect_same(kNamePattern, is_name);
  expect_same(kFieldNamePattern, is_field_name);
  expect_same(kPluginNamePattern, is_plugin_name);
  expect_same(kTimeZonePattern, is_time_zone_name);
  expect_same(kEmailPattern, looks_like_email);
  expect_same(kLoopbackPattern, is_loopback_address);
}

TEST(Patterns, AcceptTheSameQuantities) {
  expect_same(kDurationPattern, [](const std::string& text) { return parse_duration(text).has_value(); });
  expect_same(kSizePattern, [](const std::string& text) { return parse_size(text).has_value(); });
}

TEST(Patterns, AcceptTheSameTimes) {
  expect_same(kInstantPattern, [](const std::string& text) {
    const auto time = parse_time(text);
    return time.has_value() && (time->has_offset || text.size() == std::string_view("2024-01-31").size());
  });
}

TEST(Patterns, FindTheSamePasswords) {
  expect_same(kPasswordPattern, [](const std::string& text) { return holds_password(text); });
}

}  // namespace
}  // namespace penstock::host
