#include "conformance/child.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;

constexpr auto kLong = 30s;

TEST(Child, TellsInOrderAndEndsWell) {
  const auto end = run_in_child([](const Teller& teller) { teller.tell('a', {"one", ""}), teller.tell('b', {std::string("two\0three", 9)}); }, kLong);
  ASSERT_EQ(end.records.size(), 2u);
  EXPECT_EQ(end.records[0].kind, 'a');
  EXPECT_EQ(end.records[0].texts, (std::vector<std::string>{"one", ""}));
  EXPECT_EQ(end.records[1].texts, (std::vector<std::string>{std::string("two\0three", 9)}));
  EXPECT_EQ(end.trouble(), "");
  EXPECT_FALSE(end.timed_out);
}

TEST(Child, WhatWasToldBeforeACrashArrives) {
  const auto end = run_in_child([](const Teller& teller) { teller.tell('a', {"before"}), std::raise(SIGSEGV); }, kLong);
  ASSERT_EQ(end.records.size(), 1u);
  EXPECT_EQ(end.trouble(), "the process was killed by SIGSEGV (Segmentation fault)");
}

TEST(Child, AnExitInTheMiddleIsTrouble) {
  EXPECT_EQ(run_in_child([](const Teller&) { _exit(23); }, kLong).trouble(), "the process ended with code 23");
}

TEST(Child, WhatIsLeftToBeRunAtExitRuns) {
  const auto end = run_in_child([](const Teller&) { std::atexit([] { _exit(9); }); }, kLong);
  EXPECT_EQ(end.trouble(), "the process ended with code 9");
}

TEST(Child, AHangIsEndedInTime) {
  const auto end = run_in_child([](const Teller&) { pause(); }, 50ms);
  EXPECT_TRUE(end.timed_out);
}

TEST(Child, OutputIsCaughtAndItsEndIsKept) {
  const auto end = run_in_child(
      [](const Teller&) {
        for (int i = 0; i < 2000; ++i) std::printf("line %d\n", i);
        std::fflush(stdout);
        std::fputs("last", stderr);
      },
      kLong);
  EXPECT_THAT(end.output, EndsWith("line 1999\nlast"));
  EXPECT_LE(end.output.size(), 4096u);
}

TEST(Child, WhatThisProcessHasNotWrittenYetIsNotWrittenTwice) {
  FILE* const file = std::tmpfile();
  std::fputs("once", file);
  run_in_child([](const Teller&) {}, kLong);
  std::fflush(file);
  EXPECT_EQ(lseek(fileno(file), 0, SEEK_END), 4);
  std::fclose(file);
}

TEST(Child, MoreThanAPipeHoldsIsToldAll) {
  const auto end = run_in_child([](const Teller& teller) { for (int i = 0; i < 100; ++i) teller.tell('x', {std::string(10000, 'y')}); }, kLong);
  EXPECT_EQ(end.records.size(), 100u);
}

TEST(Child, WhatItStartedEndsWithIt) {
  const auto end = run_in_child(
      [](const Teller& teller) {
        const pid_t left = fork();
        if (left == 0) {
          pause();
          _exit(0);
        }
        teller.tell('p', {std::to_string(left)});
      },
      kLong);
  ASSERT_EQ(end.records.size(), 1u);
  const pid_t left = std::atoi(end.records[0].texts[0].c_str());
  // It is not ours to wait for; it vanishes as soon as somebody has.
  for (int i = 0; i < 1000 && kill(left, 0) == 0; ++i) {
    char state = 0;
    if (FILE* file = std::fopen(("/proc/" + std::to_string(left) + "/stat").c_str(), "r")) {
      if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
      std::fclose(file);
    }
    if (state == 'Z' || state == 0) return;
    usleep(10'000);
  }
  EXPECT_NE(kill(left, 0), 0);
}

TEST(Child, HasACleanSlate) {
  std::signal(SIGUSR1, SIG_IGN);
  const auto end = run_in_child(
      [](const Teller& teller) {
        char byte;
        teller.tell('x', {std::signal(SIGUSR1, SIG_DFL) == SIG_DFL ? "default" : "not default", std::signal(SIGPIPE, SIG_IGN) == SIG_IGN ? "ignored" : "not ignored",
                          std::to_string(read(STDIN_FILENO, &byte, 1))});
      },
      kLong);
  std::signal(SIGUSR1, SIG_DFL);
  ASSERT_EQ(end.records.size(), 1u);
  EXPECT_EQ(end.records[0].texts, (std::vector<std::string>{"default", "ignored", "0"}));
}

}  // namespace
}  // namespace penstock::host::conformance
