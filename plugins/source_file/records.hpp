// Rows of a file, whatever its format.
#pragma once

#include "cell.hpp"
#include "csv.hpp"
#include "input.hpp"
#include "settings.hpp"

namespace penstock::files {

inline constexpr size_t kMaxColumns = 4096;

struct Row {
  int64_t offset = 0;             // in the file
  size_t size = 0;                // bytes, with the line end
  std::vector<Cell> cells;        // of the wanted columns, in their order; the text stays until the next row is read
  const char* problem = nullptr;  // the row cannot be read
  bool structure_lost = false;    // nor can anything after it
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  // False at the end of the part.
  virtual bool next(Row& row) = 0;
};

// The names in the header; consumes it. Empty when the part ends before the header does. Throws INVALID_ARGUMENT naming the file
// for a header that cannot be used.
std::vector<std::string> read_csv_header(const Settings& settings, Input& input, bool last_counts);

// `last_counts`: the part's end ends a record. Otherwise what is left at the end is not a row.
// A wanted column that is not in `header` throws INVALID_ARGUMENT naming the file.
std::unique_ptr<RecordReader> csv_reader(const Settings& settings, Input& input, const std::vector<std::string>& header,
                                         const std::vector<std::string>& wanted, bool last_counts);

// A wanted column that a row does not have is NULL in it. No column is wanted twice.
std::unique_ptr<RecordReader> json_reader(Input& input, const std::vector<std::string>& wanted, bool last_counts);

// Passes over a byte order mark at the beginning of a file.
void skip_byte_order_mark(Input& input);

// Gives out the members of one line of NDJSON, for describe. False at the end; lines that cannot be read are passed over.
bool sample_json_line(JsonParser& parser, Input& input, bool last_counts, const OnMember& on_member);

}  // namespace penstock::files
