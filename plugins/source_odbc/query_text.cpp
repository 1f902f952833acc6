#include "query_text.hpp"

#include <penstock/error.hpp>

#include <algorithm>

namespace penstock::odbc {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Behind `end`, or at the end of the text.
size_t after(std::string_view text, size_t at, std::string_view end) {
  const size_t found = text.find(end, at);
  return found == std::string_view::npos ? text.size() : found + end.size();
}

// Behind the quoted text whose quote is at `at`. A doubled quote ends it and begins the next.
size_t after_quoted(std::string_view text, size_t at, bool escapes) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (escapes && text[i] == '\\') ++i;
    else if (text[i] == quote) return i + 1;
  }
  return text.size();
}

// Behind $tag$…$tag$; `at` itself when none begins there.
size_t after_dollars(std::string_view text, size_t at) {
  if (at > 0 && (is_word(text[at - 1]) || text[at - 1] == '$')) return at;
  size_t end = at + 1;
  while (end < text.size() && is_word(text[end])) ++end;
  if (end == text.size() || text[end] != '$') return at;
  const std::string_view tag = text.substr(at, end + 1 - at);
  return text.find(tag, end + 1) == std::string_view::npos ? at : after(text, end + 1, tag);
}

// E'…' of PostgreSQL.
bool is_escape_string(std::string_view text, size_t quote) {
  return quote > 0 && (text[quote - 1] == 'E' || text[quote - 1] == 'e') && (quote == 1 || !is_word(text[quote - 2]));
}

Error not_one() {
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "query: it must be one SELECT: nothing after a semicolon, and every bracket closed");
}

}  // namespace

std::string one_query(std::string_view query, bool escapes_by_backslash) {
  const size_t end = query.find_last_not_of(" \t\r\n;");
  query = query.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (query.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "query: it is empty");
  int depth = 0;
  for (size_t i = 0; i < query.size();) {
    const char c = query[i];
    if (c == '\'' || c == '"' || c == '`') {
      i = after_quoted(query, i, c != '`' && (escapes_by_backslash || (c == '\'' && is_escape_string(query, i))));
    } else if (query.substr(i, 2) == "--") {
      i = after(query, i, "\n");
    } else if (query.substr(i, 2) == "/*") {
      i = after(query, i + 2, "*/");
    } else {
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ';' || depth < 0) throw not_one();
      i = c == '$' ? std::max(i + 1, after_dollars(query, i)) : i + 1;
    }
  }
  if (depth != 0) throw not_one();
  return std::string(query);
}

}  // namespace penstock::odbc
