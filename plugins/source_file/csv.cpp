#include "csv.hpp"

#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace penstock::files {

// The next delimiter, line end or quote. Fields are short, so memchr three times would cost more than the fields.
const char* CsvParser::find_special(const char* p, const char* end) const {
#ifdef __SSE2__
  const __m128i delimiter = _mm_set1_epi8(delimiter_);
  const __m128i newline = _mm_set1_epi8('\n');
  const __m128i quote = _mm_set1_epi8('"');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, delimiter), _mm_cmpeq_epi8(bytes, newline)),
                                     _mm_cmpeq_epi8(bytes, quote));
    if (const int mask = _mm_movemask_epi8(hit); mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  while (p < end && *p != delimiter_ && *p != '\n' && *p != '"') ++p;
  return p;
}

size_t CsvParser::parse(const char* begin, const char* end, bool last) {
  n_fields_ = 0;
  problem_ = nullptr;
  in_quotes_ = false;
  const char* p = begin;
  const auto length = [&](const char* to) { return static_cast<size_t>(to - begin); };
  for (;;) {
    const char* start = p;
    bool quoted = false;
    if (p < end && *p == '"') {
      quoted = true;
      bool escaped = false;
      start = ++p;
      for (;;) {
        p = static_cast<const char*>(std::memchr(p, '"', static_cast<size_t>(end - p)));
        if (p == nullptr) {
          in_quotes_ = true;
          if (!last) return 0;
          problem_ = "a quoted field does not end";
          add({start, static_cast<size_t>(end - start), true, escaped});
          return length(end);
        }
        if (p + 1 == end && !last) return 0;  // the next byte may double the quote
        if (p + 1 == end || p[1] != '"') break;
        escaped = true;
        p += 2;
      }
      add({start, static_cast<size_t>(p - start), true, escaped});
      ++p;
      if (p == end) return length(end);
      if (*p == delimiter_) {
        ++p;
        continue;
      }
      if (*p == '\n') return length(p + 1);
      if (*p == '\r' && p + 1 == end) return last ? length(end) : 0;
      if (*p == '\r' && p[1] == '\n') return length(p + 2);
      if (problem_ == nullptr) problem_ = "there is text after the closing quote of a field";
    }
    for (p = find_special(p, end); p < end && *p == '"'; p = find_special(p + 1, end))
      if (problem_ == nullptr) problem_ = "there is a quote inside a field that does not begin with one";
    if (p == end && !last) return 0;
    const bool ends_record = p == end || *p == '\n';
    if (!quoted) {
      auto size = static_cast<size_t>(p - start);
      if (ends_record && size > 0 && start[size - 1] == '\r') --size;
      add({start, size, false, false});
    }
    if (ends_record) return length(p == end ? p : p + 1);
    ++p;
  }
}

const char* CsvSkipper::skip(const char* p, const char* end) {
  at_record_end_ = false;
  for (; p < end; ++p) {
    switch (state_) {
      case State::quoted:
        p = static_cast<const char*>(std::memchr(p, '"', static_cast<size_t>(end - p)));
        if (p == nullptr) return end;
        state_ = State::quote;
        continue;
      case State::quote:
        if (*p == '"') {
          state_ = State::quoted;
          continue;
        }
        break;
      case State::field_start:
        if (*p == '"') {
          state_ = State::quoted;
          continue;
        }
        break;
      case State::unquoted: break;
    }
    if (*p == '\n') {
      state_ = State::field_start;
      at_record_end_ = true;
      return p + 1;
    }
    state_ = *p == delimiter_ ? State::field_start : State::unquoted;
  }
  return end;
}

void append_unescaped(std::string_view text, std::string& out) {
  for (;;) {
    const size_t quote = text.find('"');
    if (quote == std::string_view::npos) break;
    out.append(text, 0, quote + 1);
    text.remove_prefix(quote + 2);
  }
  out.append(text);
}

}  // namespace penstock::files
