#include "observe/progress.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

namespace penstock::host {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

ProgressState half() { return {.label = "users_v1", .rows = 1'000'000, .estimated_rows = 2'000'000, .elapsed_ns = 2 * kSecond}; }

size_t columns(const std::string& text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

TEST(ProgressBar, ShowsHowFarHowFastAndHowLong) {
  EXPECT_EQ(render_bar(half(), 100, {}), "users_v1  ████████████░░░░░░░░░░░░  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
}

TEST(ProgressBar, DrawsEighthsOfAColumn) {
  ProgressState state = half();
  state.rows = 1'015'000;
  EXPECT_EQ(render_bar(state, 100, {}), "users_v1  ████████████▏░░░░░░░░░░░  50%  1,015,000 rows  507,500 rows/s  ETA 1.9s");
}

TEST(ProgressBar, UsesPlainCharactersWithoutUtf8) {
  EXPECT_EQ(render_bar(half(), 100, {.colour = false, .utf8 = false}),
            "users_v1  ############------------  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
}

TEST(ProgressBar, ColoursOnlyWhenAsked) {
  EXPECT_EQ(render_bar(half(), 100, {}).find('\x1b'), std::string::npos);
  EXPECT_EQ(render_bar(half(), 100, {.colour = true, .utf8 = false}),
            "users_v1  \x1b[36m############------------\x1b[0m  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
}

TEST(ProgressBar, HasNoBarAndNoEtaWithoutAnEstimate) {
  ProgressState state = half();
  state.estimated_rows.reset();
  EXPECT_EQ(render_bar(state, 100, {}), "users_v1  1,000,000 rows  500,000 rows/s");
}

TEST(ProgressBar, NeverClaimsToBeDoneBeforeTheEnd) {
  ProgressState state = half();
  state.rows = 2'000'000;
  EXPECT_EQ(render_bar(state, 100, {.colour = false, .utf8 = false}),
            "users_v1  #######################-  99%  2,000,000 rows  1,000,000 rows/s");
  state.rows = 3'000'000;
  EXPECT_EQ(render_bar(state, 100, {.colour = false, .utf8 = false}), "users_v1  3,000,000 rows  1,500,000 rows/s")
      << "the estimate was wrong: how far it is, nobody knows";
  state.finished = true;
  EXPECT_EQ(render_bar(state, 100, {.colour = false, .utf8 = false}),
            "users_v1  ########################  100%  3,000,000 rows  1,500,000 rows/s  in 2.0s");
}

TEST(ProgressBar, FitsAnyWidth) {
  for (size_t width = 0; width <= 120; ++width) EXPECT_LE(columns(render_bar(half(), width, {})), width);
  EXPECT_EQ(render_bar(half(), 60, {}), "users_v1  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
  EXPECT_EQ(render_bar(half(), 31, {}), "users_v1  50%  1,000,000 rows");
  EXPECT_EQ(render_bar(half(), 5, {}), "users");
}

TEST(ProgressBar, ShortensALongNameBeforeItGivesUpTheBar) {
  ProgressState state = half();
  state.label = "ecommerce_transaction_interactions_attributes_v1";
  EXPECT_EQ(render_bar(state, 80, {}), "ecommerc…utes_v1  ███████▌░░░░░░░  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
  EXPECT_EQ(render_bar(state, 80, {.colour = false, .utf8 = false}),
            "ecommer...tes_v1  #######--------  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
  EXPECT_EQ(render_bar(state, 130, {}),
            "ecommerce_transaction_interactions_attributes_v1  ████████████░░░░░░░░░░░░  50%  1,000,000 rows  500,000 rows/s  ETA 2.0s");
}

TEST(ProgressBar, EscapesItsLabel) {
  EXPECT_EQ(render_bar({.label = "a\x1b[2Jb"}, 100, {}), "a\\x1b[2Jb  0 rows  0 rows/s");
}

TEST(ProgressLine, SaysTheSameInWords) {
  EXPECT_EQ(render_line(half()), "users_v1: 1,000,000 rows, 500,000 rows/s, 50%, ETA 2.0s");
  ProgressState state = half();
  state.finished = true;
  EXPECT_EQ(render_line(state), "users_v1: 1,000,000 rows in 2.0s, 500,000 rows/s");
}

TEST(FormatCount, GroupsByThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(-123456), "-123,456");
}

TEST(FormatDuration, UsesTheUnitsThatMatter) {
  EXPECT_EQ(format_duration(-5), "0.0s");
  EXPECT_EQ(format_duration(340'000'000), "0.3s");
  EXPECT_EQ(format_duration(42 * kSecond), "42s");
  EXPECT_EQ(format_duration(185 * kSecond), "3m05s");
  EXPECT_EQ(format_duration(7800 * kSecond), "2h10m");
  EXPECT_EQ(format_duration((3 * 86400 + 4 * 3600) * kSecond), "3d04h");
}

struct Drawn {
  std::string bytes;
  ProgressTarget target(ProgressMode mode) {
    return {.mode = mode,
            .style = {.colour = false, .utf8 = false},
            .width = [] { return size_t{41}; },
            .write = [this](const std::string& more) { bytes += more; }};
  }
  std::string take() { return std::exchange(bytes, {}); }
};

ProgressState rows(int64_t n) { return {.label = "v", .rows = n, .elapsed_ns = kSecond}; }

TEST(Progress, RedrawsABarAtMostTenTimesASecond) {
  Drawn drawn;
  Progress progress(drawn.target(ProgressMode::bar), 0);
  progress.update(rows(1), kSecond - 1);
  EXPECT_EQ(drawn.take(), "");
  progress.update(rows(2), kSecond);
  EXPECT_EQ(drawn.take(), "\rv  2 rows  2 rows/s\x1b[K");
  progress.update(rows(3), kSecond + Progress::kRedrawNs - 1);
  EXPECT_EQ(drawn.take(), "");
  progress.update(rows(4), kSecond + Progress::kRedrawNs);
  EXPECT_EQ(drawn.take(), "\rv  4 rows  4 rows/s\x1b[K");
  progress.finish(rows(5));
  EXPECT_EQ(drawn.take(), "\rv  100%  5 rows  5 rows/s  in 1.0s\x1b[K\n");
  progress.update(rows(6), 100 * kSecond);
  EXPECT_EQ(drawn.take(), "");
}

TEST(Progress, WritesALineEveryFewSecondsIntoAPipe) {
  Drawn drawn;
  Progress progress(drawn.target(ProgressMode::lines), 0);
  progress.update(rows(1), kSecond);
  progress.update(rows(2), kSecond + Progress::kLineNs - 1);
  EXPECT_EQ(drawn.take(), "v: 1 rows, 1 rows/s\n");
  progress.update(rows(3), kSecond + Progress::kLineNs);
  progress.finish(rows(4));
  EXPECT_EQ(drawn.take(), "v: 3 rows, 3 rows/s\nv: 4 rows in 1.0s, 4 rows/s\n");
}

TEST(Progress, ClearsAnUnfinishedBar) {
  Drawn drawn;
  {
    Progress progress(drawn.target(ProgressMode::bar), 0);
    progress.update(rows(1), kSecond);
    drawn.take();
  }
  EXPECT_EQ(drawn.take(), "\r\x1b[K");
}

TEST(Progress, IsSilentWhenToldSo) {
  Drawn drawn;
  Progress progress(drawn.target(ProgressMode::none), 0);
  progress.update(rows(1), 10 * kSecond);
  progress.finish(rows(2));
  EXPECT_EQ(drawn.take(), "");
}

TEST(ProgressTarget, OfAPipeIsLinesWithoutColour) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const ProgressTarget target = progress_target(ends[1]);
  EXPECT_EQ(target.mode, ProgressMode::lines);
  EXPECT_FALSE(target.style.colour);
  EXPECT_EQ(target.width(), 80u);
  target.write("hello");
  char text[5];
  ASSERT_EQ(read(ends[0], text, sizeof text), 5);
  EXPECT_EQ(std::string(text, 5), "hello");
  close(ends[0]);
  close(ends[1]);
}

struct Terminal {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  int slave = -1;
  Terminal() {
    grantpt(master);
    unlockpt(master);
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    const winsize size{24, 132, 0, 0};
    ioctl(master, TIOCSWINSZ, &size);
  }
  ~Terminal() {
    close(slave);
    close(master);
  }
};

TEST(ProgressTarget, OfATerminalIsABarAsWideAsItIs) {
  setenv("TERM", "xterm", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  unsetenv("NO_COLOR");
  const Terminal terminal;
  const ProgressTarget target = progress_target(terminal.slave);
  EXPECT_EQ(target.mode, ProgressMode::bar);
  EXPECT_TRUE(target.style.colour);
  EXPECT_TRUE(target.style.utf8);
  EXPECT_EQ(target.width(), 132u);
}

TEST(ProgressTarget, RespectsNoColorDumbTerminalsAndTheLocale) {
  const Terminal terminal;
  setenv("NO_COLOR", "1", 1);
  setenv("TERM", "xterm", 1);
  setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(progress_target(terminal.slave).style.colour);
  EXPECT_FALSE(progress_target(terminal.slave).style.utf8);
  setenv("TERM", "dumb", 1);
  EXPECT_EQ(progress_target(terminal.slave).mode, ProgressMode::lines);
  unsetenv("NO_COLOR");
}

}  // namespace
}  // namespace penstock::host
