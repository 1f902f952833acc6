// The source: the file of visits as a warehouse with one table.
#pragma once

#include <penstock/penstock.hpp>

#include <string>

namespace connector {

// The options of a warehouse, filled in by the time that the source is made.
struct SourceSettings {
  std::string path;
};

class VisitsSource final : public penstock::Source {
 public:
  static constexpr penstock::ComponentInfo kInfo{"@NAME@", "@NAME@", "A text file of visits, a line each."};
  static constexpr auto kOptions =
      penstock::options_of(penstock::bound<&SourceSettings::path>({.name = "path", .doc = "The file with the visits.", .required = true}));
  // Checks the options without any I/O, so that `penstock validate` finds mistakes where nothing can be reached.
  static void validate(const SourceSettings&);

  // Connects. A client library's connection would be a member.
  VisitsSource(const penstock::Call&, const SourceSettings&);

  void ping(const penstock::Call&) override;
  penstock::Schema describe(const penstock::Call&, const penstock::Table&) override;
  std::vector<penstock::TableName> list_tables(const penstock::Call&) override;
  penstock::Horizon horizon(const penstock::Call&, const penstock::Table&, const penstock::Cursor&) override;
  std::vector<std::string> plan(const penstock::Call&, const penstock::Scan&, penstock::ScanInfo&) override;
  std::unique_ptr<penstock::RowStream> scan(const penstock::Call&, const penstock::Scan&, const std::string& partition,
                                            penstock::ScanInfo&) override;

 private:
  const std::string path_;
};

}  // namespace connector
