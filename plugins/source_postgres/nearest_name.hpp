// "did you mean": the names that are spelt almost like a wrong one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::postgres {

// ` (did you mean "a" or "b"?)` with at most three names, nearest first; empty when none is near. Case does not count.
std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names);

// Lower case for ASCII letters.
std::string folded(std::string_view text);

}  // namespace penstock::postgres
