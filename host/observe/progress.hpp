// How far a run is, for people: a bar that redraws on a terminal, plain lines where the output goes into a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace penstock::host {

struct ProgressState {
  std::string label;                               // what is going on: "users_v1"
  int64_t rows = 0;                                // so far
  std::optional<int64_t> estimated_rows = {};      // in all, when somebody knows
  int64_t elapsed_ns = 0;
  bool finished = false;
};

struct ProgressStyle {
  bool colour = false;
  bool utf8 = true;  // block characters; otherwise # and -
};

// One row of a terminal, at most `width` columns, without control characters other than colours:
//   users_v1  ████████▌░░░░░░░  53%  1,060,000 rows  398,213 rows/s  ETA 2s
// What does not fit is left out from the right, the bar first.
std::string render_bar(const ProgressState& state, size_t width, const ProgressStyle& style);

// `users_v1: 1,060,000 rows, 398,213 rows/s, 53%, ETA 2s`; when finished: `users_v1: 2,000,000 rows in 5.0s, 398,213 rows/s`.
std::string render_line(const ProgressState& state);

// "1,060,000"
std::string format_count(int64_t count);
// "0.3s", "42s", "3m05s", "2h10m", "3d04h"
std::string format_duration(int64_t ns);

enum class ProgressMode : uint8_t { bar, lines, none };

// Where progress goes.
struct ProgressTarget {
  ProgressMode mode = ProgressMode::lines;
  ProgressStyle style = {};
  std::function<size_t()> width;                  // asked at each redraw, a terminal may be resized
  std::function<void(const std::string&)> write;  // bytes as they are
};

// A bar when fd is a terminal that can move its cursor (TERM is not "dumb"), else lines. No colour when NO_COLOR is set and
// not empty; blocks when the locale's variables say UTF-8.
ProgressTarget progress_target(int fd);

// Decides when to draw; draws with the functions above. Not thread-safe. The caller brings the time: nanoseconds of a steady
// clock.
class Progress {
 public:
  static constexpr int64_t kRedrawNs = 100'000'000;        // a bar: at most ten times a second
  static constexpr int64_t kLineNs = 5'000'000'000;        // lines: at most one in five seconds
  static constexpr int64_t kFirstNs = 1'000'000'000;       // nothing for what takes less than a second

  Progress(ProgressTarget target, int64_t now_ns);
  // Leaves the terminal at the beginning of an empty line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const ProgressState& state, int64_t now_ns);
  // The last state; always a whole line, whatever was drawn before.
  void finish(const ProgressState& state);

 private:
  void draw_bar(const ProgressState& state);

  ProgressTarget target_;
  int64_t next_ns_;
  bool drawn_ = false;  // a bar is on the current line
};

}  // namespace penstock::host
