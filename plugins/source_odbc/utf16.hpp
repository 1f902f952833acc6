// Between UTF-8 and the UTF-16 of ODBC's wide characters.
#pragma once

#include <string>
#include <string_view>

namespace penstock::odbc {

// Bytes that are not UTF-8 become U+FFFD.
std::u16string to_utf16(std::string_view text);

// Throws DATA_LOSS for units that are not UTF-16.
std::string to_utf8(std::u16string_view units);

// Appends to *out. False, with *out as it was, when the units are not UTF-16: half of a surrogate pair alone.
bool append_utf8(std::u16string_view units, std::string* out);

}  // namespace penstock::odbc
