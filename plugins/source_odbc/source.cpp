#include "source.hpp"

#include "array_stream.hpp"

namespace penstock::odbc {
namespace {

constexpr uint32_t kHonoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL |
                               PENSTOCK_HONOURED_ORDER | PENSTOCK_HONOURED_NULL_CURSOR;

}  // namespace

OdbcSource::OdbcSource(const Call& call, const Options& options) : settings_(settings_from(options)) { ready(call); }

Connection& OdbcSource::ready(const Call& call) {
  if (connection_ && connection_->is_scanning())
    throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_SAFE, "a scan is still open on this connection");
  if (!connection_ || !connection_->is_usable()) {
    connection_.reset();
    described_.reset();
    connection_ = std::make_shared<Connection>(call, settings_);
    if (!rereads_in_array_) rereads_in_array_ = std::make_shared<bool>(connection_->facts().rereads_in_array);
  }
  return *connection_;
}

template <class Act>
auto OdbcSource::with_live_connection(const Call& call, Act&& act) {
  const Connection* before = connection_.get();
  Connection& connection = ready(call);
  if (&connection != before) return act(connection);
  try {
    return act(connection);
  } catch (const Error& error) {
    if (error.retry() != PENSTOCK_RETRY_RECONNECT || error.status() != PENSTOCK_STATUS_UNAVAILABLE) throw;
  }
  call.check();
  return act(ready(call));
}

void OdbcSource::ping(const Call& call) {
  described_.reset();
  with_live_connection(call, [&](Connection& connection) {
    connection.query(call, "pinging the server", connection.dialect().ping_sql());
    connection.end_transaction(call, "pinging the server");
  });
}

Schema OdbcSource::describe(const Call& call, const Table& table) {
  described_.reset();
  described_ = with_live_connection(call, [&](Connection& connection) {
    return Described{table.database, table.schema, table.table, table.query, find_relation(call, connection, table)};
  });
  Schema schema;
  for (const Column& column : described_->relation.columns) schema.push_back(field_of(connection_->dialect(), column));
  return schema;
}

std::vector<TableName> OdbcSource::list_tables(const Call& call) { return visible_tables(call, ready(call)); }

Horizon OdbcSource::horizon(const Call& call, const Table& table, const Cursor& cursor) {
  Connection& connection = ready(call);
  const Relation relation = described(call, connection, table);
  return connection.dialect().horizon(call, connection, table, relation.column(cursor.column), cursor);
}

std::vector<std::string> OdbcSource::plan(const Call& call, const Scan& scan, ScanInfo& info) {
  Connection& connection = ready(call);
  const ScanStatement statement = statement_for(connection, described(call, connection, scan.table), scan);
  info.honoured = kHonoured;
  info.statement = statement.select();
  info.cursor_unit_ns = statement.cursor_unit_ns;
  return {std::string()};
}

std::unique_ptr<RowStream> OdbcSource::scan(const Call& call, const Scan& scan, const std::string&, ScanInfo& info) {
  // Not what describe found: rows are decoded by these types, so they are read as late as can be.
  Connection& connection = ready(call);
  ScanStatement statement = statement_for(connection, find_relation(call, connection, scan.table), scan);
  info = {.honoured = kHonoured, .rows_estimate = -1, .statement = statement.select(), .cursor_unit_ns = statement.cursor_unit_ns};
  return std::make_unique<ArrayStream>(call, connection_, std::move(statement), scan.batch_rows, scan.batch_bytes,
                                       rereads_in_array_);
}

Relation OdbcSource::described(const Call& call, Connection& connection, const Table& table) const {
  const bool is_same = described_ && described_->database == table.database && described_->schema == table.schema &&
                       described_->table == table.table && described_->query == table.query;
  return is_same ? described_->relation : find_relation(call, connection, table);
}

ScanStatement OdbcSource::statement_for(const Connection& connection, const Relation& relation, const Scan& scan) const {
  return scan_statement(connection, relation, scan, !*rereads_in_array_);
}

}  // namespace penstock::odbc
