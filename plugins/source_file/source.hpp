// The component "file": a folder as a warehouse.
#pragma once

#include "columns.hpp"
#include "snapshot.hpp"

#include <penstock/module.hpp>

namespace penstock::files {

class FileSource : public Source {
 public:
  static constexpr ComponentInfo kInfo{"file", "CSV and NDJSON files",
                                       "Reads tables from CSV and NDJSON files: a table is a file or a folder of files. Finds new, "
                                       "appended, replaced and rewritten files."};

  static constexpr const char* kFormats[] = {"auto", "csv", "ndjson", nullptr};
  static constexpr const char* kAppended[] = {"verify", "trust", "reread", nullptr};
  static constexpr const char* kOnBadRow[] = {"fail", "skip", nullptr};

  static constexpr penstock_option_desc kOptions[] = {
      string_option("path", "A file, which then is the table, whatever its name; or a folder in which tables are looked up by database, schema and name.", nullptr,
                    kRequired),
      choice_option("format", "csv, ndjson, or auto: by the extension (.csv, .ndjson, .jsonl).", "auto", kFormats),
      string_option("delimiter", "What separates CSV fields: one ASCII character, or tab.", ","),
      string_option("null_text", "An unquoted CSV field with this text is NULL; a quoted one never is.", ""),
      duration_option("settle",
                      "After this time without a change a last line without a line end counts; complete lines count at once.",
                      "1s", std::chrono::nanoseconds(0), std::chrono::hours(24)),
      choice_option("appended",
                    "A file that changed is read on from the last position if all earlier bytes are the same (verify), if 4 KiB "
                    "at both ends of them are (trust), or always whole (reread).",
                    "verify", kAppended),
      size_option("max_field_bytes", "A larger value is a bad row.", "16MiB", 1, int64_t{512} << 20),
      size_option("max_row_bytes", "A larger line is a bad row; also the limit of the read buffer.", "32MiB", 64,
                  int64_t{1} << 30),
  };
  static constexpr penstock_option_desc kTableOptions[] = {
      option(PENSTOCK_OPTION_STRING_MAP, "types",
             "The types of columns, as in { UPDATED_AT = \"timestamp\" }; other columns are text or recognised timestamps."),
      choice_option("on_bad_row", "fail: a row that cannot be read ends the run, which names file, line and column; skip: it is counted (bad_rows), with one warning a scan.", "fail",
                    kOnBadRow),
  };

  FileSource(const Call&, const Options& options) : settings_(Settings::from(options)) {}
  static void validate(const Options& options) { Settings::from(options); }

  void ping(const Call& call) override;
  Schema describe(const Call& call, const Table& table) override;
  std::vector<TableName> list_tables(const Call& call) override;
  Horizon horizon(const Call& call, const Table& table, const Cursor& cursor) override;
  std::vector<std::string> plan(const Call& call, const Scan& scan, ScanInfo& info) override;
  std::unique_ptr<RowStream> scan(const Call& call, const Scan& scan, const std::string& partition, ScanInfo& info) override;

 private:
  struct Plan {
    ReadBounds bounds;
    TableFiles table;
    std::vector<FileRange> ranges;
    Columns columns;
  };
  Plan make_plan(const Call& call, const Scan& scan, ScanInfo& info);
  // The columns as describe last gave them out, so that a scan streams what was described.
  const Columns& columns_of(const Call& call, const Table& table, const TableFiles& files, int64_t now_ns, bool again);

  Settings settings_;
  CountMemory memory_;
  std::map<std::string, Columns> described_;  // by the names of the table
};

}  // namespace penstock::files
