#include "horizon.hpp"

#include "connection.hpp"
#include "time_text.hpp"

#include <algorithm>

namespace penstock::odbc {
namespace {

constexpr const char* kAction = "asking for the server's clock";
constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;

}  // namespace

int64_t server_clock_ns(const Call& call, Connection& connection) {
  const Dialect& dialect = connection.dialect();
  const ClockStatement clock = dialect.clock();
  const Rows rows = connection.query(call, kAction, clock.sql);
  connection.end_transaction(call, kAction);
  int64_t ns = 0;
  if (rows.size() != 1 || rows.is_null(0, 0))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, std::string(kAction) + ": the server gave no time");
  if (clock.unit_ns == 0) {
    const std::optional<int64_t> wall = parse_time(rows.text(0, 0), 1'000'000'000, false);
    if (!wall)
      throw Error(PENSTOCK_STATUS_DATA_LOSS, std::string(kAction) + ": \"" + rows.text(0, 0) + "\" is no time");
    return Zone(clock.timezone).utc_ns(*wall);
  }
  if (__builtin_mul_overflow(rows.integer(0, 0), clock.unit_ns, &ns))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, std::string(kAction) + ": " + rows.text(0, 0) + " is no time");
  return ns;
}

Position position_at(int64_t ns) { return {ns, {}, iso_text(ns)}; }

Horizon horizon_by_clock(const Call& call, Connection& connection, const Table& table, const Column& column,
                         const Cursor& cursor) {
  const Dialect& dialect = connection.dialect();
  const CursorColumn bound = cursor_column(dialect, column, cursor, table.options);
  int64_t ns = server_clock_ns(call, connection) - std::max<int64_t>(0, cursor.lag_ns);
  if (bound.kind == CursorKind::day) {
    // The day goes on until the zone's midnight.
    const int64_t wall = bound.zone.wall_ns(ns);
    ns = bound.zone.utc_ns(floor_div(wall, kDayNs) * kDayNs) - 1;
  } else {
    ns -= bound.kind == CursorKind::epoch ? bound.unit_ns : dialect.tick_ns(column);
  }
  return {.position = position_at(ns),
          .guarantee = PENSTOCK_CLASS_B,
          .why = std::string("the server's clock less the lag: what is still being written cannot be seen through ODBC (dialect ") +
                 dialect.name() + ")",
          .holder = {}};
}

}  // namespace penstock::odbc
