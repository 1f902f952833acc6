// The whole suite on connectors that need no server. Under the sanitizers this is where a connector, or a check, that leaks or reads what
// it may not is found: a process that a sanitizer ends is a crash of its check.
#include "conformance/report.hpp"
#include "support/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace penstock::host::conformance {
namespace {

const std::filesystem::path kPlugins = std::filesystem::path(PENSTOCK_BUILD_DIR) / "plugins";

// Of the whole report what is not good.
std::string faults_of(const std::string& plugin, const std::string& quirks) {
  const test::TemporaryFolder folder;
  test::write_file(folder / "quirks.toml", quirks);
  SuiteSettings settings{kPlugins / (plugin + ".so")};
  settings.quirks = load_quirks(folder / "quirks.toml", {}).quirks;
  settings.timeout = std::chrono::seconds(10);
  std::string faults;
  size_t passed = 0;
  run_suite(settings, all_checks(), [](const PluginFacts&) {}, [&](const Outcome& outcome) {
    if (is_bad(outcome.verdict)) faults += outcome_text(outcome);
    passed += outcome.verdict == Verdict::pass;
  });
  return passed > 0 ? faults : "no check passed\n" + faults;
}

TEST(Connectors, TheMemorySinkIsFit) { EXPECT_EQ(faults_of("sink_memory", "[store.here]\nplugin = \"memory\"\n"), ""); }

TEST(Connectors, TheFileSourceIsFit) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "events");
  test::write_file(folder / "events/rows.csv",
                   "id,name,at\n1,moon,1969-07-20 20:17:40Z\n2,tie,2023-11-14 22:13:20Z\n3,tie,2023-11-14 22:13:20Z\n4,,2023-11-14 22:13:20.000001Z\n"
                   "5,never,\n6,later,2024-01-01 00:00:00Z\n7,later,2024-01-02 00:00:00Z\n8,last,2024-01-03 00:00:00Z\n");
  EXPECT_EQ(faults_of("source_file", "[warehouse.here]\nplugin = \"file\"\npath = \"" + folder.path().string() +
                                         "\"\n[[batch_source]]\nname = \"events\"\nwarehouse = \"here\"\ntable = \"events\"\ntimestamp_field = \"at\"\n"
                                         "[check]\nkeys = [\"id\"]\n"),
            "");
}

}  // namespace
}  // namespace penstock::host::conformance
