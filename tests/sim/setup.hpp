// What a seed decides before anything happens: the kind of table and view, and which faults there are (a swarm: some of them,
// so that rare ones are not drowned by frequent ones).
#pragma once

#include "chance.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::sim {

enum FaultKind : uint32_t {
  kHostCrash = 1u << 0,        // a host dies at a step or inside a call
  kHostPause = 1u << 1,        // a host stands still while the others go on
  kSecondHost = 1u << 2,       // with a state of its own
  kSourceFails = 1u << 3,      // any call, any batch
  kStoreFails = 1u << 4,       // before, after or in the middle of a call; the reply is lost
  kStoreDelays = 1u << 5,      // what was given up as lost is executed later
  kStoreFailover = 1u << 6,    // the last writes that were acknowledged are gone
  kStoreWiped = 1u << 7,
  kStoreRestored = 1u << 8,    // from an older dump
  kStoreRefuses = 1u << 9,     // out of memory: some calls, cleanly
  kStateFails = 1u << 10,      // the disk under the state: full, or an error after the fact
  kStateLost = 1u << 11,       // or restored from an older copy
  kClockBack = 1u << 12,       // the warehouse's clock
  kRollback = 1u << 13,        // transactions of the warehouse
  kPrepared = 1u << 14,
  kCancelled = 1u << 15,       // runs, by whoever stops the host
  kByHand = 1u << 16,          // full runs and slices in between
  kUnpromised = 1u << 17,      // rows that no rule promises: dated back too far, or corrected in place
  kRowsRefused = 1u << 18,     // by the store, each for a while
  kStoreUnguarded = 1u << 19,  // rows arrive later, and are not always asked by whom, as by a server that was busy just then
  kAllFaults = (1u << 20) - 1,
};

inline constexpr std::string_view kFaultNames[] = {
    "host-crash",     "host-pause",    "second-host", "source-fails", "store-fails",  "store-delays", "store-failover", "store-wiped", "store-restored",
    "store-refuses",  "state-fails",   "state-lost",  "clock-back",   "rollback",     "prepared",     "cancelled",      "by-hand",     "unpromised",
    "rows-refused",   "store-unguarded"};

struct Setup {
  enum class Cursor { database_time /* class A */, application_time /* class B */, xid /* class A */ };

  uint64_t seed = 0;
  int64_t events = 0;           // before faults stop
  int64_t writing_events = 0;   // after them writers are silent: what goes wrong then is not mended by newer rows
  uint32_t faults = 0;          // FaultKind
  Cursor cursor = Cursor::database_time;
  int64_t tick_ns = 1;          // resolution of the times
  bool append_only = false;     // several rows an entity, none updated; else one row an entity
  bool order_by_event = false;  // the order key begins with an event time that is not the cursor
  bool null_cursors = false;    // null_timestamp = "always"
  bool durable = true;          // the store survives its restart
  bool marker = true;           // the store has one
  int64_t entities = 4;
  int64_t values = 1000;        // how many different ones: few make rows that are equal
  int64_t lag_ns = 0;
  int64_t lookback_ns = 0;
  int64_t margin_ns = 0;        // of the source's horizon: how long a transaction may be invisible
  int64_t batch_rows = 2;
  int64_t rows_a_call = 2;      // of the store: how a batch is cut
  uint32_t honoured = 0;        // by the source
  bool shares_looks = false;    // hosts look at the table for another view first, and end runs by what that saw

  bool has(FaultKind kind) const { return (faults & kind) != 0; }
  bool class_a() const { return cursor != Cursor::application_time; }

  // `mask`: faults that may be there at all.
  static Setup of(uint64_t seed, uint32_t mask = kAllFaults);
  std::string text() const;

 private:
  void leave_out_what_loses_refused_rows(bool keep_them);
};

}  // namespace penstock::sim
