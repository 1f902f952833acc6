// What must be true of the store, from the committed history of the table alone. Knows nothing of how Penstock works.
#pragma once

#include "database.hpp"
#include "store.hpp"

#include <penstock/source.h>

#include <optional>
#include <string>

namespace penstock::sim {

class Oracle {
 public:
  Oracle(const Setup& setup, const Database& database, const Store& store) : setup_(setup), database_(database), store_(store) {}

  // After every event: what the store claims by its marker is there (but for what it ever refused), every profile is a row version that existed, and none got
  // older, unless the store itself has just lost something. Says what is wrong.
  std::optional<std::string> check(const Store::Data& store, bool store_lost_something);
  // Once everything has come to rest: every entity is as new as the table.
  std::optional<std::string> check_rest(const Store::Data& store) const;
  // Is every profile decided, up to rows that tie?
  bool exact() const { return !database_.superseded_by_older() && !database_.broke_promises(); }
  // And those too? Where rows come in no order, a run that reads old rows again may be cut off between two that tie, and no
  // later run need read them.
  bool exact_in_ties() const {
    constexpr uint32_t kReadsAgain = kSecondHost | kStateLost | kByHand;
    return exact() && ((setup_.honoured & PENSTOCK_HONOURED_ORDER) != 0 || (setup_.faults & kReadsAgain) == 0);
  }

 private:
  std::string times_of(const Version& version) const;
  bool existed(size_t entity, const Store::Profile& profile) const;
  bool covered(const Version& version, const Store::Marker& marker) const;
  std::string label(const Version& version) const;

  const Setup& setup_;
  const Database& database_;
  const Store& store_;
  std::array<Store::Profile, kMostEntities> before_;
};

}  // namespace penstock::sim
