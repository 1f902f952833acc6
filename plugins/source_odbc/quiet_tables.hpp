// Tables that are known to hold nothing beyond a position for as long as they do not change.
#pragma once

#include <penstock/source.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace penstock::odbc {

// In a warehouse that bills the time it is awake, looking at a table that has not changed is the greater part of the cost.
//
// The server's token of a table changes with the table. "The token is the one of the last run" does not mean that the window is
// empty: what was committed between the last horizon and that look is in the token and in no window. What does is: under this token,
// somebody looked for anything beyond this position, without an upper bound, and there was nothing. Then nothing is there under the
// same token beyond that position or a later one, whatever the clock says.
//
// Kept in memory, of one source object. An empty run moves no position, so a token that is a moment old costs a run, never a row. Nor
// is a token believed for longer than `trust`: if there is a way of writing that leaves it alone, rows are late by no more.
class QuietTables {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  explicit QuietTables(std::chrono::nanoseconds trust = std::chrono::hours(1), Clock now = std::chrono::steady_clock::now)
      : trust_(trust), now_(std::move(now)) {}

  // What is asked of which table, so that different questions do not answer each other.
  static std::string question(const Table& table, const Cursor& cursor);

  // The token now, for the scan that follows; empty: there is none.
  void saw(const std::string& question, std::optional<std::string> token);
  // For one scan: the next one needs a token of its own.
  std::optional<std::string> take_token(const std::string& question);

  // Under this token there is nothing after `since`, and no row without a cursor if those are wanted.
  void found_nothing(const std::string& question, const std::string& token, int64_t since, bool with_null_cursor);

  // Would the scan find nothing under this token?
  bool is_quiet(const Scan& scan, const std::optional<std::string>& token) const;

 private:
  struct Known {
    std::optional<std::string> token;
    std::string quiet_token;
    int64_t quiet_since = 0;
    bool quiet_with_null = false;
    bool is_quiet = false;
    std::chrono::steady_clock::time_point looked{};
  };

  std::chrono::nanoseconds trust_;
  Clock now_;
  std::map<std::string, Known> known_;
};

}  // namespace penstock::odbc
