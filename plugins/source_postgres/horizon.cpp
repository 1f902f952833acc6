#include "horizon.hpp"

#include "time_text.hpp"
#include "writer_proof.hpp"

#include <poll.h>
#include <algorithm>
#include <chrono>
#include <set>

namespace penstock::postgres {
namespace {

constexpr const char* kAction = "finding the horizon";
constexpr int64_t kNsPerUs = 1000;
// How long prepared transactions are given to end.
constexpr auto kPreparedLimit = std::chrono::milliseconds(250);
constexpr int kPreparedPollMs = 10;

// Before this the table is complete if nothing is known: it is before every position.
constexpr int64_t kNothingUs = 0;

std::string microseconds_of(const std::string& timestamptz) {
  return "pg_catalog.floor(EXTRACT(epoch FROM " + timestamptz + ") * 1000000)::pg_catalog.int8";
}

Position position_at(int64_t us) { return {us * kNsPerUs, {}, iso_text(us)}; }

}  // namespace

struct HorizonFinder::Facts {
  int64_t clock_us = 0;
  bool in_recovery = false;
  bool sees_all_transactions = false;
};

// The open transactions of the other sessions.
struct HorizonFinder::Activity {
  std::optional<int64_t> oldest_start_us;
  std::string oldest;     // who that is
  std::string untracked;  // a session that hides its transactions; empty: none
};

// On a standby the clock is that of the data: the last commit it has replayed, unless it is known to have replayed all.
HorizonFinder::Facts HorizonFinder::read_facts(const Call& call, Connection& connection) const {
  const std::string clock =
      "CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.clock_timestamp() "
      "WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_stat_wal_receiver WHERE status = 'streaming') AND "
      "pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN pg_catalog.clock_timestamp() "
      "ELSE COALESCE(pg_catalog.pg_last_xact_replay_timestamp(), pg_catalog.to_timestamp(0)) END";
  const Result row = connection.query_prepared(call, kAction,
                                               "SELECT " + microseconds_of(clock) +
                                                   ", pg_catalog.pg_is_in_recovery(), "
                                                   "pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'), "
                                                   "pg_catalog.current_setting('track_activities') = 'on'");
  return {.clock_us = row.integer(0, 0),
          .in_recovery = row.boolean(0, 1),
          .sees_all_transactions = row.boolean(0, 2) && row.boolean(0, 3)};
}

HorizonFinder::Activity HorizonFinder::read_activity(const Call& call, Connection& connection) const {
  // Autovacuum writes no rows, and may take hours.
  const Result found = connection.query_prepared(
      call, kAction,
      "SELECT " + microseconds_of("a.xact_start") +
          ", a.pid, COALESCE(a.application_name, ''), COALESCE(a.usename, ''), COALESCE(a.state, a.backend_type, '') "
          "FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_catalog.pg_backend_pid() "
          "AND (a.datid IS NULL OR a.datname = pg_catalog.current_database()) "
          "AND a.backend_type IS DISTINCT FROM 'autovacuum worker' "
          "AND (a.xact_start IS NOT NULL OR a.state = 'disabled') ORDER BY a.xact_start NULLS LAST");
  Activity activity;
  for (int row = 0; row < found.rows(); ++row) {
    const std::string who = "pid " + found.text(row, 1) + " (application \"" + found.text(row, 2) + "\", user \"" +
                            found.text(row, 3) + "\", " + found.text(row, 4);
    if (found.text(row, 4) == "disabled") {
      activity.untracked = who + ")";
    } else if (!activity.oldest_start_us) {
      activity.oldest_start_us = found.integer(row, 0);
      activity.oldest = who + ", in a transaction since " + iso_text(*activity.oldest_start_us) + ")";
    }
  }
  return activity;
}

// Empty once none of the transactions that were prepared at first is left; else who they are.
std::string HorizonFinder::waited_for_prepared(const Call& call, Connection& connection) const {
  const std::string sql =
      "SELECT p.transaction::text || ' ' || p.gid, p.gid, p.owner, " + microseconds_of("p.prepared") +
      " FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database() ORDER BY p.prepared";
  const auto until = std::chrono::steady_clock::now() + kPreparedLimit;
  std::optional<std::set<std::string>> first;
  while (true) {
    const Result found = connection.query_prepared(call, kAction, sql);
    std::set<std::string> now;
    for (int row = 0; row < found.rows(); ++row) now.insert(found.text(row, 0));
    if (!first) first = now;
    std::string holder;
    for (int row = 0; row < found.rows() && holder.empty(); ++row)
      if (first->count(found.text(row, 0)) != 0)
        holder = "prepared transaction \"" + found.text(row, 1) + "\" (owner \"" + found.text(row, 2) +
                 "\", prepared at " + iso_text(found.integer(row, 3)) + ")";
    if (holder.empty() || std::chrono::steady_clock::now() >= until) return holder;
    pollfd cancel{call.cancel_fd(), POLLIN, 0};
    poll(&cancel, 1, kPreparedPollMs);
    call.check();
  }
}

Horizon HorizonFinder::from_transactions(const Call& call, Connection& connection, const Facts& facts,
                                         const Activity& activity, const CursorColumn& cursor, std::string why) {
  const int64_t latest_us = facts.clock_us - margin_us_;
  const bool held = activity.oldest_start_us && *activity.oldest_start_us < latest_us;
  Horizon horizon{
      .position = {}, .guarantee = PENSTOCK_CLASS_A, .why = std::move(why), .holder = held ? activity.oldest : ""};
  int64_t complete_us = (held ? *activity.oldest_start_us : latest_us) - 1;
  if (const std::string prepared = waited_for_prepared(call, connection); !prepared.empty()) {
    // A clock that was set back makes the earlier answer worthless.
    complete_us = last_complete_us_ && *last_complete_us_ <= complete_us ? *last_complete_us_ : kNothingUs;
    horizon.holder = prepared;
  } else {
    last_complete_us_ = complete_us;
  }
  // A column of whole seconds may show a time up to a tick before the transaction's start.
  if (cursor.tick_us > 1) complete_us -= cursor.tick_us;
  horizon.position = position_at(complete_us);
  return horizon;
}

Horizon HorizonFinder::from_clock(const Call& call, Connection& connection, const Facts& facts,
                                  const CursorColumn& cursor, int64_t lag_ns, const std::string& reason) const {
  int64_t us = facts.clock_us - std::max<int64_t>(0, lag_ns) / kNsPerUs;
  if (cursor.kind == CursorKind::day) {
    // The day goes on until the zone's midnight.
    const std::string wall = timestamptz_literal(us) + " AT TIME ZONE " + cursor.zone_literal;
    const std::string midnight = "pg_catalog.date_trunc('day', " + wall + ") AT TIME ZONE " + cursor.zone_literal;
    us = connection.query(call, kAction, "SELECT " + microseconds_of("(" + midnight + ")")).integer(0, 0) - 1;
  } else {
    us -= cursor.tick_us;
  }
  return {.position = position_at(us),
          .guarantee = PENSTOCK_CLASS_B,
          .why = "the server's clock less the lag: " + reason,
          .holder = {}};
}

Horizon HorizonFinder::from_snapshot(const Call& call, Connection& connection, const Relation& relation,
                                     const CursorColumn& cursor) const {
  const Result row = connection.query_prepared(
      call, kAction,
      "SELECT s.xmin, pg_catalog.pg_is_in_recovery(), c.system_identifier, p.timeline_id, "
      "COALESCE((SELECT 'pid ' || a.pid || ' (application \"' || a.application_name || '\", in a transaction since ' "
      "|| "
      "pg_catalog.to_char(a.xact_start, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') || ')' FROM pg_catalog.pg_stat_activity a "
      "WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.backend_xid::text::int8 = s.xmin & 4294967295 LIMIT 1), "
      "(SELECT 'prepared transaction \"' || x.gid || '\"' FROM pg_catalog.pg_prepared_xacts x "
      "WHERE x.transaction::text::int8 = s.xmin & 4294967295), '') "
      "FROM (SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::int8 AS xmin) s, "
      "pg_catalog.pg_control_system() c, pg_catalog.pg_control_checkpoint() p");
  const int64_t ordinal = row.integer(0, 0) - 1;
  Horizon horizon{.position = {ordinal, "system=" + row.text(0, 2) + " timeline=" + row.text(0, 3),
                               "transaction " + std::to_string(ordinal)},
                  .guarantee = PENSTOCK_CLASS_B,
                  .why = {},
                  .holder = row.text(0, 4)};
  const WriterProof proof = prove_writers(call, connection, relation, cursor);
  if (row.boolean(0, 1))
    horizon.why = "the server is a standby, whose snapshots do not list open transactions";
  else if (!proof.is_proven)
    horizon.why = "every transaction up to here has ended, but " + proof.why;
  else
    horizon.guarantee = PENSTOCK_CLASS_A, horizon.why = "every transaction up to here has ended; " + proof.why;
  return horizon;
}

Horizon HorizonFinder::find(const Call& call, Connection& connection, const Relation& relation,
                            const CursorColumn& cursor, int64_t lag_ns) {
  if (cursor.kind == CursorKind::xid) return from_snapshot(call, connection, relation, cursor);
  const Facts facts = read_facts(call, connection);
  const auto class_b = [&](const std::string& reason) {
    return from_clock(call, connection, facts, cursor, lag_ns, reason);
  };
  if (facts.in_recovery)
    return class_b("the server is a standby, which does not see the open transactions of its primary");
  if (cursor.kind != CursorKind::instant)
    return class_b("\"" + cursor.column->name + "\" has type " + cursor.column->type_name + ", not timestamptz");
  const WriterProof proof = prove_writers(call, connection, relation, cursor);
  if (!proof.is_proven) return class_b(proof.why);
  if (!facts.sees_all_transactions)
    return class_b("role \"" + connection.user() +
                   "\" cannot see when the transactions of others began: GRANT pg_read_all_stats TO " +
                   connection.quoted_identifier(connection.user()));
  const Activity activity = read_activity(call, connection);
  if (!activity.untracked.empty()) return class_b(activity.untracked + " runs with track_activities off");
  return from_transactions(call, connection, facts, activity, cursor,
                           proof.why + "; no transaction that began by then is open");
}

}  // namespace penstock::postgres
