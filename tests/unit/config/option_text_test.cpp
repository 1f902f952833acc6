#include "config/option_text.hpp"

#include "config/load.hpp"
#include "config/option_schema.hpp"
#include "config/options.hpp"

#include <array>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <penstock/options.hpp>
#include <regex>
#include <sstream>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

constexpr const char* kModes[] = {"fast", "safe", nullptr};
constexpr penstock_option_desc kUrl = string_option("url", "Where: a|b, or <host>.", nullptr, kRequired);
constexpr penstock_option_desc kToken = string_option("token", "Who asks.", nullptr, kRequired | kSecret);
constexpr penstock_option_desc kPassword = string_option("password", "What for.", nullptr, kSecret);
constexpr penstock_option_desc kMode = choice_option("mode", "How.", "safe", kModes);
constexpr penstock_option_desc kUnit = choice_option("unit", "Of what.", nullptr, kModes);
constexpr penstock_option_desc kQuote = string_option("quote", "Between fields.", "\"\\");
constexpr penstock_option_desc kPort = int_option("port", "Which port.", "6379", 1, 65535);
constexpr penstock_option_desc kRows = option(PENSTOCK_OPTION_INT, "rows", "How many.");
constexpr penstock_option_desc kRatio = option(PENSTOCK_OPTION_DOUBLE, "ratio", "Of all.", "0.5");
constexpr penstock_option_desc kTls = bool_option("tls", "Whether.", "false");
constexpr penstock_option_desc kTimeout = duration_option("timeout",
                                                          "How long a server is waited for that says nothing at all, which is not the same as one that "
                                                          "says that it is busy.",
                                                          "5s", 1ms, 1h);
constexpr penstock_option_desc kPause = option(PENSTOCK_OPTION_DURATION, "pause", "Between two.", nullptr, 0, 1'000'000'000);
constexpr penstock_option_desc kBuffer = size_option("buffer", "How large.", "64KiB", 1024, 1 << 20);
constexpr penstock_option_desc kHosts = option(PENSTOCK_OPTION_STRING_LIST, "hosts", "Which ones.", "[a, b]");
constexpr penstock_option_desc kHeaders = option(PENSTOCK_OPTION_STRING_MAP, "headers", "Said with each.", "x = 1, y = 2");
constexpr std::array kOptions = {&kUrl, &kToken, &kPassword, &kMode, &kUnit, &kQuote, &kPort, &kRows, &kRatio, &kTls, &kTimeout, &kPause, &kBuffer, &kHosts, &kHeaders};
constexpr penstock_option_desc kTypes = option(PENSTOCK_OPTION_STRING_MAP, "types", "Of columns.");
constexpr std::array kTableOptions = {&kTypes, &kUnit};

// With an option of every type, with and without a default.
penstock_component source() {
  penstock_component component{};
  component.struct_size = sizeof component;
  component.kind = PENSTOCK_KIND_SOURCE;
  component.id = "sample";
  component.title = "Sample";
  component.doc = "Reads samples.";
  component.options = kOptions.data();
  component.n_options = kOptions.size();
  component.table_options = kTableOptions.data();
  component.n_table_options = kTableOptions.size();
  return component;
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(PENSTOCK_SOURCE_DIR) + "/tests/unit/config/golden/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(OptionText, IsATable) { EXPECT_EQ(options_as_table(source()), golden("sample.txt")); }
TEST(OptionText, IsMarkdown) { EXPECT_EQ(options_as_markdown(source()), golden("sample.md")); }
TEST(OptionText, IsToml) { EXPECT_EQ(options_as_toml(source()), golden("sample.toml")); }
TEST(OptionText, IsASchema) {
  const penstock_component sample = source();
  EXPECT_EQ(options_schema(std::array{&sample}), golden("sample.schema.json"));
}

TEST(OptionText, LeavesOutWhatThereIsNot) {
  penstock_component sink = source();
  sink.kind = PENSTOCK_KIND_SINK;
  EXPECT_THAT(options_as_markdown(sink), testing::AllOf(testing::HasSubstr("[store.NAME]"), testing::Not(testing::HasSubstr("batch_source"))));
  sink.n_options = 0;
  EXPECT_EQ(options_as_table(sink), "");
  EXPECT_EQ(options_as_markdown(sink), "");
  EXPECT_EQ(options_as_toml(sink), "# Reads samples.\n[store.NAME]\nplugin = \"sample\"\n");
  EXPECT_THAT(options_schema(std::array<const penstock_component*, 1>{&sink}), testing::Not(testing::HasSubstr("batch_source")));
}

// What is wrong with the text as a configuration.
std::vector<std::string> problems_of(const std::string& toml) {
  std::vector<std::string> problems;
  const auto add = [&](const std::vector<Problem>& found) {
    for (const Problem& problem : found) problems.push_back(problem.text());
  };
  const Loaded loaded = parse_configuration({{"a.toml", toml}});
  add(loaded.problems);
  for (const Connection& connection : loaded.configuration.warehouses) add(check_options("warehouse", {}, connection.options, kOptions.data(), kOptions.size()));
  for (const BatchSource& table : loaded.configuration.batch_sources) add(check_options("table", {}, table.options, kTableOptions.data(), kTableOptions.size()));
  EXPECT_EQ(loaded.configuration.warehouses.size(), 1U);
  EXPECT_EQ(loaded.configuration.batch_sources.size(), 1U);
  return problems;
}

TEST(OptionText, AsTomlIsAConfiguration) { EXPECT_EQ(problems_of(options_as_toml(source())), std::vector<std::string>{}); }

TEST(OptionText, AsTomlIsAConfigurationWithEveryCommentedOptionToo) {
  const std::string toml = std::regex_replace(options_as_toml(source()), std::regex("\n# (\\w+ = )"), "\n$1");
  EXPECT_THAT(toml, testing::AllOf(testing::HasSubstr("\nheaders = "), testing::HasSubstr("\nrows = 0\n"), testing::HasSubstr("\npause = \"1s\"\n")));
  EXPECT_EQ(problems_of(toml), std::vector<std::string>{});
}

}  // namespace
}  // namespace penstock::host
