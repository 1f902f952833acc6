#include "source.hpp"

#include "copy_stream.hpp"
#include "index_advice.hpp"

namespace penstock::postgres {
namespace {

constexpr uint32_t kHonoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL |
                               PENSTOCK_HONOURED_ORDER | PENSTOCK_HONOURED_NULL_CURSOR;

// The estimate costs as much as reading a short window, and is for progress bars.
constexpr int64_t kShortWindowNs = int64_t{3600} * 1'000'000'000;

bool is_short(const Scan& scan) {
  int64_t length = 0;
  return scan.cursor.kind == PENSTOCK_CURSOR_TIMESTAMP && scan.since &&
         !__builtin_sub_overflow(scan.until.ordinal, scan.since->ordinal, &length) && length <= kShortWindowNs;
}

}  // namespace

PostgresSource::PostgresSource(const Call& call, const Options& options)
    : info_(conninfo_from(options)), horizons_(options.duration("margin")) {
  ready(call);
}

Connection& PostgresSource::ready(const Call& call) {
  if (connection_ && connection_->is_copying())
    throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_SAFE, "a scan is still open on this connection");
  if (!connection_ || !connection_->is_usable()) {
    connection_.reset();
    horizons_.forget();
    described_.reset();
    connection_ = std::make_shared<Connection>(call, info_);
  }
  return *connection_;
}

void PostgresSource::ping(const Call& call) {
  described_.reset();
  ready(call).query_prepared(call, "pinging the server", "SELECT 1");
}

Schema PostgresSource::describe(const Call& call, const Table& table) {
  described_.reset();
  described_ = Described{table.database, table.schema, table.table, table.query, find_relation(call, ready(call), table)};
  Schema schema;
  for (const Column& column : described_->relation.columns)
    schema.push_back(field_for(column.name, column_type(column.type_oid)));
  return schema;
}

std::vector<TableName> PostgresSource::list_tables(const Call& call) { return readable_tables(call, ready(call)); }

Horizon PostgresSource::horizon(const Call& call, const Table& table, const Cursor& cursor) {
  Connection& connection = ready(call);
  const Relation relation = described(call, connection, table);
  return horizons_.find(call, connection, relation, cursor_column(connection, relation, cursor, table.options),
                        cursor.lag_ns);
}

std::vector<std::string> PostgresSource::plan(const Call& call, const Scan& scan, ScanInfo& info) {
  Connection& connection = ready(call);
  const Relation relation = described(call, connection, scan.table);
  const ScanStatement statement = scan_statement(connection, relation, scan);
  info.honoured = kHonoured;
  info.statement = statement.copy();
  info.cursor_unit_ns = statement.cursor_unit_ns;
  // A run scans right away, which says the rest.
  if (info.advice_wanted) {
    begin_snapshot(call, statement);
    info.rows_estimate = estimated_rows(call, statement);
    connection.query(call, "planning " + statement.display, "ROLLBACK");
    info.advice = index_advice(call, connection, relation, scan);
  }
  return {std::string()};
}

std::unique_ptr<RowStream> PostgresSource::scan(const Call& call, const Scan& scan, const std::string&,
                                                ScanInfo& info) {
  // Not what describe found: rows are parsed by these types, so they are read as late as can be.
  Connection& connection = ready(call);
  ScanStatement statement = scan_statement(connection, find_relation(call, connection, scan.table), scan);
  require_same_timeline(call, scan);
  begin_snapshot(call, statement);
  info = {.honoured = kHonoured,
          .rows_estimate = is_short(scan) ? -1 : estimated_rows(call, statement),
          .statement = statement.copy(),
          .cursor_unit_ns = statement.cursor_unit_ns};
  connection_->start_copy(call, "reading " + statement.display, info.statement);
  return std::make_unique<CopyStream>(call, connection_, std::move(statement), scan.batch_rows, scan.batch_bytes);
}

Relation PostgresSource::described(const Call& call, Connection& connection, const Table& table) const {
  const bool is_same = described_ && described_->database == table.database && described_->schema == table.schema &&
                       described_->table == table.table && described_->query == table.query;
  return is_same ? described_->relation : find_relation(call, connection, table);
}

void PostgresSource::begin_snapshot(const Call& call, const ScanStatement& statement) {
  const std::string action = "reading " + statement.display;
  connection_->query(call, action, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!statement.search_path_schema.empty())
    connection_->query(call, action,
                       "SET LOCAL search_path = pg_catalog, " +
                           connection_->quoted_identifier(statement.search_path_schema) + ", pg_temp");
}

// Transaction ids start again from an earlier number on a restored or promoted server: rows with ids that were read
// before would never be.
void PostgresSource::require_same_timeline(const Call& call, const Scan& scan) {
  if (scan.cursor.kind != PENSTOCK_CURSOR_XID || !scan.since || scan.since->detail.empty()) return;
  const Result row = connection_->query(call, "asking for the timeline",
                                        "SELECT 'system=' || s.system_identifier || ' timeline=' || c.timeline_id "
                                        "FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c");
  if (row.text(0, 0) == scan.since->detail) return;
  throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION,
              "the server is another one or was promoted since the last run (" + scan.since->detail + ", now " +
                  row.text(0, 0) + "), so its transaction ids mean something else: read the table in full");
}

// The planner's guess, for progress bars. The first line of EXPLAIN reads "Sort  (cost=1.0..2.0 rows=10 width=8)".
int64_t PostgresSource::estimated_rows(const Call& call, const ScanStatement& statement) {
  const std::string line =
      connection_->query(call, "planning " + statement.display, "EXPLAIN " + statement.select).text(0, 0);
  const size_t at = line.find(" rows=");
  return at == std::string::npos ? -1 : std::strtoll(line.c_str() + at + 6, nullptr, 10);
}

}  // namespace penstock::postgres
