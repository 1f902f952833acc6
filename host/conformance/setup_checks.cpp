// Whether a component can be tried at all: its options are there, it opens, and a source has a table with rows to read.
#include "conformance/source_scene.hpp"
#include "conformance/trial_object.hpp"

#include <algorithm>

namespace penstock::host::conformance {
namespace {

void try_source(Trial& trial) {
  SourceScene scene(trial);
  for (const std::string& key : scene.keys())
    if (std::find(scene.columns().begin(), scene.columns().end(), key) == scene.columns().end())
      trial.stop("the table has no column \"" + key + "\", which [check] keys names");
  const std::vector<SeenRow>& rows = scene.everything().rows;
  if (std::none_of(rows.begin(), rows.end(), [&](const SeenRow& row) { return scene.has_cursor(row); }))
    trial.stop("no row of the table has a value in \"" + scene.cursor().name + "\", the batch source's timestamp_field");
}

// What is a reason to skip for every other check is the finding of this one.
void check_ready(Trial& trial) {
  trial.insist();
  if (trial.component().kind == PENSTOCK_KIND_SOURCE) return try_source(trial);
  Session session(trial);
  const TrialObject sink(session);
}

constexpr Check kChecks[] = {
    {"setup.ready", Subject::component, "the suite can try the component", "docs/writing-a-connector.md#what-the-suite-has-to-know", check_ready},
};
static_assert(kChecks[0].id == kSetupCheck);

}  // namespace

std::span<const Check> setup_checks() { return kChecks; }

}  // namespace penstock::host::conformance
