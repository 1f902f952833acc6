// The connector: what the host asks, put together from the other files of this folder.
#pragma once

#include "connection.hpp"
#include "horizon.hpp"
#include "statement.hpp"

#include <penstock/source.hpp>

#include <memory>

namespace penstock::postgres {

class PostgresSource : public Source {
 public:
  PostgresSource(const Call& call, const Options& options);

  void ping(const Call& call) override;
  Schema describe(const Call& call, const Table& table) override;
  std::vector<TableName> list_tables(const Call& call) override;
  Horizon horizon(const Call& call, const Table& table, const Cursor& cursor) override;
  std::vector<std::string> plan(const Call& call, const Scan& scan, ScanInfo& info) override;
  std::unique_ptr<RowStream> scan(const Call& call, const Scan& scan, const std::string& partition,
                                  ScanInfo& info) override;

 private:
  // The connection, made anew if the old one broke. Every function here only reads, so none minds.
  Connection& ready(const Call& call);
  // What describe found, if it was asked for this table last; else looks. A run asks for everything within moments, and
  // begins with describe, which always looks anew.
  Relation described(const Call& call, Connection& connection, const Table& table) const;
  void begin_snapshot(const Call& call, const ScanStatement& statement);
  void require_same_timeline(const Call& call, const Scan& scan);
  int64_t estimated_rows(const Call& call, const ScanStatement& statement);

  struct Described {
    std::string database, schema, table, query;
    Relation relation;
  };

  Conninfo info_;
  HorizonFinder horizons_;
  std::optional<Described> described_;
  std::shared_ptr<Connection> connection_;  // shared with the stream of the scan in progress
};

}  // namespace penstock::postgres
