// One look at a table for many views.
//
// A run that found nothing has seen a window of its table empty, after it asked for the horizon. For another view of that table whose
// own window lies within it there is nothing either. Such a view still has its marker looked at, as the store may have lost
// it, and its run recorded; it costs no statement to the warehouse, no connection, no thread and no wait for the disk of its own. As a run that
// finds nothing moves no position and writes nothing to the store, an answer can come too late, never be wrong for good.
#pragma once

#include "platform/clock.hpp"
#include "run/connections.hpp"
#include "run/execution.hpp"

#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

// What views have in common that may share a look.
std::string look_key(const View& view, const BatchSource& source);

// The ends of those runs that find nothing, in the order of the jobs; nothing for one that has to be run, for whatever reason: it has
// something to read or to try again, or something is wrong, which its own run will tell. All jobs have the look's look_key. Blocks.
std::vector<std::optional<RunReport>> share_look(Connections& connections, State& state, const Clock& clock, const RunLimits& limits,
                                                 const EmptyLook& look, const std::vector<RunJob>& jobs);

}  // namespace penstock::host
