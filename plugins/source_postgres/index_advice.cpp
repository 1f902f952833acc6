#include "index_advice.hpp"

namespace penstock::postgres {
namespace {

// The planner's own estimate: the rows a page at the last ANALYZE times the pages now; a table that never had one is
// taken to hold 20. A partial index, an invalid one or one of another kind finds no range of times.
constexpr const char* kSql =
    "WITH RECURSIVE part(oid) AS ("
    "  SELECT $1::pg_catalog.oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part p ON i.inhparent = p.oid), "
    "sized AS ("
    "  SELECT c.oid, n.nspname, c.relname, CASE WHEN c.relpages > 0 THEN c.reltuples / c.relpages ELSE 20 END * "
    "    (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8) AS tuples "
    "  FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "  WHERE c.relkind IN ('r', 'm')) "
    "SELECT s.nspname, s.relname, s.tuples::pg_catalog.int8, pg_catalog.count(*) OVER (), s.oid = $1::pg_catalog.oid "
    "FROM sized s JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attname = $2 AND NOT a.attisdropped "
    "WHERE s.tuples > $3::pg_catalog.float8 AND NOT EXISTS ("
    "  SELECT 1 FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid "
    "  JOIN pg_catalog.pg_am m ON m.oid = i.relam WHERE x.indrelid = s.oid AND x.indkey[0] = a.attnum "
    "  AND x.indisvalid AND x.indpred IS NULL AND m.amname IN ('btree', 'brin')) "
    "ORDER BY s.tuples DESC LIMIT 1";

}  // namespace

std::string index_advice(const Call& call, Connection& connection, const Relation& relation, const Scan& scan) {
  if (relation.oid == 0) return {};
  const std::string& column = relation.column(scan.cursor.column).name;
  const Result found = connection.query(call, "looking for an index on " + relation.display, kSql,
                                        {std::to_string(relation.oid), column, std::to_string(kRowsWithoutIndex)});
  if (found.rows() == 0) return {};
  const std::string name = connection.quoted_identifier(found.text(0, 0)) + "." + connection.quoted_identifier(found.text(0, 1));
  const int64_t others = found.integer(0, 3) - 1;
  const bool is_itself = found.boolean(0, 4);
  std::string where = is_itself ? relation.display : (relation.kind == 'p' ? "partition " : "table ") + name;
  where += " (about " + found.text(0, 2) + " rows)";
  if (others > 0) where += " and " + std::to_string(others) + (others == 1 ? " other" : " others");
  // An index of a partitioned table is one of each partition, also of those to come.
  const std::string on = relation.kind == 'p' ? relation.from : name;
  return "no index of " + where + " begins with the timestamp field \"" + column +
         "\", so every run reads all of it: CREATE INDEX ON " + on + " (" + connection.quoted_identifier(column) + ")";
}

}  // namespace penstock::postgres
