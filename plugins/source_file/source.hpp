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

  static constexpr Choice<Format> kFormats[] = {{"auto", Format::automatic}, {"csv", Format::csv}, {"ndjson", Format::ndjson}};
  static constexpr Choice<Appended> kAppended[] = {{"verify", Appended::verify}, {"trust", Appended::trust}, {"reread", Appended::reread}};
  static constexpr Choice<OnBadRow> kOnBadRow[] = {{"fail", OnBadRow::fail}, {"skip", OnBadRow::skip}};

  static constexpr auto kOptions = options_of(
      bound<&Settings::path>({.name = "path",
                              .doc = "A file, which then is the table, whatever its name; or a folder in which tables are looked up by database, schema and name.",
                              .required = true}),
      bound<&Settings::format>({.name = "format", .doc = "csv, ndjson, or auto: by the extension (.csv, .ndjson, .jsonl).",
                                .default_value = "auto", .choices = kFormats}),
      bound<&Settings::delimiter>({.name = "delimiter", .doc = "What separates CSV fields: one ASCII character, or tab.", .default_value = ","}),
      bound<&Settings::null_text>({.name = "null_text", .doc = "An unquoted CSV field with this text is NULL; a quoted one never is.",
                                   .default_value = ""}),
      bound<&Settings::settle>({.name = "settle",
                                .doc = "After this time without a change a last line without a line end counts; complete lines count at once.",
                                .default_value = "1s", .max = std::chrono::hours(24)}),
      bound<&Settings::appended>({.name = "appended",
                                  .doc = "A file that changed is read on from the last position if all earlier bytes are the same (verify), if "
                                         "4 KiB at both ends of them are (trust), or always whole (reread).",
                                  .default_value = "verify", .choices = kAppended}),
      bound<&Settings::max_field_bytes>({.name = "max_field_bytes", .doc = "A larger value is a bad row.", .default_value = "16MiB",
                                         .min = 1, .max = int64_t{512} << 20}),
      bound<&Settings::max_row_bytes>({.name = "max_row_bytes", .doc = "A larger line is a bad row; also the limit of the read buffer.",
                                       .default_value = "32MiB", .min = 64, .max = int64_t{1} << 30}));
  static constexpr auto kTableOptions = options_of(
      bound<&TableSettings::types>({.name = "types",
                                    .doc = "The types of columns, as in { UPDATED_AT = \"timestamp\" }; other columns are text or recognised timestamps."}),
      bound<&TableSettings::on_bad_row>({.name = "on_bad_row",
                                         .doc = "fail: a row that cannot be read ends the run, which names file, line and column; skip: it is counted (bad_rows), with one warning a scan.",
                                         .default_value = "fail", .choices = kOnBadRow}));

  FileSource(const Call&, Settings settings) : settings_(checked(std::move(settings))) {}
  static void validate(const Settings& settings) { checked(settings); }

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
