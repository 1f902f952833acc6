#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/definitions.hpp"
#include "app/online_check.hpp"
#include "base/json_writer.hpp"

namespace penstock::host {
namespace {

const char* word(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::add: return "add";
    case ChangeKind::change: return "change";
    case ChangeKind::remove: return "remove";
    case ChangeKind::refuse: return "refuse";
  }
  return "";
}

// Nothing was ever applied when there is no state yet.
Result<std::vector<Change>> changes_without_touching(const Result<std::unique_ptr<State>>& state, const Configuration& configuration) {
  if (state) return planned_changes(**state, configuration);
  if (state.failure().status == PENSTOCK_STATUS_NOT_FOUND) return plan_changes({}, configuration);
  return state.failure();
}

void print_json(const std::vector<Change>& changes, const std::vector<ViewCheck>& checks) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("changes");
  writer.begin_array();
  for (const Change& change : changes) {
    writer.begin_object();
    writer.member("action", word(change.kind));
    writer.member("kind", change.definition.kind);
    writer.member("name", change.definition.name);
    if (change.definition.version != 0) writer.member("version", change.definition.version);
    writer.key("differences");
    writer.begin_array();
    for (const std::string& difference : change.differences) writer.string(difference);
    writer.end_array();
    writer.end_object();
  }
  writer.end_array();
  writer.key("views");
  writer.begin_array();
  for (const ViewCheck& check : checks) {
    writer.begin_object();
    writer.member("view", check.view.name);
    writer.member("version", check.view.version);
    writer.member("statement", check.statement);
    writer.member("keys", check.keys);
    if (!check.notice.empty()) writer.member("notice", check.notice);
    if (check.failure) writer.member("error", check.failure->message);
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  print(out + "\n");
}

void print_text(const std::vector<Change>& changes, const std::vector<ViewCheck>& checks) {
  static constexpr const char* kSigns[] = {"+", "~", "-", "!"};
  std::string out;
  for (const Change& change : changes) {
    out += std::string(kSigns[static_cast<size_t>(change.kind)]) + " " + definition_label(change.definition) + "\n";
    for (const std::string& difference : change.differences) out += "    " + difference + "\n";
  }
  if (changes.empty()) out += "Everything is applied already.\n";
  for (const ViewCheck& check : checks) {
    out += "\n" + check.view.label() + "\n";
    if (!check.statement.empty()) out += "  reads   " + check.statement + "\n";
    if (!check.keys.empty()) out += "  writes  " + check.keys + "\n";
    if (!check.notice.empty()) out += "  note    " + check.notice + "\n";
    if (check.failure) out += "  cannot be asked: " + check.failure->message + "\n";
  }
  print(out);
}

}  // namespace

int plan_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load()) return *code;
  const auto state = open_state_read_only(session.configuration().host.state_dir);
  auto changes = changes_without_touching(state, session.configuration());
  if (!changes) return report_failure(changes.failure(), arguments.json), kRunFailed;
  const auto checks = check_online(session.configuration(), session.workspace().connections(), state ? state->get() : nullptr);
  if (arguments.json)
    print_json(*changes, checks);
  else
    print_text(*changes, checks);
  return refusals(*changes).empty() ? kDone : kBadConfiguration;
}

}  // namespace penstock::host
