// RFC 4180, strictly: a quote belongs at the beginning and the end of a field or doubled inside one. A line ends with LF or CRLF.
#pragma once

#include <cstddef>
#include <span>
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

// Splits records. No allocation once there was a record of the table's width.
class CsvParser {
 public:
  explicit CsvParser(char delimiter) : delimiter_(delimiter) {}

  // Splits the record at `begin` and returns its length with its line end; 0 when it does not end before `end`. With `last` the
  // end of the text ends the record too; begin < end.
  size_t parse(const char* begin, const char* end, bool last);

  // Of the record; they point into its text. Valid until the next parse.
  std::span<const CsvField> fields() const { return {fields_.data(), n_fields_}; }

  // What is wrong with the record, or NULL.
  const char* problem() const { return problem_; }
  // After parse: the text ended inside a quoted field.
  bool in_quotes() const { return in_quotes_; }

 private:
  const char* find_special(const char* p, const char* end) const;
  void add(const CsvField& field) {
    if (n_fields_ == fields_.size()) fields_.resize(n_fields_ * 2 + 8);
    fields_[n_fields_++] = field;
  }

  char delimiter_;
  std::vector<CsvField> fields_;  // only grows: the first n_fields_ count
  size_t n_fields_ = 0;
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
