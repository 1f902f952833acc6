// The connector: what the host asks, put together from the other files of this folder.
#pragma once

#include "connection.hpp"
#include "quiet_tables.hpp"
#include "relation.hpp"
#include "statement.hpp"

#include <penstock/source.hpp>

#include <functional>
#include <memory>

namespace penstock::odbc {

class OdbcSource : public Source {
 public:
  OdbcSource(const Call& call, const Options& options);

  void ping(const Call& call) override;
  Schema describe(const Call& call, const Table& table) override;
  std::vector<TableName> list_tables(const Call& call) override;
  Horizon horizon(const Call& call, const Table& table, const Cursor& cursor) override;
  std::vector<std::string> plan(const Call& call, const Scan& scan, ScanInfo& info) override;
  std::unique_ptr<RowStream> scan(const Call& call, const Scan& scan, const std::string& partition, ScanInfo& info) override;

 private:
  // The connection, made anew if the old one broke. Every function here only reads, so none minds.
  Connection& ready(const Call& call);
  // Runs `act` on a connection that has been idle, and once more on a new one when the old one turns out to be dead: servers and
  // firewalls end sessions without a word.
  template <class Act>
  auto with_live_connection(const Call& call, Act&& act);
  // What describe found, if it was asked for this table last; else looks. A run begins with describe, which always looks anew.
  Relation described(const Call& call, Connection& connection, const Table& table) const;
  // What a table is called among those that are read row by row.
  std::string row_by_row_name(const Relation& relation) const;
  ScanStatement statement_for(const Connection& connection, const Relation& relation, const Scan& scan, Reach reach = Reach::window) const;
  std::unique_ptr<RowStream> start(const Call& call, const Scan& scan, Reach reach, const std::optional<std::string>& token, ScanInfo& info);
  // Remembers that the table holds nothing beyond the scan's window, if that is so. Does not throw.
  void look_beyond(const Call& call, const Scan& scan, const Place& place, const std::string& sql, const std::string& token) noexcept;

  struct Described {
    std::string database, schema, table, query;
    Relation relation;
  };

  Settings settings_;
  std::optional<Described> described_;
  QuietTables quiet_;
  std::shared_ptr<Connection> connection_;  // shared with the stream of the scan in progress
};

}  // namespace penstock::odbc
