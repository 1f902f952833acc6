// "did you mean": the names that are spelt almost like a wrong one.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock {

// Lower case for ASCII letters.
inline std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

inline bool is_same_name(std::string_view a, std::string_view b) { return folded(a) == folded(b); }  // but for case

namespace detail {

inline size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < b.size(); ++k) {
      const size_t replace = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({replace, row[k] + 1, row[k + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace detail

// ` (did you mean "a" or "b"?)` with at most three names, nearest first; empty when none is near. Case does not count.
inline std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names) {
  constexpr size_t kMaxSuggestions = 3;
  constexpr size_t kMaxLength = 256;
  if (wrong.empty() || wrong.size() > kMaxLength) return {};
  // Two letters swapped count as two edits; among very short names everything is that near.
  const size_t limit = wrong.size() < 4 ? 1 : std::max<size_t>(2, wrong.size() / 4);
  std::vector<std::pair<size_t, const std::string*>> near;
  for (const std::string& name : names) {
    const size_t distance = detail::edit_distance(folded(wrong), folded(name));
    if (distance <= limit) near.emplace_back(distance, &name);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (near.empty()) return {};
  near.resize(std::min(near.size(), kMaxSuggestions));
  std::string out = " (did you mean ";
  for (size_t i = 0; i < near.size(); ++i) out += (i == 0 ? "\"" : " or \"") + *near[i].second + "\"";
  return out + "?)";
}

}  // namespace penstock
