// The rules that need more than one definition: names once, references that lead somewhere, what a materialized view needs.
#pragma once

#include "config/draft.hpp"

namespace penstock::host {

// Adds the built-in entities that were not redefined, and fills in the warehouse or store where there is only one.
// Everything that is wrong becomes a problem of the draft.
void apply_rules(Draft& draft);

// The entities that are there without being defined; each has the key column of its name.
std::vector<Entity> built_in_entities();

}  // namespace penstock::host
