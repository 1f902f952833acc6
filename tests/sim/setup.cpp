#include "setup.hpp"

#include <penstock/source.h>

namespace penstock::sim {

Setup Setup::of(uint64_t seed, uint32_t mask) {
  Chance chance(seed);
  Setup out;
  out.seed = seed;
  out.events = chance.between(40, 160);
  out.writing_events = chance.one_in(2) ? out.events / 2 : out.events;
  // Half of the kinds at most times, now and then all or one.
  uint32_t wanted = static_cast<uint32_t>(chance.next());
  if (chance.one_in(8)) wanted = kAllFaults;
  if (chance.one_in(4)) wanted &= static_cast<uint32_t>(chance.next());
  if (chance.one_in(8)) wanted = 1u << chance.below(18);
  out.faults = wanted & mask & kAllFaults;
  const bool refuses_with_others = (wanted >> 20 & 1) != 0;

  constexpr int64_t kTicks[] = {1, 1'000, 1'000'000};
  constexpr Cursor kCursors[] = {Cursor::database_time, Cursor::database_time, Cursor::application_time, Cursor::xid};
  out.cursor = kCursors[chance.below(4)];
  out.tick_ns = kTicks[chance.below(3)];
  out.append_only = chance.one_in(3);
  out.order_by_event = chance.one_in(4);
  out.null_cursors = out.cursor != Cursor::xid && chance.one_in(6);
  out.durable = !chance.one_in(8);
  out.marker = out.durable || !chance.one_in(3);
  out.leave_out_what_loses_refused_rows(refuses_with_others);
  out.entities = chance.between(1, 6);
  out.values = chance.one_in(3) ? 3 : 1000;
  out.margin_ns = 2'000;
  if (out.cursor == Cursor::application_time) {
    out.lag_ns = chance.between(0, 3) * 500'000;
    out.lookback_ns = chance.between(1, 3) * 2'000'000;
  } else if (out.cursor == Cursor::database_time && chance.one_in(3)) {
    out.lookback_ns = chance.between(1, 5) * 1'000'000;
  }
  out.batch_rows = chance.between(1, 4);
  out.rows_a_call = chance.between(1, 3);
  out.honoured = PENSTOCK_HONOURED_COLUMNS | (chance.one_in(3) ? 0 : PENSTOCK_HONOURED_ORDER) |
                 (static_cast<uint32_t>(chance.next()) & (PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR));
  out.shares_looks = seed % 5 == 0;
  return out;
}

// Refused rows are in the state alone: with it they are lost. And only the host that wrote one on a later try can tell that the store
// went back to before that, unless another has committed since, or the store is one that forgets, of which nothing is remembered.
void Setup::leave_out_what_loses_refused_rows(bool keep_them) {
  constexpr uint32_t kStoreLoses = kStoreFailover | kStoreWiped | kStoreRestored;
  if (!has(kRowsRefused)) return;
  const bool store_loses = (faults & kStoreLoses) != 0 || !durable;
  if (!durable && (faults & (kStoreFailover | kStoreRestored)) != 0) {
    faults &= ~kRowsRefused;
    return;
  }
  if (!has(kStateLost) && !(has(kSecondHost) && store_loses)) return;
  faults &= keep_them ? ~(kStateLost | kSecondHost) : ~kRowsRefused;
}

std::string Setup::text() const {
  constexpr const char* kCursorNames[] = {"database time", "application time", "xid"};
  std::string out = std::string("cursor ") + kCursorNames[static_cast<int>(cursor)] + ", tick " + std::to_string(tick_ns) + " ns, " +
                    std::to_string(entities) + (append_only ? " entities, append only" : " entities") + (order_by_event ? ", ordered by event" : "") +
                    (null_cursors ? ", null cursors" : "") + (durable ? "" : ", store forgets") + (marker ? "" : ", no marker") + (shares_looks ? ", shared looks" : "") + ", lag " +
                    std::to_string(lag_ns) + ", lookback " + std::to_string(lookback_ns) + ", batches of " + std::to_string(batch_rows) + " in calls of " +
                    std::to_string(rows_a_call) + ((honoured & PENSTOCK_HONOURED_ORDER) != 0 ? "" : ", in no order") + "; faults:";
  if (faults == 0) out += " none";
  for (size_t i = 0; i < std::size(kFaultNames); ++i)
    if ((faults >> i & 1) != 0) out += " " + std::string(kFaultNames[i]);
  return out;
}

}  // namespace penstock::sim
