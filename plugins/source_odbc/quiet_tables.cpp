#include "quiet_tables.hpp"

#include <utility>

namespace penstock::odbc {
namespace {

// A host has views in the thousands at most; what is forgotten is only looked at once more.
constexpr size_t kMaxQuestions = 10'000;

}  // namespace

std::string QuietTables::question(const Table& table, const Cursor& cursor) {
  std::string out;
  for (const std::string& part : {table.database, table.schema, table.table, cursor.column, cursor.timezone})
    out += std::to_string(part.size()) + ":" + part;
  for (const char* option : {"changes", "epoch_unit"}) out += table.options.has(option) ? ":" + table.options.text(option) : ":";
  return out;
}

void QuietTables::saw(const std::string& question, std::optional<std::string> token) {
  if (known_.size() >= kMaxQuestions && !known_.contains(question)) known_.clear();
  known_[question].token = std::move(token);
}

std::optional<std::string> QuietTables::take_token(const std::string& question) {
  const auto found = known_.find(question);
  return found == known_.end() ? std::nullopt : std::exchange(found->second.token, std::nullopt);
}

void QuietTables::found_nothing(const std::string& question, const std::string& token, int64_t since, bool with_null_cursor) {
  Known& known = known_[question];
  known.quiet_token = token;
  known.quiet_since = since;
  known.quiet_with_null = with_null_cursor;
  known.is_quiet = true;
  known.looked = now_();
}

bool QuietTables::is_quiet(const Scan& scan, const std::optional<std::string>& token) const {
  const auto found = known_.find(question(scan.table, scan.cursor));
  if (!token || !scan.since || found == known_.end()) return false;
  const Known& known = found->second;
  return known.is_quiet && now_() - known.looked < trust_ && *token == known.quiet_token && scan.since->ordinal >= known.quiet_since &&
         (known.quiet_with_null || !scan.include_null_cursor);
}

}  // namespace penstock::odbc
