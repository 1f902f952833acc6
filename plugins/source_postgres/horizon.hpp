// Up to where a table is complete.
#pragma once

#include "connection.hpp"
#include "cursor_column.hpp"
#include "relation.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

// Finds horizons over one connection. [serial]
//
// Class A, a timestamp that the database sets: a row carries a time at or after the start of its transaction, so below
// the earliest start of all open transactions nothing can appear any more. In this order, each in a transaction of its
// own and all before the snapshot of the scan:
//   1. the clock: a transaction that starts later is later than that, less `margin`;
//   2. the open transactions of this database. A transaction that fixed now() but has not written counts, which is why
//      backend_xid plays no part, and so does one that only reads, since nobody can know that it will not write;
//   3. the prepared transactions. They show when they were prepared, not when they began, so there is no bound below
//   them: the
//      horizon stays where it was. Most are gone within milliseconds; these are waited for.
// A transaction that is prepared between 2 and 3 was counted in 2.
//
// Class A, a transaction id: every id below the xmin of a snapshot has ended. The snapshot here is taken before that of
// the scan, which therefore sees all of them: reading (since, xmin - 1] misses nothing and needs no overlap.
//
// Class B otherwise: the clock less the lag. The current tick is never part of a window, in either class.
class HorizonFinder {
 public:
  explicit HorizonFinder(std::chrono::nanoseconds margin) : margin_us_(margin.count() / 1000) {}

  Horizon find(const Call& call, Connection& connection, const Relation& relation, const CursorColumn& cursor,
               int64_t lag_ns);

  // After a reconnect the server may be another one.
  void forget() { last_complete_us_.reset(); }

 private:
  struct Facts;
  struct Activity;

  Facts read_facts(const Call& call, Connection& connection) const;
  Activity read_activity(const Call& call, Connection& connection) const;
  std::string waited_for_prepared(const Call& call, Connection& connection) const;
  Horizon from_transactions(const Call& call, Connection& connection, const Facts& facts, const Activity& activity,
                            const CursorColumn& cursor, std::string why);
  Horizon from_clock(const Call& call, Connection& connection, const Facts& facts, const CursorColumn& cursor,
                     int64_t lag_ns, const std::string& reason) const;
  Horizon from_snapshot(const Call& call, Connection& connection, const Relation& relation,
                        const CursorColumn& cursor) const;

  int64_t margin_us_;
  // The latest time below which everything had ended; stays true for ever.
  std::optional<int64_t> last_complete_us_;
};

}  // namespace penstock::postgres
