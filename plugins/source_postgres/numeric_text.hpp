// numeric in binary to exact decimal text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::postgres {

// The text that the server itself would print: every digit of the scale, "NaN", "Infinity", "-Infinity". Nothing when
// the bytes are no numeric.
std::optional<std::string> numeric_text(std::string_view bytes);

}  // namespace penstock::postgres
