#include "observe/log.hpp"

#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

#include <spdlog/spdlog.h>

#include <thread>
#include <vector>

namespace penstock::host {
namespace {

using test::FakeClock;

struct Lines {
  std::vector<std::string> lines;
  std::function<void(std::string_view)> sink() {
    return [this](std::string_view line) { lines.emplace_back(line); };
  }
};

TEST(Log, WritesTextLines) {
  const FakeClock clock;
  Lines out;
  Log log(clock, LogLevel::debug, LogFormat::text, out.sink());
  log.info("run completed", {{"view", "users_v1"}, {"rows", int64_t{12}}, {"why", "two words"}, {"none", ""}, {"q", "a\"b"}});
  log.warn("slow");
  EXPECT_EQ(out.lines,
            (std::vector<std::string>{
                "2023-11-14T22:13:20.000Z info  run completed view=users_v1 rows=12 why=\"two words\" none=\"\" q=\"a\\\"b\"\n",
                "2023-11-14T22:13:20.000Z warn  slow\n"}));
}

TEST(Log, WritesJsonLines) {
  FakeClock clock;
  clock.advance(std::chrono::microseconds(1999));
  Lines out;
  Log log(clock, LogLevel::debug, LogFormat::json, out.sink());
  log.error("store \"profiles\": gone", {{"rows", int64_t{-1}}, {"view", "users_v1"}});
  EXPECT_EQ(out.lines, std::vector<std::string>{
                           R"({"time":"2023-11-14T22:13:20.001Z","level":"error","message":"store \"profiles\": gone","rows":-1,"view":"users_v1"})"
                           "\n"});
}

TEST(Log, KeepsAnEventOnOneLine) {
  const FakeClock clock;
  Lines out;
  Log text(clock, LogLevel::debug, LogFormat::text, out.sink());
  text.info("a\nb\x1b[31m{} %s", {{"k", "x\r\ny"}});
  Log json(clock, LogLevel::debug, LogFormat::json, out.sink());
  json.info("a\nb\xff");
  EXPECT_EQ(out.lines, (std::vector<std::string>{"2023-11-14T22:13:20.000Z info  a\\nb\\x1b[31m{} %s k=x\\r\\ny\n",
                                                 "{\"time\":\"2023-11-14T22:13:20.000Z\",\"level\":\"info\",\"message\":\"a\\nb\ufffd\"}\n"}));
}

TEST(Log, LeavesOutWhatIsBelowItsLevelAndFollowsAChange) {
  const FakeClock clock;
  Lines out;
  Log log(clock, LogLevel::warn, LogFormat::text, out.sink());
  log.debug("1");
  log.info("2");
  log.warn("3");
  EXPECT_FALSE(log.enabled(LogLevel::info));
  log.set_level(LogLevel::debug);
  EXPECT_EQ(log.level(), LogLevel::debug);
  log.debug("4");
  EXPECT_EQ(out.lines, (std::vector<std::string>{"2023-11-14T22:13:20.000Z warn  3\n", "2023-11-14T22:13:20.000Z debug 4\n"}));
}

TEST(Log, CutsWhatIsTooLongBetweenCharacters) {
  const FakeClock clock;
  Lines out;
  Log log(clock, LogLevel::info, LogFormat::text, out.sink());
  log.info(std::string(kLogTextBytes - 1, 'x') + "é");
  EXPECT_EQ(out.lines.at(0), "2023-11-14T22:13:20.000Z info  " + std::string(kLogTextBytes - 1, 'x') + "… (cut)\n");
}

TEST(Log, KeepsLinesOfThreadsApart) {
  const FakeClock clock;
  Lines out;
  Log log(clock, LogLevel::info, LogFormat::text, out.sink());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&log, i] {
      for (int n = 0; n < 200; ++n) log.info("line", {{"thread", int64_t{i}}});
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(out.lines.size(), 800u);
  for (const std::string& line : out.lines) EXPECT_EQ(line.size(), std::string("2023-11-14T22:13:20.000Z info  line thread=0\n").size());
}

TEST(Log, GoesToStandardErrorAndLeavesTheLibrarysRegistryAlone) {
  const FakeClock clock;
  testing::internal::CaptureStderr();
  Log log(clock, LogLevel::info, LogFormat::text);
  log.info("hello");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "2023-11-14T22:13:20.000Z info  hello\n");
  EXPECT_EQ(spdlog::get("penstock"), nullptr);
}

TEST(LogNames, AreThoseOfTheConfiguration) {
  EXPECT_EQ(log_level("warn"), LogLevel::warn);
  EXPECT_EQ(log_level("loud"), std::nullopt);
  EXPECT_EQ(log_format("json"), LogFormat::json);
  EXPECT_EQ(log_format("xml"), std::nullopt);
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
    EXPECT_EQ(log_level(log_level_name(level)), level);
}

}  // namespace
}  // namespace penstock::host
