#include "run/scan_request.hpp"

namespace penstock::host {

TableRef table_ref(const BatchSource& source, const ResolvedOptions& options) {
  return {source.database, source.schema, source.table, source.query, &options};
}

CursorRef cursor_ref(const View& view, const BatchSource& source, const std::string& column) {
  return {source.cursor == CursorKind::xid ? PENSTOCK_CURSOR_XID : PENSTOCK_CURSOR_TIMESTAMP, column, view.timezone, view.lag.count()};
}

ScanRequest scan_request(const View& view, const BatchSource& source, const ResolvedOptions& options, const Window& window,
                         const RowPlan& plan, const RunLimits& limits) {
  ScanRequest request;
  request.table = table_ref(source, options);
  request.cursor = cursor_ref(view, source, plan.cursor_column());
  request.since = window.since;
  request.until = window.until;
  request.columns = plan.columns();
  request.key_columns = plan.key_columns();
  // Those that are skipped are counted where all is read anyway; at every tick they would only cost.
  request.include_null_cursor = view.null_timestamp != NullTimestamp::skip || window.everything;
  request.batch_rows = limits.batch_rows;
  request.batch_bytes = limits.batch_bytes;
  return request;
}

}  // namespace penstock::host
