// Does the database itself set the cursor column, whatever the writers do?
#pragma once

#include "connection.hpp"
#include "cursor_column.hpp"
#include "relation.hpp"

namespace penstock::postgres {

struct WriterProof {
  bool is_proven = false;
  std::string
      why;  // part of a sentence: "trigger \"touch\" sets it to the time of the transaction", or what is missing
};

// Proven means: a BEFORE ... FOR EACH ROW trigger without condition sets the column on INSERT and on UPDATE; a default
// that is nothing but the clock (or the transaction id) does for INSERT. What a trigger does is read from its source:
// it must name the column and a clock, and none of the functions that could take the value elsewhere. A default alone
// is no proof: it says nothing about updates.
WriterProof prove_writers(const Call& call, Connection& connection, const Relation& relation,
                          const CursorColumn& cursor);

}  // namespace penstock::postgres
