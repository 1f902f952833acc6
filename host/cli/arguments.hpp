// The command line as plain data. CLI11 stays in arguments.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

// What the process says when it ends.
enum ExitCode : int { kDone = 0, kRunFailed = 1, kUsage = 2, kLocked = 3, kBadConfiguration = 78 };

struct Arguments {
  std::string command;                 // "validate", …, "plugins list", …, "completion"
  std::filesystem::path config;        // -c, else $PENSTOCK_CONFIG, else /etc/penstock
  bool json = false;
  bool online = false;                 // validate
  std::vector<std::string> names;      // views, or get's view and key parts, or a plugin
  bool full = false;                   // materialize
  std::optional<int64_t> from_ns, to_ns;
  bool dry_run = false;
  std::string service;                 // get
  int64_t limit = 20;                  // history
  bool rejects = false;                // history
  bool drop_rejects = false;           // history
  std::filesystem::path plugin_dir;    // plugins, without a configuration
  std::string format = "table";        // plugins info: table, markdown, toml, schema
  std::filesystem::path quirks, junit; // plugins check: files
  std::vector<std::string> include;    // plugins check: patterns of checks
  int64_t seed = 1;                    // plugins check
  int64_t timeout_ms = 10'000;         // plugins check: for one check
  bool list = false;                   // plugins check: only name the checks
  std::string kind, language = "cpp";  // plugins new: source, sink, both; c, cpp
  std::filesystem::path folder;        // plugins new: where to, instead of one named like the connector
  std::string words;                   // completion: what to list
};

struct Parsed {
  Arguments arguments;
  std::optional<int> exit;  // --help, --version or wrong usage: already printed
};

Parsed parse_arguments(int argc, char** argv);

}  // namespace penstock::host
