#include "writer_proof.hpp"

#include <penstock/nearest_name.hpp>

#include <algorithm>
#include <array>

namespace penstock::postgres {
namespace {

// Bits of pg_trigger.tgtype.
constexpr int64_t kRow = 1, kBefore = 2, kInsert = 4, kUpdate = 16;

constexpr std::array<std::string_view, 5> kClocks = {"now()", "current_timestamp", "transaction_timestamp()",
                                                     "clock_timestamp()", "statement_timestamp()"};
constexpr std::array<std::string_view, 2> kTransactionIds = {"pg_current_xact_id()", "txid_current()"};
// With one of these the value may come from the writer, or from an earlier time.
constexpr std::array<std::string_view, 5> kDoubts = {"date_trunc", "date_bin", "coalesce", "interval", "::date"};

template <class Words>
bool contains_any(const std::string& text, const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

bool names_source(const std::string& text, CursorKind kind) {
  return kind == CursorKind::xid ? contains_any(text, kTransactionIds) : contains_any(text, kClocks);
}

bool is_plain_default(const std::string& expression, CursorKind kind) {
  std::string text = folded(expression);
  if (text.starts_with("pg_catalog.")) text.erase(0, std::string_view("pg_catalog.").size());
  const auto equal = [&](std::string_view word) { return text == word; };
  return kind == CursorKind::xid ? std::any_of(kTransactionIds.begin(), kTransactionIds.end(), equal)
                                 : std::any_of(kClocks.begin(), kClocks.end(), equal);
}

struct Triggers {
  std::string on_insert, on_update;  // names; empty: none
  std::string doubtful;              // one that looked like it but is no proof
};

Triggers find_triggers(const Call& call, Connection& connection, const Relation& relation, const CursorColumn& cursor) {
  const Result found = connection.query_prepared(
      call, "reading the triggers of " + relation.display,
      "SELECT g.tgname, g.tgtype, g.tgqual IS NOT NULL OR g.tgattr::text <> '', l.lanname, p.prosrc, "
      "pg_catalog.encode(g.tgargs, 'escape') "
      "FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid "
      "JOIN pg_catalog.pg_language l ON l.oid = p.prolang "
      "WHERE g.tgrelid = $1::pg_catalog.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') ORDER BY g.tgname",
      {std::to_string(relation.oid)});
  const std::string column = folded(cursor.column->name);
  Triggers out;
  for (int row = 0; row < found.rows(); ++row) {
    const int64_t type = found.integer(row, 1);
    if ((type & (kRow | kBefore)) != (kRow | kBefore)) continue;
    const std::string source = folded(found.text(row, 4));
    const std::string arguments = folded(found.text(row, 5));
    // moddatetime of the contrib modules: written in C, the column is its argument.
    const bool is_moddatetime =
        found.text(row, 3) == "c" && source == "moddatetime" && cursor.kind == CursorKind::instant;
    const bool names_column = (is_moddatetime ? arguments : source).find(column) != std::string::npos;
    if (!names_column) continue;
    const bool conditional = found.boolean(row, 2);
    if (conditional || (!is_moddatetime && (!names_source(source, cursor.kind) || contains_any(source, kDoubts)))) {
      out.doubtful = found.text(row, 0);
      continue;
    }
    if ((type & kInsert) != 0) out.on_insert = found.text(row, 0);
    if ((type & kUpdate) != 0) out.on_update = found.text(row, 0);
  }
  return out;
}

// What rules a proof out before any trigger is looked at; empty: nothing.
std::string obstacle(const Relation& relation) {
  if (relation.kind != 'r' && relation.kind != 'p') return relation.display + " is no table";
  if (relation.has_children) return "other tables inherit from " + relation.display + ", but not its triggers";
  if (relation.is_subscribed) return relation.display + " is written by a subscription, for which triggers do not fire";
  return {};
}

}  // namespace

WriterProof prove_writers(const Call& call, Connection& connection, const Relation& relation,
                          const CursorColumn& cursor) {
  if (const std::string reason = obstacle(relation); !reason.empty()) return {false, reason};
  const std::string column = "\"" + cursor.column->name + "\"";
  const Triggers triggers = find_triggers(call, connection, relation, cursor);
  const bool has_default = is_plain_default(cursor.column->default_expression, cursor.kind);
  if (!triggers.on_update.empty() && triggers.on_insert == triggers.on_update)
    return {true, "trigger \"" + triggers.on_update + "\" sets " + column};
  if (!triggers.on_update.empty() && !triggers.on_insert.empty())
    return {true, "triggers \"" + triggers.on_insert + "\" and \"" + triggers.on_update + "\" set " + column};
  if (!triggers.on_update.empty() && has_default)
    return {true, "trigger \"" + triggers.on_update + "\" sets " + column +
                      " on UPDATE, and its default on INSERT as long as no writer names the column"};
  if (!triggers.doubtful.empty())
    return {false, "trigger \"" + triggers.doubtful + "\" may leave " + column + " as the writer set it"};
  if (has_default)
    return {false,
            column + " has a default, which an UPDATE does not apply, and no BEFORE INSERT OR UPDATE trigger sets it"};
  return {false, "no BEFORE INSERT OR UPDATE trigger sets " + column};
}

}  // namespace penstock::postgres
