// Numbers from and to text, exactly or not at all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::host {

enum class NumberParse { ok, not_a_number, fraction, range };

// "42", "-7", "12.00": a whole number that fits into int64. No spaces, no exponent, no bare point.
NumberParse parse_whole(std::string_view text, int64_t& out);

// A decimal or exponent form, "nan", "inf" and their usual spellings; range: it would become infinite. For float and double,
// each rounded once.
template <class Floating>
NumberParse parse_floating(std::string_view text, Floating& out);

// true/false/t/f/yes/no/1/0, in any case.
bool parse_boolean(std::string_view text, bool& out);

// The exact text of an Arrow decimal128 (16 bytes, little-endian) with that scale.
std::string decimal_text(std::string_view bytes, int32_t scale);

// The same as a whole number that fits into int64: ok, fraction or range.
NumberParse whole_decimal(std::string_view bytes, int32_t scale, int64_t& out);

}  // namespace penstock::host
