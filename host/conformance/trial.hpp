// What a check works with, in its own process: the plugin, what its author told, and a way to say what it sees.
#pragma once

#include "conformance/check.hpp"
#include "conformance/child.hpp"
#include "conformance/outcome.hpp"
#include "conformance/quirks.hpp"
#include "base/failure.hpp"
#include "config/options.hpp"

#include <penstock/module.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::host::conformance {

// A component of the plugin, as a check's process is told of it.
struct ComponentName {
  int32_t kind = 0;  // PENSTOCK_KIND_*
  std::string id;
  std::string label() const;  // `source "file"`
};

// Thrown to end a check at once; what there is to say was said.
struct CheckOver {};

class Trial {
 public:
  Trial(const Teller& teller, std::filesystem::path plugin, const Quirks& quirks, uint64_t seed, std::optional<ComponentName> component)
      : teller_(teller), plugin_(std::move(plugin)), quirks_(quirks), seed_(seed), component_(std::move(component)) {}
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  const std::filesystem::path& plugin() const { return plugin_; }
  const Quirks& quirks() const { return quirks_; }
  // Whatever a check draws by lot, it draws from this: the same seed, the same check.
  uint64_t seed() const { return seed_; }
  // None for checks of the file and the module.
  const std::optional<ComponentName>& component_name() const { return component_; }

  // What the check is about to do: what a crash or a hang is blamed on.
  void step(const std::string& what) const { teller_.tell('s', {what}); }

  // A broken promise. `expected` may be empty: the check's own promise.
  void fail(const std::string& seen, const std::string& expected = {}) const { find(Verdict::fail, expected, seen); }
  void warn(const std::string& seen, const std::string& expected = {}) const { find(Verdict::warn, expected, seen); }
  // The same, if it does not hold; answers whether it holds.
  bool expect(bool holds, const std::string& seen, const std::string& expected = {}) const {
    if (!holds) fail(seen, expected);
    return holds;
  }
  // Ends the check.
  [[noreturn]] void stop(const std::string& seen, const std::string& expected = {}) const;
  [[noreturn]] void skip(const std::string& why) const;
  // From now on what would end the check as skipped ends it as failed.
  void insist() { insists_ = true; }
  void measure(const std::string& name, double value, const std::string& unit) const;

  // Loads the plugin's code, as the host does. Its init has not run.
  Result<const penstock_module*> load();
  // The same; a plugin that cannot be loaded ends the check as skipped: a check of its own says why.
  const penstock_module& module();
  // Runs the body in a process of its own, as if it were the check: for what a process can do only once. No plugin may have been
  // loaded in this one. A body that dies is a failure; `as` says what it was: "with an older host". Answers whether it came to its end.
  bool apart(const std::string& as, const std::function<void()>& body);
  // The component that the check is for. Loads the module.
  const penstock_component& component();

  // The options of the component's warehouse or store, as the quirks file gives them, else the defaults. Ends the check as skipped
  // when a required one is not given.
  ResolvedOptions options();
  // The batch source that the quirks file names for this source; ends the check as skipped when there is none.
  const BatchSource& batch_source();
  // Its options.
  ResolvedOptions table_options();

 private:
  void find(Verdict verdict, const std::string& expected, const std::string& seen) const;
  ResolvedOptions resolve(const std::string& object, const OptionInputs& given, const penstock_option_desc* const* declared, uint64_t count);

  const Teller& teller_;
  const std::filesystem::path plugin_;
  const Quirks& quirks_;
  const uint64_t seed_;
  const std::optional<ComponentName> component_;
  const penstock_module* module_ = nullptr;
  bool insists_ = false;
};

}  // namespace penstock::host::conformance
