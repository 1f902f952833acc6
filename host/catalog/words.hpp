// The words for enumerators in records.
#pragma once

#include "config/definitions.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace penstock::host {

// In the order of the enumerators.
inline constexpr std::array<std::string_view, 2> kCursorWords = {"timestamp", "xid"};
inline constexpr std::array<std::string_view, 3> kNullTimestampWords = {"fail", "skip", "always"};
inline constexpr std::array<std::string_view, 2> kOnRejectWords = {"keep", "fail"};
inline constexpr std::array<std::string_view, 3> kReferenceWords = {"env", "file", "credential"};

template <class E, size_t N>
std::string_view word(const std::array<std::string_view, N>& words, E value) {
  return words[static_cast<size_t>(value)];
}

template <class E, size_t N>
std::optional<E> from_word(const std::array<std::string_view, N>& words, std::string_view text) {
  for (size_t i = 0; i < N; ++i) {
    if (words[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace penstock::host
