// The options of a warehouse and of a batch source as plain values.
#pragma once

#include <penstock/options.hpp>

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

struct Settings {
  std::string path;
  Format format = Format::automatic;
  char delimiter = ',';
  std::string null_text;
  int64_t settle_ns = 0;
  Appended appended = Appended::verify;
  int64_t max_field_bytes = 0;
  int64_t max_row_bytes = 0;

  // Throws INVALID_ARGUMENT for a value that cannot work. No I/O.
  static Settings from(const Options& options);
};

struct TableSettings {
  std::map<std::string, std::string> types;  // column to type name
  bool skip_bad_rows = false;

  static TableSettings from(const Options& options);
};

}  // namespace penstock::files
