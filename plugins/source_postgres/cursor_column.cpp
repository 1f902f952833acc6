#include "cursor_column.hpp"

#include "time_text.hpp"

#include <algorithm>

namespace penstock::postgres {
namespace {

constexpr int64_t kNsPerUs = 1000;
constexpr int64_t kMaxDriftUs = int64_t{3} * 3600 * 1'000'000;  // no zone sets its clock back by more
constexpr const char* kMaxDriftSql = "'3 hours'::pg_catalog.interval";

// What an instant is on the wall: the least wall time of all later instants, and the greatest of all earlier ones.
// Where the clock is set back within the drift, these are not the wall time of the instant itself.
std::string wall_time(int64_t us, const std::string& zone) { return timestamptz_literal(us) + " AT TIME ZONE " + zone; }
std::string least_wall_time_after(int64_t us, const std::string& zone) {
  return "LEAST(" + wall_time(us, zone) + ", " + wall_time(us + kMaxDriftUs, zone) + " - " + kMaxDriftSql + ")";
}
std::string greatest_wall_time_until(int64_t us, const std::string& zone) {
  return "GREATEST(" + wall_time(us, zone) + ", " + wall_time(us - kMaxDriftUs, zone) + " + " + kMaxDriftSql + ")";
}

// Near the ends of the range there is no room for the drift, and no data.
int64_t bounded_us(int64_t ordinal) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max() / kNsPerUs - kMaxDriftUs;
  return std::clamp(floor_div(ordinal, kNsPerUs), -kEnd, kEnd);
}

bool is_zone_name(const std::string& zone) {
  constexpr size_t kMaxLength = 64;
  return zone.size() <= kMaxLength &&
         zone.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
             std::string::npos;
}

int64_t unit_from(const std::string& name) {
  if (name == "s") return 1'000'000'000;
  if (name == "ms") return 1'000'000;
  if (name == "us") return 1'000;
  return 1;
}

int64_t tick_of(const Column& column) {
  int64_t tick = 1;
  for (int32_t digits = column.typmod; digits >= 0 && digits < 6; ++digits) tick *= 10;
  return tick;
}

Error unfit(const Column& column, const std::string& advice) {
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
               "timestamp_field \"" + column.name + "\" has type " + column.type_name + "; " + advice);
}

void set_timestamp_kind(CursorColumn& out, const Connection& connection, const Cursor& cursor,
                        const Options& table_options) {
  const Column& column = *out.column;
  const Wire wire = column_type(column.type_oid).wire;
  switch (wire) {
    case Wire::timestamptz:
      out.kind = CursorKind::instant;
      out.tick_us = tick_of(column);
      return;
    case Wire::timestamp:
    case Wire::date:
      if (cursor.timezone.empty())
        throw unfit(column, "it says no time zone: set timezone = \"UTC\" or the zone in which it is written");
      if (!is_zone_name(cursor.timezone)) throw unfit(column, "\"" + cursor.timezone + "\" is no time zone");
      out.kind = wire == Wire::date ? CursorKind::day : CursorKind::wall_clock;
      out.zone_literal = connection.quoted_literal(cursor.timezone);
      out.tick_us = wire == Wire::date ? 1 : tick_of(column);
      return;
    case Wire::int4:
    case Wire::int8:
      if (!table_options.has("epoch_unit"))
        throw unfit(column, "set epoch_unit = \"s\", \"ms\", \"us\" or \"ns\" if it counts from 1970");
      out.kind = CursorKind::epoch;
      out.unit_ns = unit_from(table_options.text("epoch_unit"));
      out.tick_us = std::max<int64_t>(1, out.unit_ns / kNsPerUs);
      return;
    default: throw unfit(column, "use a column of type timestamptz, timestamp, date, or an integer with epoch_unit");
  }
}

}  // namespace

CursorColumn cursor_column(const Connection& connection, const Relation& relation, const Cursor& cursor,
                           const Options& table_options) {
  CursorColumn out;
  out.column = &relation.column(cursor.column);
  out.name = "t." + connection.quoted_identifier(out.column->name);
  if (cursor.kind == PENSTOCK_CURSOR_TIMESTAMP) {
    set_timestamp_kind(out, connection, cursor, table_options);
    return out;
  }
  if (cursor.kind != PENSTOCK_CURSOR_XID)
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "cursor kind " + std::to_string(cursor.kind) + " is unknown");
  const Wire wire = column_type(out.column->type_oid).wire;
  if (wire != Wire::xid8 && wire != Wire::int8)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "cursor column \"" + out.column->name + "\" has type " +
                                                      out.column->type_name + "; a transaction id has type xid8");
  out.kind = CursorKind::xid;
  return out;
}

std::string CursorColumn::after(const Position& position) const {
  const int64_t us = bounded_us(position.ordinal);
  switch (kind) {
    case CursorKind::instant: return name + " > " + timestamptz_literal(us);
    case CursorKind::wall_clock: return name + " > " + least_wall_time_after(us, zone_literal);
    case CursorKind::day: return name + " > (" + least_wall_time_after(us, zone_literal) + ")::pg_catalog.date";
    case CursorKind::epoch:
      return name + " > '" + std::to_string(floor_div(position.ordinal, unit_ns)) + "'::pg_catalog.int8";
    case CursorKind::xid: break;
  }
  const bool wide = column_type(column->type_oid).wire == Wire::xid8;
  return name + " > '" + std::to_string(std::max<int64_t>(0, position.ordinal)) +
         (wide ? "'::pg_catalog.xid8" : "'::pg_catalog.int8");
}

std::string CursorColumn::up_to(const Position& position) const {
  const int64_t us = bounded_us(position.ordinal);
  switch (kind) {
    case CursorKind::instant: return name + " <= " + timestamptz_literal(us);
    case CursorKind::wall_clock: return name + " <= " + greatest_wall_time_until(us, zone_literal);
    case CursorKind::day: return name + " <= (" + greatest_wall_time_until(us, zone_literal) + ")::pg_catalog.date";
    case CursorKind::epoch:
      return name + " <= '" + std::to_string(floor_div(position.ordinal, unit_ns)) + "'::pg_catalog.int8";
    case CursorKind::xid: break;
  }
  const bool wide = column_type(column->type_oid).wire == Wire::xid8;
  return name + " <= '" + std::to_string(std::max<int64_t>(0, position.ordinal)) +
         (wide ? "'::pg_catalog.xid8" : "'::pg_catalog.int8");
}

}  // namespace penstock::postgres
