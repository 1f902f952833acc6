// The suite with checks made for this test, on a plugin that is not one.
#include "conformance/report.hpp"

#include <cctype>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <set>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Check kChecks[] = {
    {"good.passes", Subject::file, "all is well", "file", [](Trial& trial) { trial.expect(true, "never said"), trial.measure("open, p99", 1.25, "ms"); }},
    {"good.warns", Subject::file, "all is well", "file", [](Trial& trial) { trial.warn("a <scratch>"); }},
    {"bad.fails", Subject::file, "all is well", "file",
     [](Trial& trial) { trial.expect(false, "a hole", "no hole"), trial.warn("a scratch"), trial.stop("a \"second\" hole"), trial.fail("never said"); }},
    {"bad.throws", Subject::file, "all is well", "file", [](Trial&) { throw std::runtime_error("thrown"); }},
    {"bad.crashes", Subject::file, "all is well", "file",
     [](Trial& trial) { trial.step("jump"), write(STDERR_FILENO, "ouch\n", 5) == 5 ? std::raise(SIGILL) : 0; }},
    {"bad.hangs", Subject::file, "all is well", "file", [](Trial& trial) { trial.step("wait"), pause(); }},
    {"good.skips", Subject::file, "all is well", "file", [](Trial& trial) { trial.skip("not offered"); }},
    {"good.excused", Subject::file, "all is well", "file", [](Trial& trial) { trial.fail("never run"); }},
    {"source.none", Subject::source, "all is well", "file", [](Trial& trial) { trial.fail("never run"); }},
};

SuiteSettings settings(std::vector<std::string> include = {}) {
  SuiteSettings out{"/nowhere/hello.so"};
  out.quirks.skip["good.excused"] = "it is young";
  out.include = std::move(include);
  out.timeout = 200ms;
  return out;
}

SuiteReport run(const SuiteSettings& with) {
  return run_suite(with, {std::begin(kChecks), std::end(kChecks)}, [](const PluginFacts&) {}, [](const Outcome&) {});
}

TEST(Suite, EachCheckHasTheWorstOfItsFindings) {
  std::vector<std::string> verdicts;
  const SuiteReport report = run(settings());
  for (const Outcome& outcome : report.outcomes) verdicts.push_back(outcome.check + " " + std::string(verdict_name(outcome.verdict)));
  EXPECT_THAT(verdicts, ElementsAre("good.passes PASS", "good.warns WARN", "bad.fails FAIL", "bad.throws FAIL", "bad.crashes CRASH", "bad.hangs TIMEOUT",
                                    "good.skips SKIP", "good.excused SKIP"));
  EXPECT_FALSE(report.good());
  EXPECT_EQ(report.count(Verdict::fail), 2u);
}

TEST(Suite, WarningsAndSkipsAreGood) { EXPECT_TRUE(run(settings({"good.*"})).good()); }

TEST(Suite, OnlyWhatIsIncludedRuns) {
  const SuiteReport report = run(settings({"*.warns", "good.passes"}));
  ASSERT_EQ(report.outcomes.size(), 2u);
  EXPECT_EQ(report.outcomes[0].check, "good.passes");
}

TEST(Suite, AFindingSaysWhatWasExpectedAndSeenAndWhereTheRuleIs) {
  EXPECT_EQ(outcome_text(run(settings({"bad.fails"})).outcomes.at(0)),
            "FAIL    bad.fails\n"
            "        expected: no hole\n"
            "        seen:     a hole\n"
            "        expected: all is well\n"
            "        seen:     a scratch\n"
            "        expected: all is well\n"
            "        seen:     a \"second\" hole\n"
            "        rule:     docs/abi.md#file\n");
}

TEST(Suite, ACrashIsBlamedOnTheStepAndShowsTheOutput) {
  EXPECT_EQ(outcome_text(run(settings({"bad.crashes"})).outcomes.at(0)),
            "CRASH   bad.crashes\n"
            "        expected: the process ends well\n"
            "        seen:     the process was killed by SIGILL (Illegal instruction), during: jump\n"
            "        rule:     docs/abi.md#file\n"
            "        output:\n"
            "          ouch\n");
}

TEST(Suite, AProcessThatEndsWithinACheckIsACrashAlsoWithTheCode0) {
  constexpr Check kLeaves = {"bad.leaves", Subject::file, "all is well", "file", [](Trial& trial) { trial.step("leave"), _exit(0); }};
  const SuiteReport report = run_suite(settings(), {kLeaves}, [](const PluginFacts&) {}, [](const Outcome&) {});
  EXPECT_EQ(outcome_text(report.outcomes.at(0)),
            "CRASH   bad.leaves\n"
            "        expected: the process ends well\n"
            "        seen:     something ended the process, with the code 0, before the check was over, during: leave\n"
            "        rule:     docs/abi.md#file\n");
}

TEST(Suite, AHangIsBlamedOnTheStep) {
  EXPECT_THAT(outcome_text(run(settings({"bad.hangs"})).outcomes.at(0)),
              StartsWith("TIMEOUT bad.hangs\n        expected: the check is over within 200 ms\n        seen:     it was not, during: wait\n"));
}

TEST(Suite, AMeasureAndASkipAreOneLine) {
  EXPECT_EQ(outcome_text(run(settings({"good.passes"})).outcomes.at(0)), "PASS    good.passes: open, p99 1.25 ms\n");
  EXPECT_EQ(outcome_text(run(settings({"good.excused"})).outcomes.at(0)), "SKIP    good.excused: not promised: it is young\n");
}

TEST(Suite, WhatTakesASecondSaysHowLongItTook) {
  Outcome outcome{"good.passes", "", "all is well", "docs/abi.md#file", {}, {}, {}, {}, 999ms};
  EXPECT_EQ(outcome_text(outcome), "PASS    good.passes\n");
  outcome.took = 12340ms;
  EXPECT_EQ(outcome_text(outcome), "PASS    good.passes (12.3 s)\n");
}

TEST(Suite, SummaryCountsWhatThereWas) {
  EXPECT_THAT(summary_text(run(settings())), StartsWith("8 checks: 1 passed, 1 warned, 2 failed, 1 crashed, 1 timed out, 2 skipped ("));
}

TEST(Suite, JsonHoldsWhatTheTextSays) {
  const auto with = settings({"bad.fails"});
  EXPECT_THAT(report_json(with, run(with)),
              testing::AllOf(HasSubstr(R"("check":"bad.fails","verdict":"fail","promise":"all is well","rule":"docs/abi.md#file")"),
                             HasSubstr(R"({"verdict":"fail","expected":"no hole","seen":"a hole"})"), HasSubstr(R"("good":false)")));
}

TEST(Suite, JunitHasFailuresErrorsAndSkips) {
  const auto with = settings();
  const std::string xml = report_junit(with, run(with));
  EXPECT_THAT(xml, HasSubstr(R"(<testsuite name="hello.so" tests="8" failures="2" errors="2" skipped="2")"));
  EXPECT_THAT(xml, HasSubstr(R"(<failure message="a hole; a scratch; a &quot;second&quot; hole" type="FAIL">)"));
  EXPECT_THAT(xml, HasSubstr(R"(<error message="the process was killed by SIGILL (Illegal instruction), during: jump" type="CRASH">)"));
  EXPECT_THAT(xml, HasSubstr(R"(<skipped message="not promised: it is young"/>)"));
  EXPECT_THAT(xml, HasSubstr("<system-out>warning: a &lt;scratch&gt;\n</system-out>"));
}

TEST(Suite, NoReportShowsASecretThatTheQuirksFileRefersTo) {
  const Check telling{"bad.tells", Subject::file, "all is well", "file-name", [](Trial& trial) {
                        std::fputs("password=hunter22\n", stderr);
                        trial.fail("it logs \"hunter22, hunter22\"");
                      }};
  setenv("PENSTOCK_TEST_SECRET", "hunter22", 1);
  SuiteSettings with = settings();
  with.quirks.stores.push_back({"there", "shelf", {{"password", {SecretReference{SecretReference::Kind::env, "PENSTOCK_TEST_SECRET"}, {}}}}, {}});
  const SuiteReport report = run_suite(with, {telling}, [](const PluginFacts&) {}, [](const Outcome& outcome) {
    EXPECT_THAT(outcome_text(outcome), ::testing::Not(HasSubstr("hunter22")));
  });
  EXPECT_EQ(report.outcomes.at(0).findings.at(0).seen, "it logs \"(secret), (secret)\"");
  EXPECT_EQ(report.outcomes.at(0).output, "password=(secret)\n");
}

TEST(Suite, PatternsAreOfStars) {
  EXPECT_TRUE(matches("*", "source.order"));
  EXPECT_TRUE(matches("source.*", "source.order"));
  EXPECT_TRUE(matches("*.or*r", "source.order"));
  EXPECT_FALSE(matches("source", "source.order"));
  EXPECT_FALSE(matches("sink.*", "source.order"));
}

// The headings of a page, as links write them.
std::set<std::string> anchors(const std::string& page) {
  std::set<std::string> out;
  std::ifstream file(PENSTOCK_SOURCE_DIR "/" + page);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("##")) continue;
    std::string anchor;
    for (const char c : line.substr(line.find(' ') + 1)) anchor += c == ' ' ? '-' : static_cast<char>(std::tolower(c));
    out.insert(page + "#" + anchor);
  }
  return out;
}

TEST(Suite, EachCheckHasAGroupAPromiseAndARule) {
  std::set<std::string> ids;
  std::set<std::string> rules = anchors("docs/abi.md");
  rules.merge(anchors("docs/writing-a-connector.md"));
  for (const Check& check : all_checks()) {
    EXPECT_THAT(check.id, HasSubstr(".")) << check.id;
    EXPECT_TRUE(ids.insert(check.id).second) << check.id << " is there twice";
    EXPECT_STRNE(check.promise, "") << check.id;
    EXPECT_TRUE(rules.contains(rule_of(check))) << check.id << ": there is no heading for " << rule_of(check);
  }
}

}  // namespace
}  // namespace penstock::host::conformance
