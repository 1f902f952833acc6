// The seed table as a class A source: the database alone sets the cursor, whatever its writers say.
#pragma once

#include "e2e/world.hpp"

namespace penstock::test {

enum class TableCursor { timestamp, xid };

// Creates SIGNALS.<kTable>, one row a user, whose UPDATED_AT is set by a trigger: to now(), or (then it is of type xid8) to the
// transaction's id. Also the sequence "SIGNALS".versions, from which every row version takes its TOTAL_TRANSACTIONS.
void create_profile_table(const PostgresServer& postgres, TableCursor cursor = TableCursor::timestamp);

// "SIGNALS"."<kTable>"
std::string profile_table();

// Inserts users <prefix><first> … or gives those that are there a new version, in one transaction: all tied.
void upsert_users(const PostgresServer& postgres, const std::string& prefix, int first, int count);

// How the table and the store differ.
struct Difference {
  int64_t keys = 0;     // of the table
  int64_t missing = 0;  // in the table, not in the store
  int64_t stale = 0;    // another row version in the store than in the table
  int64_t extra = 0;    // in the store, not in the table
  std::string first;    // the first that differs, for people

  bool none() const { return missing == 0 && stale == 0 && extra == 0; }
};

using Profiles = std::map<std::string, std::string>;  // as redis_profiles and expected_profiles give them

Difference difference(const Profiles& expected, const Profiles& stored);
// Every key of the table and of the store, compared.
Difference compare_every_key(const PostgresServer& postgres, RedisServer& redis);
std::ostream& operator<<(std::ostream& out, const Difference& difference);

}  // namespace penstock::test
