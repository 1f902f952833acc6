#include "cli/commands.hpp"
#include "cli/output.hpp"

#include "base/json_writer.hpp"
#include "conformance/report.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

namespace penstock::host {
namespace {

using namespace conformance;

int list_checks(const std::vector<Check>& checks, bool json) {
  std::string out;
  if (json) {
    JsonWriter writer(out);
    writer.begin_array();
    for (const Check& check : checks) {
      writer.begin_object();
      writer.member("check", check.id);
      writer.member("promise", check.promise);
      writer.member("rule", rule_of(check));
      writer.end_object();
    }
    writer.end_array();
    return print(out + "\n"), kDone;
  }
  Table table({"CHECK", "WHAT A PLUGIN PROMISES"});
  for (const Check& check : checks) table.add({check.id, check.promise});
  return print(table.text()), kDone;
}

int refuse(const std::string& message, bool json) {
  return report_failure({PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, message}, json), kUsage;
}

// An --include that fits no check, or nothing.
std::optional<std::string> useless_pattern(const std::vector<std::string>& include, const std::vector<Check>& checks) {
  for (const std::string& pattern : include)
    if (std::none_of(checks.begin(), checks.end(), [&](const Check& check) { return matches(pattern, check.id); })) return pattern;
  return std::nullopt;
}

}  // namespace

int plugins_check_command(const Arguments& arguments) {
  const std::vector<Check> checks = all_checks();
  if (arguments.list) return list_checks(checks, arguments.json);
  if (const auto pattern = useless_pattern(arguments.include, checks))
    return refuse("--include " + *pattern + ": no check has such a name; `penstock plugins check --list` names them", arguments.json);

  SuiteSettings settings{std::filesystem::absolute(arguments.names[0]).lexically_normal()};
  if (!std::filesystem::is_regular_file(settings.plugin)) return refuse(arguments.names[0] + ": there is no such file", arguments.json);
  settings.include = arguments.include;
  settings.seed = static_cast<uint64_t>(arguments.seed);
  settings.timeout = std::chrono::milliseconds(arguments.timeout_ms);
  const bool given = !arguments.quirks.empty();
  const auto quirks = given ? arguments.quirks : quirks_beside(settings.plugin);
  if (given || std::filesystem::exists(quirks)) {
    std::vector<std::string_view> ids;
    for (const Check& check : checks) ids.push_back(check.id);
    LoadedQuirks loaded = load_quirks(quirks, ids);
    if (!loaded.problems.empty()) return report_problems(loaded.problems, arguments.json);
    settings.quirks = std::move(loaded.quirks);
  }

  const bool text = !arguments.json;
  const SuiteReport report = run_suite(
      settings, checks, [&](const PluginFacts& plugin) { if (text) print(head_text(settings, plugin)); },
      [&](const Outcome& outcome) { if (text) print(outcome_text(outcome)); });
  print(text ? summary_text(report) : report_json(settings, report));
  if (!arguments.junit.empty()) {
    std::ofstream file(arguments.junit, std::ios::binary | std::ios::trunc);
    if (!(file << report_junit(settings, report)).flush())
      return report_failure({PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_NEVER, arguments.junit.string() + ": cannot be written: " + std::strerror(errno)}, false), kRunFailed;
  }
  return report.good() ? kDone : kRunFailed;
}

}  // namespace penstock::host
