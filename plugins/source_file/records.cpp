#include "records.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

namespace penstock::files {
namespace {

constexpr const char* kTooLong = "it is larger than max_row_bytes";

class CsvReader : public RecordReader {
 public:
  CsvReader(const Settings& settings, Input& input, size_t width, std::vector<size_t> positions, bool last_counts)
      : settings_(settings), input_(input), width_(width), positions_(std::move(positions)), last_counts_(last_counts),
        parser_(settings.separator()) {}

  bool next(Row& row) override {
    input_.consume(consume_next_);
    consume_next_ = 0;
    row.problem = nullptr;
    for (;;) {
      size_t size = 0;
      if (input_.size() > 0)
        size = parser_.parse(input_.begin(), input_.end(), last_counts_ && input_.at_end());
      if (size == 0) {
        if (input_.at_end()) return false;
        if (input_.full()) return too_long(row);
        input_.fill();
        continue;
      }
      if (width_ > 1 && is_blank(size)) {
        input_.consume(size);
        continue;
      }
      row.offset = input_.offset();
      row.size = size;
      consume_next_ = size;
      take(row);
      return true;
    }
  }

 private:
  bool is_blank(size_t size) const {
    const auto fields = parser_.fields();
    return fields.size() == 1 && !fields[0].quoted && fields[0].size == 0 && size <= 2;
  }

  void take(Row& row) {
    row.problem = parser_.problem();
    row.structure_lost = parser_.in_quotes();
    const auto fields = parser_.fields();
    if (row.problem == nullptr && fields.size() != width_)
      row.problem = fields.size() < width_ ? "it has fewer fields than the header" : "it has more fields than the header";
    if (row.problem != nullptr) return;
    row.cells.resize(positions_.size());
    for (size_t i = 0; i < positions_.size(); ++i) {
      const CsvField& field = fields[positions_[i]];
      row.cells[i] = {field.data, field.size, !field.quoted && field.text() == settings_.null_text, field.escaped};
    }
  }

  // The record does not fit into the largest window. Its end is looked for unless it is inside quotes: then the quote is most
  // likely a stray one, and everything up to the next stray one would be passed over as one record.
  bool too_long(Row& row) {
    row.offset = input_.offset();
    row.size = input_.size();
    row.structure_lost = parser_.in_quotes();
    row.problem = row.structure_lost ? "a quoted field in it does not end within max_row_bytes" : kTooLong;
    if (row.structure_lost) return true;
    CsvSkipper skipper(settings_.separator());
    for (;;) {
      const char* after = skipper.skip(input_.begin(), input_.end());
      input_.consume(static_cast<size_t>(after - input_.begin()));
      if (skipper.at_record_end() || input_.at_end()) return true;
      input_.fill();
    }
  }

  const Settings& settings_;
  Input& input_;
  size_t width_;
  std::vector<size_t> positions_;
  bool last_counts_;
  CsvParser parser_;
  size_t consume_next_ = 0;  // of the record that was given out last
};

// The length of the next line with its end, or 0: `too_long`, or the end of the part.
size_t next_line(Input& input, bool last_counts, bool& too_long) {
  too_long = false;
  size_t searched = 0;
  for (;;) {
    const char* from = input.begin() + searched;
    if (const void* at = std::memchr(from, '\n', input.size() - searched); at != nullptr)
      return static_cast<size_t>(static_cast<const char*>(at) - input.begin()) + 1;
    searched = input.size();
    if (input.at_end()) return last_counts ? input.size() : 0;
    if (input.full()) return too_long = true, 0;
    input.fill();
  }
}

std::string_view without_line_end(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

class JsonReader : public RecordReader {
 public:
  JsonReader(Input& input, const std::vector<std::string>& wanted, bool last_counts)
      : input_(input), names_(wanted), last_counts_(last_counts), seen_(wanted.size()),
        on_member_([this](std::string_view name, JsonKind kind, std::string_view text) { return put(name, kind, text); }) {
    for (size_t i = 0; i < names_.size(); ++i) slots_.emplace(names_[i], i);
  }

  bool next(Row& row) override {
    input_.consume(consume_next_);
    consume_next_ = 0;
    for (;;) {
      bool too_long = false;
      const size_t size = next_line(input_, last_counts_, too_long);
      if (too_long) return pass_over(row);
      if (size == 0) return false;
      const std::string_view line = without_line_end({input_.begin(), size});
      if (is_blank(line)) {
        input_.consume(size);
        continue;
      }
      row.offset = input_.offset();
      row.size = size;
      row.structure_lost = false;
      consume_next_ = size;
      row.problem = take(line, row);
      return true;
    }
  }

 private:
  const char* take(std::string_view line, Row& row) {
    row.cells.assign(names_.size(), Cell{});
    std::fill(seen_.begin(), seen_.end(), false);
    cells_ = &row.cells;
    expected_ = 0;
    const auto padding = static_cast<size_t>(input_.end() - (line.data() + line.size())) + input_.padding();
    return parser_.read_object(line, padding, on_member_);
  }

  const char* put(std::string_view name, JsonKind kind, std::string_view text) {
    size_t slot = expected_;
    if (slot >= names_.size() || names_[slot] != name) {
      const auto found = slots_.find(name);
      if (found == slots_.end()) return nullptr;
      slot = found->second;
    }
    expected_ = slot + 1;
    if (seen_[slot]) return "it has a member twice";
    seen_[slot] = true;
    (*cells_)[slot] = {text.data(), text.size(), kind == JsonKind::null, false};
    return nullptr;
  }

  bool pass_over(Row& row) {
    row.offset = input_.offset();
    row.size = input_.size();
    row.problem = kTooLong;
    row.structure_lost = false;
    for (;;) {
      const void* at = std::memchr(input_.begin(), '\n', input_.size());
      const bool found = at != nullptr;
      input_.consume(found ? static_cast<size_t>(static_cast<const char*>(at) - input_.begin()) + 1 : input_.size());
      if (found || input_.at_end()) return true;
      input_.fill();
    }
  }

  Input& input_;
  std::vector<std::string> names_;
  std::unordered_map<std::string_view, size_t> slots_;  // into names_, which never changes
  bool last_counts_;
  std::vector<bool> seen_;
  OnMember on_member_;
  JsonParser parser_;
  std::vector<Cell>* cells_ = nullptr;  // of the row being read
  size_t expected_ = 0;                 // most files have the members in the same order in every line
  size_t consume_next_ = 0;
};

}  // namespace

void skip_byte_order_mark(Input& input) {
  while (input.size() < 3 && !input.at_end()) input.fill();
  if (input.size() >= 3 && std::memcmp(input.begin(), "\xEF\xBB\xBF", 3) == 0) input.consume(3);
}

std::vector<std::string> read_csv_header(const Settings& settings, Input& input, bool last_counts) {
  skip_byte_order_mark(input);
  const std::string& path = input.file().path();
  const auto bad = [&](const std::string& what) {
    return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, path + " line 1: the header " + what).detail("file", path);
  };
  CsvParser parser(settings.separator());
  size_t size = 0;
  for (;;) {
    if (input.size() > 0) size = parser.parse(input.begin(), input.end(), last_counts && input.at_end());
    if (size > 0) break;
    if (input.at_end()) return {};
    if (input.full()) throw bad("is larger than max_row_bytes");
    input.fill();
  }
  if (parser.problem() != nullptr) throw bad(std::string("cannot be read: ") + parser.problem());
  const auto fields = parser.fields();
  if (fields.size() > kMaxColumns) throw bad("has more than " + std::to_string(kMaxColumns) + " columns");
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const CsvField& field : fields) {
    std::string name;
    if (field.escaped)
      append_unescaped(field.text(), name);
    else
      name = field.text();
    const std::string which = "column " + std::to_string(names.size() + 1);
    if (name.empty()) throw bad("has no name for " + which);
    if (!is_utf8(name) || name.find('\0') != std::string::npos) throw bad("has a name that is not UTF-8 text for " + which);
    if (!seen.insert(name).second) throw bad("names column \"" + name + "\" twice");
    names.push_back(std::move(name));
  }
  input.consume(size);
  return names;
}

std::unique_ptr<RecordReader> csv_reader(const Settings& settings, Input& input, const std::vector<std::string>& header,
                                         const std::vector<std::string>& wanted, bool last_counts) {
  std::vector<size_t> positions;
  for (const std::string& name : wanted) {
    const auto found = std::find(header.begin(), header.end(), name);
    if (found == header.end())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, input.file().path() + " line 1: the header has no column \"" + name + "\"")
          .detail("file", input.file().path());
    positions.push_back(static_cast<size_t>(found - header.begin()));
  }
  return std::make_unique<CsvReader>(settings, input, header.size(), std::move(positions), last_counts);
}

std::unique_ptr<RecordReader> json_reader(Input& input, const std::vector<std::string>& wanted, bool last_counts) {
  return std::make_unique<JsonReader>(input, wanted, last_counts);
}

bool sample_json_line(JsonParser& parser, Input& input, bool last_counts, const OnMember& on_member) {
  bool too_long = false;
  const size_t size = next_line(input, last_counts, too_long);
  if (size == 0) return false;
  const std::string_view line = without_line_end({input.begin(), size});
  const auto padding = static_cast<size_t>(input.end() - (line.data() + line.size())) + input.padding();
  if (!is_blank(line))
    // A line that is broken is the scan's to report; what came before the break is as good a sample as any.
    (void)parser.read_object(line, padding, on_member);
  input.consume(size);
  return true;
}

}  // namespace penstock::files
