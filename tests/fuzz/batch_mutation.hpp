// Random batches, and ways to spoil them.
#pragma once

#include "fuzz/batch_draft.hpp"
#include "sim/chance.hpp"

#include <functional>
#include <string>
#include <vector>

namespace penstock::fuzz {

using sim::Chance;

// One thing that is bent, and what it is in words.
template <class Draft>
struct Mutation {
  std::string what;
  std::function<void(Draft&)> apply;
};

// A column "k" of text, a column "at" of instants, and up to four of any type.
Schema random_schema(Chance& chance);

// A valid batch of the schema, with offsets, nulls and bytes between the values that are nobody's.
NodeDraft random_batch(Chance& chance, const Schema& schema);

// None to four. What a mutation does is decided when it is made: it can be left out without changing the others.
std::vector<Mutation<NodeDraft>> random_mutations(Chance& chance, const NodeDraft& batch);

}  // namespace penstock::fuzz
