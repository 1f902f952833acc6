// What the suite found, for people, for programs and for build servers.
#pragma once

#include "conformance/suite.hpp"

#include <string>

namespace penstock::host::conformance {

// One line, and below it what was expected, what was seen and where the rule is written.
std::string outcome_text(const Outcome& outcome);
// The head of the text: what is tried, and on what.
std::string head_text(const SuiteSettings& settings, const PluginFacts& plugin);
// The last line: how many of what.
std::string summary_text(const SuiteReport& report);

std::string report_json(const SuiteSettings& settings, const SuiteReport& report);
// JUnit's XML: one test suite, a test case for each outcome.
std::string report_junit(const SuiteSettings& settings, const SuiteReport& report);

}  // namespace penstock::host::conformance
