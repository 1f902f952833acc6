#include "columns.hpp"

#include "records.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <unordered_map>

namespace penstock::files {
namespace {

// What the values seen so far could all be.
struct Guess {
  bool any = false;
  bool instants = true;
  bool naive = true;

  void add(std::string_view text) {
    any = true;
    if (!instants && !naive) return;
    ParsedTime time;
    const bool fits = parse_timestamp(text, time) && to_nanoseconds(time).has_value();
    instants = instants && fits && time.has_offset;
    naive = naive && fits && !time.has_offset;
  }
  ColumnType type() const {
    if (any && instants) return {Type::timestamp_ns};
    if (any && naive) return {Type::timestamp_ns, Form::plain, true};
    return {};
  }
};

class Sampler {
 public:
  Sampler(const Call& call, const Settings& settings, const TableFiles& table, int64_t now_ns)
      : call_(call), settings_(settings), table_(table), now_ns_(now_ns) {}

  void sample() {
    for (const FileState& file : table_.files) {
      call_.check();
      if (file.size == 0) continue;
      if (table_.format == Format::ndjson && rows_ >= kSampleRows) break;
      const auto open = std::make_shared<OpenFile>(file.path, file.id);
      Input input(open, 0, file.size, static_cast<size_t>(settings_.max_row_bytes));
      const bool last_counts = now_ns_ - file.quiet_since >= settings_.settle.count();
      if (table_.format == Format::csv)
        sample_csv(file, input, last_counts);
      else
        sample_json(input, last_counts);
    }
  }

  const std::vector<std::string>& names() const { return names_; }
  const Guess& guess(size_t column) const { return guesses_[column]; }
  const std::string& header_file() const { return header_file_; }
  double bytes_per_row() const { return rows_ == 0 ? 0 : static_cast<double>(bytes_) / rows_; }

 private:
  void sample_csv(const FileState& file, Input& input, bool last_counts) {
    const std::vector<std::string> header = read_csv_header(settings_, input, last_counts);
    if (header.empty()) return;
    if (header_file_.empty()) {
      header_file_ = file.path;
      names_ = header;
      guesses_.resize(names_.size());
      sorted_names_ = header;
      std::sort(sorted_names_.begin(), sorted_names_.end());
    } else {
      std::vector<std::string> sorted = header;
      std::sort(sorted.begin(), sorted.end());
      if (sorted != sorted_names_)
        throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                    "the headers of " + header_file_ + " and " + file.path + " do not name the same columns")
            .detail("file", file.path);
    }
    if (rows_ >= kSampleRows) return;
    const auto reader = csv_reader(settings_, input, header, names_, last_counts);
    Row row;
    for (int i = 0; i < kSampleRowsPerFile && reader->next(row) && !row.structure_lost; ++i) {
      if (row.problem != nullptr) continue;
      ++rows_;
      bytes_ += row.size;
      for (size_t c = 0; c < names_.size(); ++c)
        if (!row.cells[c].null) guesses_[c].add(row.cells[c].text());
    }
  }

  void sample_json(Input& input, bool last_counts) {
    skip_byte_order_mark(input);
    JsonParser parser;
    const int64_t from = input.offset();
    const OnMember add = [&](std::string_view name, JsonKind kind, std::string_view text) -> const char* {
      auto found = slots_.find(std::string(name));
      if (found == slots_.end()) {
        if (names_.size() == kMaxColumns) return "too many columns";
        if (name.empty() || name.find('\0') != std::string_view::npos) return nullptr;
        found = slots_.emplace(name, names_.size()).first;
        names_.emplace_back(name);
        guesses_.emplace_back();
      }
      Guess& guess = guesses_[found->second];
      if (kind == JsonKind::string) guess.add(text);
      if (kind != JsonKind::string && kind != JsonKind::null) guess = {true, false, false};
      return nullptr;
    };
    int rows = 0;
    while (rows < kSampleRowsPerFile && sample_json_line(parser, input, last_counts, add)) ++rows;
    rows_ += rows;
    bytes_ += static_cast<uint64_t>(input.offset() - from);
  }

  Call call_;
  const Settings& settings_;
  const TableFiles& table_;
  int64_t now_ns_;
  std::vector<std::string> names_, sorted_names_;
  std::unordered_map<std::string, size_t> slots_;
  std::vector<Guess> guesses_;
  std::string header_file_;
  int rows_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

const Column* Columns::find(const std::string& name) const {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Column& c) { return c.name == name; });
  return found == list.end() ? nullptr : &*found;
}

Schema Columns::schema() const {
  Schema out;
  for (const Column& column : list) out.push_back(field_of(column.name, column.type));
  return out;
}

Columns describe_columns(const Call& call, const Settings& settings, const TableSettings& table_settings,
                         const TableFiles& table, int64_t now_ns) {
  std::map<std::string, ColumnType> declared;
  for (const auto& [column, type] : table_settings.types) declared.emplace(column, parse_column_type(column, type));
  Sampler sampler(call, settings, table, now_ns);
  sampler.sample();
  Columns out;
  out.bytes_per_row = sampler.bytes_per_row();
  for (size_t i = 0; i < sampler.names().size(); ++i) {
    const auto found = declared.find(sampler.names()[i]);
    out.list.push_back({sampler.names()[i], found == declared.end() ? sampler.guess(i).type() : found->second});
  }
  for (const auto& [name, type] : declared) {
    if (out.find(name) != nullptr) continue;
    if (table.format == Format::csv && !out.list.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"types\" names column \"" + name + "\", which the header of " +
                                                        sampler.header_file() + " does not have");
    if (table.format == Format::ndjson) out.list.push_back({name, type});
  }
  if (out.list.empty())
    throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE,
                table.path + (table.format == Format::csv ? " has no complete header line yet" : " has no complete line yet"));
  return out;
}

}  // namespace penstock::files
