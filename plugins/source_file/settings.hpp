// The options of a warehouse and of a batch source as plain values.
#pragma once

#include <penstock/settings.hpp>

#include <map>
#include <string>

namespace penstock::files {

enum class Format : uint8_t { automatic, csv, ndjson };

// What to do with a file that changed since it was last read.
enum class Appended : uint8_t {
  verify,  // read on from the last position if every byte before it is the same
  trust,   // the same, but look only at 4 KiB at the beginning and 4 KiB before the position
  reread,  // always read it whole
};

enum class OnBadRow : uint8_t { fail, skip };

struct Settings {
  std::string path;
  Format format = Format::automatic;
  std::string delimiter;
  std::string null_text;
  std::chrono::nanoseconds settle{};
  Appended appended = Appended::verify;
  ByteCount max_field_bytes;
  ByteCount max_row_bytes;

  // The delimiter as the character that it names. Throws INVALID_ARGUMENT when it names none.
  char separator() const;
};

// With the path in its shortest form. Throws INVALID_ARGUMENT for a value that cannot work. No I/O.
Settings checked(Settings settings);

struct TableSettings {
  std::map<std::string, std::string> types;  // column to type name
  OnBadRow on_bad_row = OnBadRow::fail;
};

}  // namespace penstock::files
