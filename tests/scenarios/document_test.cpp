// TESTING.md names the test of every scenario: this holds it to that.
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

namespace penstock::test {
namespace {

// "Suite.Name" of every test of the project.
std::set<std::string> tests() {
  static const std::regex kTest(R"((?:^|\n)(?:TEST|TEST_F|TEST_P)\((\w+), (\w+)\))");
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PENSTOCK_SOURCE_DIR "/tests")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = read_file(entry.path());
    for (std::sregex_iterator found(text.begin(), text.end(), kTest), end; found != end; ++found) names.insert((*found)[1].str() + "." + (*found)[2].str());
  }
  return names;
}

TEST(TestingDocument, NamesATestForEachOfTheFiftyFourScenariosAndOnlyTestsThatExist) {
  const std::set<std::string> known = tests();
  ASSERT_GT(known.size(), 500u);
  static const std::regex kName(R"(`([A-Z]\w+\.[A-Z]\w+)`)"), kRow(R"(\| (\d+) \| .* \|)");
  std::istringstream document(read_file(PENSTOCK_SOURCE_DIR "/TESTING.md"));
  int scenario = 0;
  for (std::string line; std::getline(document, line);) {
    std::smatch row;
    const bool is_scenario = std::regex_match(line, row, kRow);
    if (is_scenario) {
      EXPECT_EQ(std::stoi(row[1]), ++scenario) << line;
    }
    int named = 0;
    for (std::sregex_iterator found(line.begin(), line.end(), kName), end; found != end; ++found, ++named)
      EXPECT_EQ(known.count((*found)[1]), 1u) << "no such test: " << (*found)[1];
    if (is_scenario) {
      EXPECT_GT(named, 0) << line;
    }
  }
  EXPECT_EQ(scenario, 54);
}

}  // namespace
}  // namespace penstock::test
