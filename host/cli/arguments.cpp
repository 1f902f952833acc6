#include "cli/arguments.hpp"

#include "base/time_text.hpp"
#include "config/load.hpp"
#include "config/names.hpp"
#include "config/quantity.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

namespace penstock::host {
namespace {

constexpr const char* kExamples = R"(
Examples:
  penstock validate -c penstock.toml --online   does everything fit, up to the tables and the store?
  penstock plan -c penstock.toml                what would change, which SQL would run, which keys be written?
  penstock run -c penstock.toml                 the daemon: every view at its interval
  penstock materialize users -c penstock.toml   one run of the view now
  penstock status -c penstock.toml              one line a view
  penstock get users u-42 -c penstock.toml      one stored profile

Exit codes: 0 done, 1 a run failed, 2 wrong usage, 3 another host holds the state, 78 bad configuration.
The configuration may also be named by $PENSTOCK_CONFIG; the default is /etc/penstock.)";

std::string default_config() {
  const char* from_environment = std::getenv("PENSTOCK_CONFIG");
  return from_environment != nullptr ? from_environment : "/etc/penstock";
}

// CLI11 wants text; the time is checked here so that a mistake is a usage error with an example.
std::string parse_time_option(const std::string& text, std::optional<int64_t>& out) {
  const auto parsed = parse_time(text);
  if (!parsed) return "\"" + text + "\" is not a time such as 2026-01-31T12:00:00Z or 2026-01-31";
  if (!parsed->has_offset && text.size() > 10) return "\"" + text + "\" has no zone; add Z or an offset such as +02:00";
  out = parsed->ns;
  return {};
}

class Parser {
 public:
  explicit Parser(Arguments& out) : out_(out) {
    app_.require_subcommand(1);
    app_.footer(kExamples);
    app_.set_version_flag("--version", "penstock " PENSTOCK_VERSION);
    app_.set_help_all_flag("--help-all", "the help of every command");
    add_all();
  }
  CLI::App& app() { return app_; }

 private:
  CLI::App* command(const char* name, const char* text, const char* examples, CLI::App* parent = nullptr) {
    CLI::App* sub = (parent != nullptr ? parent : &app_)->add_subcommand(name, text);
    sub->footer(examples);
    sub->add_option("-c,--config", config_, "a file or a folder of *.toml files")->type_name("PATH");
    sub->add_flag("--json", out_.json, "the same facts as one JSON document");
    const std::string full = parent != nullptr ? parent->get_name() + " " + name : name;
    sub->callback([this, full] {
      out_.command = full;
      out_.config = config_.empty() ? default_config() : config_;
    });
    return sub;
  }

  void add_all() {
    auto* validate = command("validate", "check the configuration", "\nExamples:\n  penstock validate -c penstock.toml\n  penstock validate -c /etc/penstock --online --json");
    validate->add_flag("--online", out_.online, "also connect: tables, columns, types, guarantee class, store");

    command("plan", "show what `apply` would change, the SQL that would run and the keys that would be written", "\nExample:\n  penstock plan -c penstock.toml");
    command("apply", "register the definitions; a running host picks them up", "\nExample:\n  penstock apply -c penstock.toml");
    command("run", "the daemon: schedule, runs, HTTP", "\nExample:\n  penstock run -c penstock.toml\n\nSIGTERM and SIGINT end it, SIGHUP re-reads the configuration, SIGUSR1 runs every view now.");

    auto* materialize = command("materialize", "run views once, now, in the foreground",
                                "\nExamples:\n  penstock materialize -c penstock.toml                 every view\n  penstock materialize users users_v2 -c penstock.toml   these\n"
                                "  penstock materialize users --full -c penstock.toml     everything again\n"
                                "  penstock materialize users --from 2026-01-01 --to 2026-02-01 -c penstock.toml");
    materialize->add_option("VIEW", out_.names, "a view, as NAME (newest version) or NAME_vN; default: all");
    auto* full = materialize->add_flag("--full", out_.full, "read the whole table, whatever the position");
    materialize->add_option("--from", from_, "only rows after this time; the position does not move")->type_name("TIME")->excludes(full);
    materialize->add_option("--to", to_, "only rows up to this time; the position does not move")->type_name("TIME")->excludes(full);
    materialize->add_flag("--dry-run", out_.dry_run, "read and count, write nothing");

    command("status", "one line a view: state, position, how far behind, last run, error", "\nExample:\n  penstock status -c penstock.toml");

    auto* history = command("history", "past runs: read, written, unchanged, stale, rejected", "\nExamples:\n  penstock history -c penstock.toml\n  penstock history users --rejects -c penstock.toml\n"
                            "  penstock history users --drop-rejects -c penstock.toml");
    history->add_option("VIEW", out_.names, "only this view")->expected(0, 1);
    history->add_option("-n,--limit", out_.limit, "how many, newest first")->check(CLI::Range(1, 100000))->capture_default_str();
    auto* rejects = history->add_flag("--rejects", out_.rejects, "the rows that could not be written, with the reason, and whether they are tried again");
    history->add_flag("--drop-rejects", out_.drop_rejects, "forget the view's rejects; none of them is tried again")->excludes(rejects);

    auto* get = command("get", "show a stored profile", "\nExamples:\n  penstock get users u-42 -c penstock.toml\n  penstock get --service checkout u-42 -c penstock.toml\n  penstock get visits u-42 2026-01-31 -c penstock.toml   (an entity of two columns)");
    get->add_option("--service", out_.service, "all views of a service instead of one view")->type_name("NAME");
    get->add_option("NAME", out_.names, "VIEW KEY… or, with --service, KEY…")->required();

    auto* plugins = app_.add_subcommand("plugins", "what connectors there are");
    plugins->require_subcommand(1);
    for (auto* sub : {command("list", "the plugins that can be loaded", "\nExample:\n  penstock plugins list -c penstock.toml", plugins),
                      command("info", "a plugin's components and options",
                              "\nExamples:\n  penstock plugins info postgres -c penstock.toml\n  penstock plugins info redis --format toml >> penstock.toml   a section to fill in", plugins),
                      command("schema", "the JSON Schema of the whole configuration with these plugins, for editors",
                              "\nExample:\n  penstock plugins schema -c penstock.toml > penstock.schema.json\n\n"
                              "Editors (taplo, Even Better TOML) check and complete a file that begins with the line\n  #:schema ./penstock.schema.json", plugins)}) {
      sub->add_option("--plugin-dir", plugin_dir_, "look here instead of the configuration's plugin_dir")->type_name("DIR");
      if (sub->get_name() != "info") continue;
      sub->add_option("PLUGIN", out_.names, "an id as in plugin = \"…\", a module's id, or a file")->required()->expected(1);
      sub->add_option("--format", out_.format, "how the options are written: table, markdown, toml (a section to paste) or schema (JSON Schema)")
          ->check(CLI::IsMember({"table", "markdown", "toml", "schema"}))
          ->capture_default_str()
          ->excludes("--json");
    }

    add_plugins_check(plugins);
    add_plugins_new(plugins);

    auto* completion = command("completion", "print the completion script for bash", "\nExample:\n  penstock completion > /etc/bash_completion.d/penstock");
    completion->add_option("SHELL", shell_, "the shell; only bash is known")->check(CLI::IsMember({"bash"}));
    completion->add_option("--words", out_.words, "print the names of: views, services, plugins")->check(CLI::IsMember({"views", "services", "plugins"}));
  }

  void add_plugins_check(CLI::App* plugins) {
    auto* check = command("check", "try a connector: does it keep the promises of the plugin ABI?",
                          "\nExamples:\n  penstock plugins check ./hello.so\n  penstock plugins check ./hello.so --include 'source.*' --seed 7\n"
                          "  penstock plugins check ./hello.so --junit report.xml\n\n"
                          "What it is tried on (a warehouse, a batch source, a store) stands in the quirks file, hello.check.toml beside the file;\n"
                          "see docs/writing-a-connector.md. Each check runs in a process of its own.", plugins);
    check->remove_option(check->get_option("--config"));
    check->add_option("FILE", out_.names, "the connector, a .so file")->expected(0, 1);
    check->add_option("--quirks", quirks_, "the quirks file: what it is tried on and what it does not promise; default: NAME.check.toml beside NAME.so")->type_name("FILE");
    check->add_option("--include", out_.include, "only these checks; * stands for anything; may be repeated")->type_name("PATTERN");
    check->add_option("--seed", out_.seed, "what is drawn by lot, is drawn from this")->check(CLI::NonNegativeNumber)->capture_default_str();
    check->add_option("--timeout", timeout_, "for one check")->type_name("DURATION")->default_str("10s");
    check->add_option("--junit", junit_, "also write JUnit's XML to this file")->type_name("FILE");
    check->add_flag("--list", out_.list, "name the checks and what they expect, and run none");
  }

  void add_plugins_new(CLI::App* plugins) {
    auto* made = command("new", "begin a connector: a project that builds, has tests and passes `plugins check`",
                         "\nExamples:\n  penstock plugins new source hello              a source in C++, in the folder hello\n"
                         "  penstock plugins new sink hello --lang c       a sink in C\n"
                         "  penstock plugins new both hello --dir work/hello\n\n"
                         "What is made needs the installed SDK (find_package(penstock-sdk)) and CMake. No file that exists is changed.", plugins);
    made->remove_option(made->get_option("--config"));
    made->add_option("KIND", out_.kind, "source, sink, or both in one module")->required()->check(CLI::IsMember({"source", "sink", "both"}));
    made->add_option("NAME", out_.names, "what plugin = \"…\" will name; a-z, 0-9, _ and -")->required()->expected(1);
    made->add_option("--lang", out_.language, "c or cpp")->check(CLI::IsMember({"c", "cpp"}))->capture_default_str();
    made->add_option("--dir", folder_, "the folder to make, which must be empty if it is there; default: NAME")->type_name("DIR");
  }

 public:
  // The first word that should be a command and is none: CLI11 would only say that a command is missing.
  std::string unknown_command(int argc, char** argv) const {
    const CLI::App* app = &app_;
    std::string path = "penstock";
    for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
      std::vector<const CLI::App*> commands = app->get_subcommands([](const CLI::App*) { return true; });
      if (commands.empty()) return {};
      std::vector<std::string> known;
      for (const CLI::App* command : commands) known.push_back(command->get_name());
      const auto found = std::find(known.begin(), known.end(), argv[i]);
      if (found == known.end()) {
        const std::string_view meant = did_you_mean(argv[i], {known.begin(), known.end()});
        return "there is no command " + in_quotes(path + " " + argv[i]) + (meant.empty() ? "" : " (did you mean " + in_quotes(meant) + "?)");
      }
      app = commands[static_cast<size_t>(found - known.begin())];
      path += std::string(" ") + argv[i];
    }
    return {};
  }

  // What CLI11's own checks could not see; the text of the first mistake.
  std::string finish() {
    if (!from_.empty())
      if (auto wrong = parse_time_option(from_, out_.from_ns); !wrong.empty()) return "--from: " + wrong;
    if (!to_.empty())
      if (auto wrong = parse_time_option(to_, out_.to_ns); !wrong.empty()) return "--to: " + wrong;
    if (out_.from_ns && out_.to_ns && *out_.from_ns >= *out_.to_ns) return "--from is not before --to";
    if (out_.command == "get" && out_.service.empty() && out_.names.size() < 2) return "get needs a view and a key: penstock get VIEW KEY";
    if (out_.drop_rejects && out_.names.empty()) return "--drop-rejects needs a view: penstock history VIEW --drop-rejects";
    if (out_.command == "plugins check" && out_.names.empty() && !out_.list) return "plugins check needs a file: penstock plugins check ./hello.so";
    if (!timeout_.empty()) {
      const auto timeout = parse_duration(timeout_);
      if (!timeout || *timeout < std::chrono::milliseconds(10)) return "--timeout: " + not_a_duration(timeout_) + "; at least 10ms";
      out_.timeout_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count();
    }
    out_.plugin_dir = plugin_dir_;
    out_.quirks = quirks_;
    out_.junit = junit_;
    out_.folder = folder_;
    return {};
  }

 private:
  Arguments& out_;
  CLI::App app_{"Penstock keeps an online Profiles Store true to a warehouse.", "penstock"};
  std::string config_, from_, to_, plugin_dir_, shell_, quirks_, junit_, folder_, timeout_;
};

}  // namespace

Parsed parse_arguments(int argc, char** argv) {
  Parsed parsed;
  Parser parser(parsed.arguments);
  if (const std::string unknown = parser.unknown_command(argc, argv); !unknown.empty()) {
    std::fprintf(stderr, "penstock: %s\nRun with --help for more information.\n", unknown.c_str());
    parsed.exit = kUsage;
    return parsed;
  }
  try {
    parser.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = parser.app().exit(error);
    parsed.exit = code == 0 ? kDone : kUsage;
    return parsed;
  }
  if (const std::string wrong = parser.finish(); !wrong.empty()) {
    std::fprintf(stderr, "%s\nRun with --help for more information.\n", wrong.c_str());
    parsed.exit = kUsage;
  }
  return parsed;
}

}  // namespace penstock::host
