#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/online_check.hpp"
#include "base/json_writer.hpp"

namespace penstock::host {
namespace {

std::string as_json(const std::vector<ViewCheck>& checks, const std::vector<Problem>& warnings) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("problems");
  writer.begin_array();
  writer.end_array();
  writer.key("warnings");
  writer.begin_array();
  for (const Problem& warning : warnings) writer.string(warning.text());
  for (const ViewCheck& check : checks)
    if (check.advice) writer.string(check.advice->text());
  writer.end_array();
  writer.key("views");
  writer.begin_array();
  for (const ViewCheck& check : checks) {
    writer.begin_object();
    writer.member("view", check.view.name);
    writer.member("version", check.view.version);
    writer.key("ok");
    writer.boolean(!check.failure.has_value());
    if (check.failure) {
      writer.member("code", status_name(check.failure->status));
      writer.member("error", check.failure->message);
      if (!check.where.file.empty()) {
        writer.member("file", check.where.file);
        writer.member("line", static_cast<int64_t>(check.where.line));
        writer.member("column", static_cast<int64_t>(check.where.column));
      }
    } else {
      writer.member("guarantee", check.guarantee);
      writer.member("guarantee_why", check.why);
      writer.member("horizon", check.horizon);
      if (!check.holder.empty()) writer.member("held_back_by", check.holder);
      writer.member("marker", check.marker);
    }
    writer.end_object();
  }
  writer.end_array();
  writer.end_object();
  return out + "\n";
}

}  // namespace

int validate_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto problems = session.workspace().load(arguments.config); !problems.empty()) return report_problems(problems, arguments.json);
  // A refused file is a problem here even when no view needs it: somebody dropped it in to be used.
  std::vector<Problem> refused;
  for (const Failure& failure : session.workspace().refused_plugins()) refused.push_back({{}, "plugin_dir", failure.message});
  if (!refused.empty()) return report_problems(refused, arguments.json);

  std::vector<ViewCheck> checks;
  if (arguments.online) checks = check_online(session.configuration(), session.workspace().connections(), nullptr);
  bool failed = false;
  for (const ViewCheck& check : checks) failed |= check.failure.has_value();
  if (arguments.json) {
    print(as_json(checks, session.workspace().warnings()));
    return failed ? kBadConfiguration : kDone;
  }
  for (const Problem& warning : session.workspace().warnings()) complain("warning: " + warning.text());
  const Configuration& configuration = session.configuration();
  print("configuration ok: views: " + std::to_string(configuration.views.size()) +
        ", batch sources: " + std::to_string(configuration.batch_sources.size()) +
        ", services: " + std::to_string(configuration.services.size()) + "\n");
  for (const ViewCheck& check : checks) {
    if (check.failure) {
      complain(Problem{check.where, {}, check.failure->message}.text());
    } else {
      print(check.view.label() + ": ok, class " + check.guarantee + " (" + check.why + "), horizon " + check.horizon + ", marker " + check.marker +
            (check.holder.empty() ? "" : ", held back by " + check.holder) + "\n");
    }
    if (check.advice) complain("warning: " + check.advice->text());
  }
  return failed ? kBadConfiguration : kDone;
}

}  // namespace penstock::host
