#include "cursor_column.hpp"

#include "time_text.hpp"

namespace penstock::odbc {
namespace {

int64_t unit_from(const std::string& name) {
  if (name == "s") return 1'000'000'000;
  if (name == "ms") return 1'000'000;
  if (name == "us") return 1'000;
  return 1;
}

Error unfit(const Column& column, const std::string& advice) {
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
               "timestamp_field \"" + column.name + "\" has type " + column.type_name + "; " + advice);
}

std::string time_bound(const Dialect& dialect, const CursorColumn& cursor, int64_t wall_ns) {
  const int64_t unit = dialect.literal_unit_ns();
  return dialect.time_literal(cursor.column, cursor.kind, floor_div(wall_ns, unit) * unit);
}

bool is_on_the_wall(CursorKind kind) { return kind == CursorKind::wall_clock || kind == CursorKind::day; }

}  // namespace

CursorColumn cursor_column(const Dialect& dialect, const Column& column, const Cursor& cursor, const Options& table_options) {
  if (cursor.kind != PENSTOCK_CURSOR_TIMESTAMP)
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "transaction ids cannot be read through ODBC: use the plugin \"postgres\"");
  CursorColumn out;
  out.column = column;
  out.kind = dialect.cursor_kind(column);
  out.name = dialect.column_term(column.name);
  if (out.kind == CursorKind::none)
    throw unfit(column, "use a timestamp, a date, or an integer with epoch_unit");
  if (is_on_the_wall(out.kind)) {
    if (cursor.timezone.empty())
      throw unfit(column, "it says no time zone: set timezone = \"UTC\" or the zone in which it is written");
    out.zone = Zone(cursor.timezone);
  }
  if (out.kind == CursorKind::epoch) {
    if (!table_options.has("epoch_unit"))
      throw unfit(column, "set epoch_unit = \"s\", \"ms\", \"us\" or \"ns\" if it counts from 1970");
    out.unit_ns = unit_from(table_options.text("epoch_unit"));
  }
  return out;
}

std::string CursorColumn::after(const Dialect& dialect, const Position& position) const {
  const int64_t ns = position.ordinal;
  if (kind == CursorKind::epoch) return name + " > " + std::to_string(floor_div(ns, unit_ns));
  return name + " > " + time_bound(dialect, *this, is_on_the_wall(kind) ? zone.least_wall_after(ns) : ns);
}

std::string CursorColumn::up_to(const Dialect& dialect, const Position& position) const {
  const int64_t ns = position.ordinal;
  if (kind == CursorKind::epoch) return name + " <= " + std::to_string(floor_div(ns, unit_ns));
  return name + " <= " + time_bound(dialect, *this, is_on_the_wall(kind) ? zone.greatest_wall_until(ns) : ns);
}

}  // namespace penstock::odbc
