#include "config/names.hpp"

#include "base/escape.hpp"
#include "config/load.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace penstock::host {
namespace {

constexpr size_t kMaxShownBytes = 100;
constexpr size_t kMaxCandidates = 200;  // for a suggestion: a good guess is not worth a noticeable wait

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_'; }
bool has_name_size(std::string_view text) { return !text.empty() && text.size() <= kMaxNameBytes; }
char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Edits (insert, delete, replace, swap neighbours) from one to the other, without regard to case; limit + 1 when there are
// more. Only the cells that far from the diagonal are looked at: names may be long, and many.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  // What both begin and end with costs nothing.
  while (!a.empty() && !b.empty() && folded(a.front()) == folded(b.front())) a.remove_prefix(1), b.remove_prefix(1);
  while (!a.empty() && !b.empty() && folded(a.back()) == folded(b.back())) a.remove_suffix(1), b.remove_suffix(1);
  const size_t far = limit + 1;
  size_t least_above = 0;
  std::array<std::vector<size_t>, 3> rows;
  for (auto& row : rows) row.assign(b.size() + 2, far);
  for (size_t j = 0; j <= std::min(b.size(), limit); ++j) rows[1][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    const auto& two_up = rows[(i - 1) % 3];
    const auto& up = rows[i % 3];
    auto& row = rows[(i + 1) % 3];
    const size_t first = i > limit ? i - limit : 1;
    const size_t last = std::min(b.size(), i + limit);
    row[first - 1] = first == 1 ? std::min(i, far) : far;
    size_t least = row[first - 1];
    for (size_t j = first; j <= last; ++j) {
      const char x = folded(a[i - 1]);
      const char y = folded(b[j - 1]);
      row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + (x == y ? 0 : 1)});
      if (i > 1 && j > 1 && x == folded(b[j - 2]) && folded(a[i - 2]) == y) row[j] = std::min(row[j], two_up[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    row[last + 1] = far;
    if (least > limit && least_above > limit) return far;  // two rows, for a swap reaches over one
    least_above = least;
  }
  return std::min(rows[(a.size() + 1) % 3][b.size()], far);
}

size_t allowed_distance(size_t size) {
  if (size <= 4) return 1;
  if (size <= 8) return 2;
  return 3;
}

}  // namespace

bool is_name(std::string_view text) { return has_name_size(text) && std::all_of(text.begin(), text.end(), is_word); }

bool is_field_name(std::string_view text) { return is_name(text) && !is_digit(text.front()); }

bool is_plugin_name(std::string_view text) {
  return has_name_size(text) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_lower(c) || c == '_' || c == '-'; });
}

bool is_column_name(std::string_view text) { return has_name_size(text) && !has_control_character(text); }

bool is_variable_name(std::string_view text) { return is_name(text) && !is_digit(text.front()); }

bool is_time_zone_name(std::string_view text) {
  return has_name_size(text) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_word(c) || c == '+' || c == '-' || c == '/'; });
}

bool is_loopback_address(std::string_view text) {
  if (text == "localhost" || text == "::1") return true;
  return text.starts_with("127.") && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool looks_like_email(std::string_view text) {
  const size_t at = text.find('@');
  return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string_view::npos && text.find(' ') == std::string_view::npos &&
         !has_control_character(text);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string in_quotes(std::string_view text) {
  size_t size = std::min(text.size(), kMaxShownBytes);
  // Not in the middle of a UTF-8 sequence.
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return "\"" + printable(text.substr(0, size)) + (size < text.size() ? "\"..." : "\"");
}

std::string list_in_quotes(const std::vector<std::string_view>& texts) {
  std::string result;
  for (const auto text : texts) result += (result.empty() ? "" : ", ") + in_quotes(text);
  return result;
}

std::string_view did_you_mean(std::string_view given, const std::vector<std::string_view>& known) {
  if (given.empty() || given.size() > kMaxNameBytes) return {};
  const size_t allowed = allowed_distance(given.size());
  std::string_view best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const auto candidate : std::span(known).first(std::min(known.size(), kMaxCandidates))) {
    const size_t distance = edit_distance(given, candidate, allowed);
    // As many edits as the candidate has letters: nothing is left of it.
    if (distance > allowed || distance >= candidate.size() || distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string suggestion(std::string_view given, const std::vector<std::string_view>& known) {
  const auto meant = did_you_mean(given, known);
  return meant.empty() ? "" : " (did you mean " + in_quotes(meant) + "?)";
}

}  // namespace penstock::host
