#include "source.hpp"

#include "array_stream.hpp"
#include "quiet_stream.hpp"
#include "row_by_row.hpp"

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
  }
  return *connection_;
}

template <class Act>
auto OdbcSource::with_live_connection(const Call& call, Act&& act) {
  const auto settled = [&](Connection& connection) {
    try {
      return act(connection);
    } catch (...) {
      connection.settle();
      throw;
    }
  };
  const Connection* before = connection_.get();
  Connection& connection = ready(call);
  if (&connection != before) return settled(connection);
  try {
    return settled(connection);
  } catch (const Error& error) {
    if (error.retry() != PENSTOCK_RETRY_RECONNECT || error.status() != PENSTOCK_STATUS_UNAVAILABLE) throw;
  }
  call.check();
  return settled(ready(call));
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

std::vector<TableName> OdbcSource::list_tables(const Call& call) {
  return with_live_connection(call, [&](Connection& connection) { return visible_tables(call, connection); });
}

Horizon OdbcSource::horizon(const Call& call, const Table& table, const Cursor& cursor) {
  return with_live_connection(call, [&](Connection& connection) {
    const Relation relation = described(call, connection, table);
    const Dialect& dialect = connection.dialect();
    // Not of a query: what it shows may change by itself.
    if (relation.is_table) quiet_.saw(QuietTables::question(table, cursor), dialect.change_token(call, connection, relation.place));
    return dialect.horizon(call, connection, table, relation.column(cursor.column), cursor);
  });
}

std::vector<std::string> OdbcSource::plan(const Call& call, const Scan& scan, ScanInfo& info) {
  const ScanStatement statement = with_live_connection(call, [&](Connection& connection) {
    return statement_for(connection, described(call, connection, scan.table), scan);
  });
  info.honoured = kHonoured;
  info.statement = statement.select();
  info.cursor_unit_ns = statement.cursor_unit_ns;
  return {std::string()};
}

std::unique_ptr<RowStream> OdbcSource::scan(const Call& call, const Scan& scan, const std::string&, ScanInfo& info) {
  // Not what describe found: rows are decoded by these types, so they are read as late as can be.
  const std::optional<std::string> token = quiet_.take_token(QuietTables::question(scan.table, scan.cursor));
  if (quiet_.is_quiet(scan, token)) {
    const ScanStatement statement = with_live_connection(call, [&](Connection& connection) {
      return statement_for(connection, described(call, connection, scan.table), scan);
    });
    info = {.honoured = kHonoured, .rows_estimate = 0, .statement = {}, .cursor_unit_ns = statement.cursor_unit_ns};
    return std::make_unique<EmptyStream>(statement.schema);
  }
  try {
    return start(call, scan, Reach::window, token, info);
  } catch (const Error& error) {
    if (!scan.since || !scan.table.options.has("changes") || !ready(call).dialect().is_history_gone(error.vendor_code())) throw;
    call.warn("the changes since " + scan.since->text + " are no longer kept, so the whole table is read: " + error.message());
  }
  return start(call, scan, Reach::whole, token, info);
}

std::unique_ptr<RowStream> OdbcSource::start(const Call& call, const Scan& scan, Reach reach, const std::optional<std::string>& token,
                                             ScanInfo& info) {
  Relation relation;
  ScanStatement statement = with_live_connection(call, [&](Connection& connection) {
    relation = find_relation(call, connection, scan.table);
    return statement_for(connection, relation, scan, reach);
  });
  info = {.honoured = kHonoured, .rows_estimate = -1, .statement = statement.select(), .cursor_unit_ns = statement.cursor_unit_ns};
  const std::string beyond = statement.beyond;
  auto rows = std::make_unique<ArrayStream>(call, connection_, std::move(statement), scan.batch_rows, scan.batch_bytes,
                                            [name = row_by_row_name(relation)] { RowByRow::of_process().add(name); });
  if (!token || beyond.empty()) return rows;
  return std::make_unique<WatchedStream>(std::move(rows), [=, this, place = relation.place] { look_beyond(call, scan, place, beyond, *token); });
}

void OdbcSource::look_beyond(const Call& call, const Scan& scan, const Place& place, const std::string& sql, const std::string& token) noexcept {
  try {
    if (!connection_->dialect().changes_by_statements_alone(call, *connection_, place)) return;
    if (connection_->query(call, "looking beyond the window", sql).size() == 0)
      quiet_.found_nothing(QuietTables::question(scan.table, scan.cursor), token, scan.since->ordinal, scan.include_null_cursor);
  } catch (const std::exception& error) {
    // The rows have been read; what is lost is the saving.
    connection_->settle();
    call.info("it is not known whether the table holds anything beyond the window, so the next run scans it again: " + std::string(error.what()));
  }
}

Relation OdbcSource::described(const Call& call, Connection& connection, const Table& table) const {
  const bool is_same = described_ && described_->database == table.database && described_->schema == table.schema &&
                       described_->table == table.table && described_->query == table.query;
  return is_same ? described_->relation : find_relation(call, connection, table);
}

std::string OdbcSource::row_by_row_name(const Relation& relation) const {
  // The keys may hold secrets, which are not to lie about for as long as the process lives.
  return std::to_string(std::hash<std::string>()(settings_.login.keys.text())) + " " + relation.from;
}

ScanStatement OdbcSource::statement_for(const Connection& connection, const Relation& relation, const Scan& scan, Reach reach) const {
  const bool by_array = connection.facts().rereads_in_array || connection.dialect().hopes_for_short_values();
  return scan_statement(connection, relation, scan, !by_array || RowByRow::of_process().contains(row_by_row_name(relation)), reach);
}

}  // namespace penstock::odbc
