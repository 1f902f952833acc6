// Text made safe for where it is going to be read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::host {

// Bytes of the well-formed UTF-8 sequence that `text` begins with; 0 when it begins with none (or is empty).
size_t utf8_length(std::string_view text);

// Appends `text` for a terminal or a line of a log: control characters (C0, DEL, C1), line separators and the marks that turn
// the writing direction become \n, \t, \r, \xHH or \u{HHHH}, and bytes that are not UTF-8 become \xHH. One line stays one line.
void append_printable(std::string& out, std::string_view text);
std::string printable(std::string_view text);

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// Appends bytes as base64 (RFC 4648, with padding), without quotes.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace penstock::host
