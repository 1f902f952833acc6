// SQLite. Any value may stand in any column, and the driver makes of one that does not fit the column's type a NULL or another
// value without a word, cuts text at a NUL byte and doubles after 15 digits. So all but blobs are read as the bytes of their text:
// numbers stay text, which the host makes what the view says, or rejects.
#include "connection.hpp"
#include "dialects.hpp"
#include "time_text.hpp"

namespace penstock::odbc {
namespace {

struct Rule {
  int32_t code;  // SQLite's result code
  Verdict verdict;
};

constexpr Rule kRules[] = {
    {3, {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {5, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // busy
    {6, {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},  // locked
    {7, {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
    {8, {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // a query that writes
    {9, {PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_RECONNECT}},
    {11, {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER}},  // damaged
    {14, {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},            // cannot be opened
    {23, {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {26, {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER}},  // no database
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The bytes of the value's text; a real's are marked as such, and with more digits than tell it from its neighbours: SQLite rounds
// the 17th wrong where the exponent is extreme.
std::string text_of(const std::string& name) {
  return "CAST(CASE typeof(" + name + ") WHEN 'real' THEN CAST(x'ff' AS TEXT) || printf('%!.20e', " + name + ") ELSE " + name + " END AS BLOB)";
}

class Sqlite : public Dialect {
 public:
  Sqlite() : Dialect("\"") {}

  const char* name() const override { return "sqlite"; }

  void set_up_session(const Call& call, Connection& connection) const override {
    const std::string action = "preparing the session";
    // Some builds of the driver have wide characters.
    connection.set_takes_utf8(true);
    connection.set_takes_utf8(connection.query(call, action, "SELECT hex('\u00fc')").text(0, 0) == "C3BC");
    connection.query(call, action, "PRAGMA query_only = ON");
  }

  // A statement is a snapshot by itself, and within a transaction the driver keeps its whole answer in memory.
  bool has_transactions() const override { return false; }

  Place place(const Connection&, const Table& table) const override {
    for (const std::string& part : {table.database, table.schema})
      if (!part.empty() && part != "main")
        throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                    "\"" + part + "\": an SQLite file has no databases and schemas; leave database and schema out");
    return {{}, {}, table.table};
  }

  // While a writer holds the file, the driver finds no tables in it.
  void require_readable(const Call& call, Connection& connection) const override {
    connection.query(call, "looking for the table", "SELECT count(*) FROM sqlite_master");
  }

  ReadColumn read_column(const Column& column, const std::string& name) const override {
    const std::string& type = column.type_name;
    ReadColumn out = read_binary(text_of(name), 0);
    out.decode = Decode::real_or_text;
    out.field = {.type = Type::utf8};
    if (contains(type, "blob") || contains(type, "binary")) {
      out.decode = Decode::binary;
      out.field.type = Type::binary;
      out.expression = name;
    } else if (type == "date") {
      out.decode = Decode::date_text;
      out.field.type = Type::date32;
    } else if (contains(type, "timestamp") || contains(type, "datetime")) {
      out.decode = Decode::time_text;
      out.field = {.type = Type::timestamp_us};
    } else if (contains(type, "int")) {
      out.decode = Decode::integer_text;
      out.field.type = Type::int64;
    } else if (contains(type, "real") || contains(type, "floa") || contains(type, "doub")) {
      out.decode = Decode::real;
      out.field.type = Type::float64;
    }
    return out;
  }

  CursorKind cursor_kind(const Column& column) const override {
    const std::string& type = column.type_name;
    if (type == "date") return CursorKind::day;
    if (contains(type, "timestamp") || contains(type, "datetime")) return CursorKind::wall_clock;
    return contains(type, "int") ? CursorKind::epoch : CursorKind::none;
  }

  // CURRENT_TIMESTAMP has whole seconds; a program may write more digits.
  int64_t tick_ns(const Column&) const override { return 1'000'000'000; }

  // Compared as the text that it is.
  std::string time_literal(const Column&, CursorKind kind, int64_t ns) const override {
    return kind == CursorKind::day ? "'" + date_text(ns) + "'" : "'" + wall_text(ns, 6) + "'";
  }

  // Numbers are before every text, blobs behind; and a time begins with a digit. Not < '0', of which a column of times makes a
  // number, but the last text before it.
  std::string unordered_rows(CursorKind kind, const std::string& name) const override {
    if (kind == CursorKind::epoch) return name + " >= ''";
    return name + " < CAST(x'2ff48fbfbf' AS TEXT) OR " + name + " >= ':'";
  }

  std::string row_limit(int64_t count, int64_t skip) const override { return limit_clause(count, skip); }
  std::string nulls_first(const std::string& name) const override { return name; }

  ClockStatement clock() const override {
    return {"SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000 + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER)", 1'000'000};
  }

  Verdict verdict(const Diagnostic& diagnostic) const override {
    if (contains(diagnostic.message, "no such table") || contains(diagnostic.message, "no such column"))
      return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER};
    for (const Rule& rule : kRules)
      if ((diagnostic.native & 0xff) == rule.code) return rule.verdict;
    if (diagnostic.native == 1) return {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER};
    return Dialect::verdict(diagnostic);
  }
};

}  // namespace

std::unique_ptr<Dialect> make_sqlite_dialect() { return std::make_unique<Sqlite>(); }

}  // namespace penstock::odbc
