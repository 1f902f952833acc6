// Text in the encodings of ODBC.
#pragma once

#include "odbc.hpp"

#include <string>
#include <string_view>

namespace penstock::fake_odbc {

// What the driver makes of wide characters that it gives out. utf32 is what a driver does that was not told how the driver
// manager encodes them. What it is given is read as UTF-16 either way.
enum class Wide { utf16, utf32 };

inline size_t unit_size(Wide wide) { return wide == Wide::utf16 ? 2 : 4; }

// `length` in units, or SQL_NTS. A null pointer is an empty text. Half a surrogate pair becomes U+FFFD.
std::string utf8_from(const SQLWCHAR* text, SQLINTEGER length);
// The bytes of the text, without an end.
std::string wide_from(std::string_view utf8, Wide wide);

// Writes text and its end (one unit of zero) into `capacity` bytes, as much as fits in whole units; false when it was cut. `total`
// is the whole text's bytes without the end.
bool put_wide(std::string_view utf8, Wide wide, void* buffer, SQLLEN capacity, SQLLEN& total);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
// On one line: line ends as \n.
std::string one_line(std::string_view text);

}  // namespace penstock::fake_odbc
