// Registering definitions: what `apply`, and the start of a host, do.
#pragma once

#include "catalog/catalog.hpp"
#include "state/state.hpp"

#include <vector>

namespace penstock::host {

// What applying the configuration's definitions over the registered ones would change.
Result<std::vector<Change>> planned_changes(State& state, const Configuration& wanted);

// The changes that may not be made, as problems; empty: all may.
std::vector<Problem> refusals(const std::vector<Change>& changes);

// Registers the configuration's definitions, all or none. The changes must have been found allowed.
Result<void> register_definitions(State& state, const Configuration& wanted, int64_t now_ns);

// The configuration with the registered definitions in the place of its own.
Result<Configuration> registered_configuration(State& state, const Configuration& base);

// `view "users" v1`, `entity "account"`
std::string definition_label(const DefinitionRecord& definition);

}  // namespace penstock::host
