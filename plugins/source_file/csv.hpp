// RFC 4180, strictly: a quote belongs at the beginning and the end of a field or doubled inside one. A line ends with LF or CRLF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::files {

// A field in place, without its quotes.
struct CsvField {
  const char* data;
  size_t size;
  bool quoted;
  bool escaped;  // has doubled quotes
  std::string_view text() const { return {data, size}; }
};

// Splits records. No allocation once `fields` has grown to the width of the table.
class CsvParser {
 public:
  explicit CsvParser(char delimiter) : delimiter_(delimiter) {}

  // Splits the record at `begin` and returns its length with its line end; 0 when it does not end before `end`. With `last` the
  // end of the text ends the record too; begin < end. The fields point into the text.
  size_t parse(const char* begin, const char* end, bool last, std::vector<CsvField>& fields);

  // What is wrong with the record, or NULL.
  const char* problem() const { return problem_; }
  // After parse: the text ended inside a quoted field.
  bool in_quotes() const { return in_quotes_; }

 private:
  const char* find_special(const char* p, const char* end) const;

  char delimiter_;
  const char* problem_ = nullptr;
  bool in_quotes_ = false;
};

// Finds the ends of records in a text that comes in pieces; agrees with CsvParser about where they are.
class CsvSkipper {
 public:
  explicit CsvSkipper(char delimiter) : delimiter_(delimiter) {}

  // Goes on to just after the end of the record, or to `end`.
  const char* skip(const char* p, const char* end);
  bool at_record_end() const { return at_record_end_; }

 private:
  enum class State : unsigned char { field_start, unquoted, quoted, quote };

  char delimiter_;
  State state_ = State::field_start;
  bool at_record_end_ = true;
};

// Appends the field's text with doubled quotes made single.
void append_unescaped(std::string_view text, std::string& out);

}  // namespace penstock::files
