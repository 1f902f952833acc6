// The definitions that a host works by, and what applying others would change.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"

#include <string>
#include <vector>

namespace penstock::host {

// One definition as the state keeps it.
struct DefinitionRecord {
  std::string kind;  // "entity", "batch_source", "view", "service"
  std::string name;
  int32_t version = 0;  // views; otherwise 0
  std::string json;     // canonical: sorted keys, no spaces, defaults written out

  bool operator==(const DefinitionRecord&) const = default;
};

// Entities, batch sources, views and services of a configuration as records, in that order, and by name.
std::vector<DefinitionRecord> to_records(const Configuration& configuration);

// Puts the definitions of the records in the place of those in `configuration` (host, warehouses and stores stay). Fails
// when a record cannot be read, or refers to a warehouse or store that the configuration no longer has.
Result<Configuration> with_definitions(Configuration configuration, const std::vector<DefinitionRecord>& records);

enum class ChangeKind { add, change, remove, refuse };

struct Change {
  ChangeKind kind;
  DefinitionRecord definition;  // the new one; for remove the old one
  // change and refuse: one line a difference, `ttl: 30d -> 365d`; refuse: why, with the advice to bump the version.
  std::vector<std::string> differences;
  Location where;
};

// What applying `wanted` over `applied` would do; nothing when they are the same. Fields, key columns, source, and entity of a
// published view version are immutable: a difference there (also through its batch source's table or its entity's keys) is
// a refuse. So are order_by and timezone, since rows of the new order would be compared with rows of the old one in the
// store. owner, description, tags, ttl, interval, lookback, lag, limits and policies may change.
std::vector<Change> plan_changes(const std::vector<DefinitionRecord>& applied, const Configuration& wanted);

// A change for people, one line a difference: `view "users" v1: ttl: 30d -> 365d`, `view "users" v2: new`.
std::vector<std::string> describe(const Change& change);

}  // namespace penstock::host
