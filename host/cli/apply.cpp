#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/definitions.hpp"
#include "base/json_writer.hpp"

namespace penstock::host {

int apply_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load()) return *code;
  auto state = session.open_state();
  if (!state) return report_failure(state.failure(), arguments.json), kRunFailed;
  auto changes = planned_changes(**state, session.configuration());
  if (!changes) return report_failure(changes.failure(), arguments.json), kRunFailed;
  if (const auto problems = refusals(*changes); !problems.empty()) return report_problems(problems, arguments.json);
  if (auto done = register_definitions(**state, session.configuration(), session.clock().wall_ns()); !done)
    return report_failure(done.failure(), arguments.json), kRunFailed;

  int64_t counts[3] = {0, 0, 0};
  for (const Change& change : *changes) ++counts[static_cast<size_t>(change.kind)];
  if (arguments.json) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.member("added", counts[0]);
    writer.member("changed", counts[1]);
    writer.member("removed", counts[2]);
    writer.end_object();
    print(out + "\n");
  } else {
    for (const Change& change : *changes) {
      static constexpr const char* kDid[] = {"added ", "changed ", "removed ", ""};
      print(kDid[static_cast<size_t>(change.kind)] + definition_label(change.definition) + "\n");
    }
    print(changes->empty() ? "Nothing to change.\n" : "Applied.\n");
  }
  return kDone;
}

}  // namespace penstock::host
