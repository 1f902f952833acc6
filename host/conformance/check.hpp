// One promise of the plugin ABI, as something that can be tried out.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host::conformance {

class Trial;

// What a check is tried on: the file, without running its code; the module; each of its components; only sources; only sinks.
enum class Subject : uint8_t { file, module, component, source, sink };

struct Check {
  const char* id;       // "source.window_edges"
  Subject subject;
  const char* promise;  // what a plugin promises, as a sentence; what is expected
  const char* rule;     // the heading of docs/abi.md that says so, or "docs/page.md#heading"
  // Runs in a process of its own, which may die or hang. Tells the trial what it sees; what it throws is a failure.
  void (*run)(Trial&);
  // For checks that have to wait, a multiple of the time that a check may take.
  int patience = 1;
  // Of checks of components: does it do more than look at the module? If so it is not tried on one that kSetupCheck has failed for.
  bool needs_setup = true;
};

// Whether there is what the others need, so that what is missing is said once.
inline constexpr std::string_view kSetupCheck = "setup.ready";

// "docs/abi.md#window"
std::string rule_of(const Check& check);

// In the order in which they are run: what a later group needs, an earlier one has looked at.
std::vector<Check> all_checks();

std::span<const Check> setup_checks();
std::span<const Check> static_checks();
std::span<const Check> load_checks();
std::span<const Check> option_checks();
std::span<const Check> lifecycle_checks();
std::span<const Check> source_checks();
std::span<const Check> sink_checks();
std::span<const Check> fault_checks();

}  // namespace penstock::host::conformance
