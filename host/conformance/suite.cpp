#include "conformance/suite.hpp"

#include "config/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <variant>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;

// The module tells its components in a process of its own: loading runs code.
PluginFacts ask_plugin(const SuiteSettings& settings) {
  const auto end = run_in_child(
      [&](const Teller& teller) {
        try {
          Trial trial(teller, settings.plugin, settings.quirks, settings.seed, std::nullopt);
          const penstock_module& module = trial.module();
          teller.tell('p', {module.id, module.version, std::to_string(module.abi_major) + "." + std::to_string(module.abi_minor)});
          for (uint32_t i = 0; i < module.n_components; ++i)
            teller.tell('c', {std::to_string(module.components[i]->kind), module.components[i]->id});
        } catch (const CheckOver&) {  // the load checks say why
        }
      },
      settings.timeout);
  PluginFacts facts;
  for (const Record& record : end.records) {
    if (record.kind == 'p' && record.texts.size() == 3) {
      facts.id = record.texts[0];
      facts.version = record.texts[1];
      facts.abi = record.texts[2];
    }
    if (record.kind == 'c' && record.texts.size() == 2) facts.components.push_back({std::atoi(record.texts[0].c_str()), record.texts[1]});
  }
  return facts;
}

// Shorter ones stand in any text.
constexpr size_t kMinSecret = 4;

// What the quirks file refers to. One that cannot be read is said by setup.ready.
std::vector<std::string> secrets_of(const Quirks& quirks) {
  std::vector<std::string> secrets;
  const auto add = [&](const OptionInputs& options) {
    for (const auto& [name, option] : options) {
      const auto* const reference = std::get_if<SecretReference>(&option.value);
      if (reference == nullptr) continue;
      if (auto secret = read_secret(*reference); secret && secret->size() >= kMinSecret) secrets.push_back(std::move(*secret));
    }
  };
  for (const Connection& warehouse : quirks.warehouses) add(warehouse.options);
  for (const Connection& store : quirks.stores) add(store.options);
  for (const BatchSource& source : quirks.batch_sources) add(source.options);
  return secrets;
}

// A report is kept and sent around; a plugin that tells a secret has told it to the suite, and that is enough.
void redact(const std::vector<std::string>& secrets, std::string& text) {
  constexpr std::string_view kInstead = "(secret)";
  for (const std::string& secret : secrets)
    for (size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kInstead.size()) text.replace(at, secret.size(), kInstead);
}

void redact(const std::vector<std::string>& secrets, Outcome& outcome) {
  redact(secrets, outcome.output);
  for (Finding& finding : outcome.findings) {
    redact(secrets, finding.expected);
    redact(secrets, finding.seen);
  }
}

// From what the check's process told, and how it ended.
void conclude(const ChildEnd& end, std::chrono::nanoseconds timeout, Outcome& outcome) {
  std::string step;
  bool ran_to_its_end = false;
  for (const Record& record : end.records) {
    ran_to_its_end = ran_to_its_end || record.kind == 'd';
    if (record.kind == 's' && record.texts.size() == 1) step = record.texts[0];
    if (record.kind == 'f' && record.texts.size() == 3) {
      const int verdict = record.texts[0][0] - '0';
      outcome.findings.push_back({static_cast<Verdict>(verdict), record.texts[1], record.texts[2]});
    }
    if (record.kind == 'm' && record.texts.size() == 3) {
      Measure measure{record.texts[0], std::nan(""), record.texts[2]};
      std::from_chars(record.texts[1].data(), record.texts[1].data() + record.texts[1].size(), measure.value);
      outcome.measures.push_back(std::move(measure));
    }
  }
  const std::string during = step.empty() ? "" : ", during: " + step;
  if (end.timed_out)
    outcome.findings.push_back({Verdict::timeout, "the check is over within " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count()) + " ms",
                                "it was not" + during});
  else if (const std::string trouble = end.trouble(); !trouble.empty())
    outcome.findings.push_back({Verdict::crash, "the process ends well", trouble + during});
  else if (!ran_to_its_end)
    outcome.findings.push_back({Verdict::crash, "the process ends well", "something ended the process, with the code 0, before the check was over" + during});
  for (const Finding& finding : outcome.findings) outcome.verdict = std::max(outcome.verdict, finding.verdict);
  if (is_bad(outcome.verdict)) outcome.output = end.output;
}

// `is_ready`: false where kSetupCheck has said what is missing.
Outcome run_check(const SuiteSettings& settings, const Check& check, const std::optional<ComponentName>& component, bool is_ready) {
  Outcome outcome{check.id, component ? component->label() : "", check.promise, rule_of(check), {}, {}, {}, {}, {}};
  if (const auto excused = settings.quirks.skip.find(check.id); excused != settings.quirks.skip.end()) {
    outcome.verdict = Verdict::skip;
    outcome.findings.push_back({Verdict::skip, "", "not promised: " + excused->second});
    return outcome;
  }
  if (check.needs_setup && !is_ready) {
    outcome.verdict = Verdict::skip;
    outcome.findings.push_back({Verdict::skip, "", "not tried: see " + std::string(kSetupCheck)});
    return outcome;
  }
  const auto timeout = settings.timeout * check.patience;
  const auto start = Clock::now();
  const auto body = [&](const Teller& teller) {
    Trial trial(teller, settings.plugin, settings.quirks, settings.seed, component);
    try {
      check.run(trial);
    } catch (const CheckOver&) {
    } catch (const std::exception& error) {
      trial.fail(error.what());
    }
    // A plugin that calls exit(0) must not look like a check that found nothing.
    teller.tell('d', {});
  };
  conclude(run_in_child(body, timeout), timeout, outcome);
  outcome.took = Clock::now() - start;
  return outcome;
}

bool is_for(const Check& check, const ComponentName& component) {
  switch (check.subject) {
    case Subject::component: return true;
    case Subject::source: return component.kind == PENSTOCK_KIND_SOURCE;
    case Subject::sink: return component.kind == PENSTOCK_KIND_SINK;
    default: return false;
  }
}

bool is_included(const SuiteSettings& settings, const Check& check) {
  return settings.include.empty() ||
         std::any_of(settings.include.begin(), settings.include.end(), [&](const std::string& pattern) { return matches(pattern, check.id); });
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"PASS", "SKIP", "WARN", "FAIL", "TIMEOUT", "CRASH"};
  return kNames[static_cast<size_t>(verdict)];
}

bool matches(std::string_view pattern, std::string_view id) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == id;
  if (!id.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t at = star; at <= id.size(); ++at)
    if (matches(rest, id.substr(at))) return true;
  return false;
}

size_t SuiteReport::count(Verdict verdict) const {
  return static_cast<size_t>(std::count_if(outcomes.begin(), outcomes.end(), [&](const Outcome& outcome) { return outcome.verdict == verdict; }));
}

bool SuiteReport::good() const {
  return std::none_of(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) { return is_bad(outcome.verdict); });
}

std::string rule_of(const Check& check) {
  const std::string rule = check.rule;
  return rule.find('#') == std::string::npos ? "docs/abi.md#" + rule : rule;
}

std::vector<Check> all_checks() {
  std::vector<Check> all;
  for (const auto group : {setup_checks(), static_checks(), load_checks(), option_checks(), lifecycle_checks(), source_checks(), sink_checks(), fault_checks()})
    all.insert(all.end(), group.begin(), group.end());
  return all;
}

SuiteReport run_suite(const SuiteSettings& settings, const std::vector<Check>& checks, const std::function<void(const PluginFacts&)>& found,
                      const std::function<void(const Outcome&)>& done) {
  SuiteReport report{ask_plugin(settings), {}};
  found(report.plugin);
  const std::vector<std::string> secrets = secrets_of(settings.quirks);
  std::set<std::string> unready;  // components
  const auto run = [&](const Check& check, const std::optional<ComponentName>& component) {
    const bool is_ready = !component || !unready.contains(component->label());
    report.outcomes.push_back(run_check(settings, check, component, is_ready));
    redact(secrets, report.outcomes.back());
    if (check.id == kSetupCheck && is_bad(report.outcomes.back().verdict)) unready.insert(report.outcomes.back().component);
    done(report.outcomes.back());
  };
  for (const Check& check : checks) {
    if (!is_included(settings, check)) continue;
    if (check.subject == Subject::file || check.subject == Subject::module) run(check, std::nullopt);
    for (const ComponentName& component : report.plugin.components)
      if (is_for(check, component)) run(check, component);
  }
  return report;
}

}  // namespace penstock::host::conformance
