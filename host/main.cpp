#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"

#include <csignal>
#include <exception>

namespace {

using namespace penstock::host;

struct Command {
  const char* name;
  int (*run)(const Arguments&);
};

constexpr Command kCommands[] = {
    {"validate", validate_command},         {"plan", plan_command},
    {"apply", apply_command},               {"run", run_command},
    {"materialize", materialize_command},   {"status", status_command},
    {"history", history_command},           {"get", get_command},
    {"plugins list", plugins_list_command}, {"plugins info", plugins_info_command},
    {"plugins schema", plugins_schema_command}, {"plugins check", plugins_check_command},
    {"plugins new", plugins_new_command},   {"completion", completion_command},
};

}  // namespace

int main(int argc, char** argv) {
  // A peer that hangs up is an error of the call that wrote to it, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow further is an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const Parsed parsed = parse_arguments(argc, argv);
    if (parsed.exit) return *parsed.exit;
    for (const Command& command : kCommands)
      if (parsed.arguments.command == command.name) return command.run(parsed.arguments);
    return kUsage;
  } catch (const std::exception& error) {
    complain(std::string("penstock: ") + error.what());
    return kRunFailed;
  }
}
