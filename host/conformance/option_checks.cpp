// What a component declares as its options, and what it makes of their values.
#include "conformance/canary.hpp"
#include "conformance/exercise.hpp"
#include "conformance/io_trap.hpp"
#include "conformance/option_values.hpp"
#include "conformance/process_state.hpp"
#include "conformance/trial_object.hpp"

#include "plugin/printable.hpp"

#include <algorithm>
#include <thread>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxShown = 256;
constexpr size_t kCanaryPart = 8;  // bytes in a row that are no coincidence

std::string quote(std::string_view text) { return "\"" + printable(text, kMaxShown) + "\""; }

bool sounds_secret(std::string_view name) {
  constexpr std::string_view kWords[] = {"password", "passwd", "secret", "token", "api_key", "private_key", "access_key"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) { return name.ends_with(word); });
}

void check_declared(Trial& trial, const penstock_option_desc* const* options, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const penstock_option_desc& option = *options[i];
    trial.expect(*option.doc != '\0', "option " + quote(option.name) + " has none", "every option has a doc");
    if (sounds_secret(option.name) && option.type == PENSTOCK_OPTION_STRING && (option.flags & PENSTOCK_OPTION_SECRET) == 0)
      trial.warn("option " + quote(option.name) + " is not declared as one", "what sounds like a secret is declared as a secret, so that the host hides it");
  }
}

void check_declarations(Trial& trial) {
  const penstock_component& component = trial.component();
  trial.expect(*component.title != '\0' && *component.doc != '\0', "the component has none", "a component has a title and a doc");
  check_declared(trial, component.options, component.n_options);
  check_declared(trial, component.table_options, component.n_table_options);
}

// validate may be called before init, so a session would be too much.
Answer validate(Trial& trial, const OptionSet& options) {
  FakeCall call;
  const ShapedOptions given(options, {});
  call.start("validate");
  Answer answer{"validate"};
  answer.status = trial.component().validate(call.get(), given.get());
  call.end();
  answer.error = call.error();
  return answer;
}

bool names_option(const std::string& message, const penstock_component& component) {
  const auto* const* end = component.options + component.n_options;
  return std::any_of(component.options, end, [&](const penstock_option_desc* option) { return message.find(option->name) != std::string::npos; });
}

void judge(Trial& trial, const Answer& answer, const std::string& what) {
  if (answer.ok()) return;
  const std::string seen = "with " + what + ": " + answer.text();
  trial.expect(answer.is(PENSTOCK_STATUS_INVALID_ARGUMENT), seen, "validate answers OK or invalid_argument");
  if (!answer.error.message.empty() || answer.is(PENSTOCK_STATUS_INVALID_ARGUMENT))
    trial.expect(names_option(answer.error.message, trial.component()), seen, "a refusal has a message that names the option");
}

void check_validate(Trial& trial) {
  const OptionSet given(trial.options().get());
  const Answer good = validate(trial, given);
  if (!good.ok()) trial.skip("the options of the quirks file are refused: " + good.text());
  for (const OptionVariant& variant : option_variants(trial.component(), given, trial.seed())) {
    trial.step("validate with " + variant.what);
    const Answer answer = validate(trial, variant.options);
    judge(trial, answer, variant.what);
    Answer again{"validate"};
    std::thread([&] { again = validate(trial, variant.options); }).join();
    trial.expect(again.status == answer.status, "with " + variant.what + ": " + answer.text() + ", and on another thread: " + again.text(),
                 "the same answer each time, on every thread");
  }
}

void check_offline(Trial& trial) {
  if (is_sanitized()) trial.skip("the sanitizer makes system calls of its own");
  const OptionSet given(trial.options().get());
  const auto variants = option_variants(trial.component(), given, trial.seed());
  // What is loaded lazily once, by the C library, is not the plugin's.
  validate(trial, given);
  IoTrap trap(IoTrap::What::network_and_files);
  if (!trap.is_set()) trial.skip("the system does not let the suite watch system calls (seccomp)");
  for (const OptionVariant& variant : variants) {
    trap.forget();
    validate(trial, variant.options);
    for (const std::string& seen : trap.seen()) trial.stop("with " + variant.what + ": " + seen);
  }
}

// The secret options with canaries in place of their values.
OptionSet with_canaries(Trial& trial, const OptionSet& given, std::vector<std::string>& canaries) {
  const penstock_component& component = trial.component();
  OptionSet out = given;
  for (uint64_t i = 0; i < component.n_options; ++i) {
    const penstock_option_desc& option = *component.options[i];
    if ((option.flags & PENSTOCK_OPTION_SECRET) == 0) continue;
    canaries.push_back(canary(trial.seed() + i));
    out.set({option.name, option.type, 0, 0, canaries.back(), {}});
  }
  return out;
}

// `wrong`: the same options, with other secrets.
void expect_wrong_secrets_noticed(Session& session, const OptionSet& given, const OptionSet& wrong) {
  for (const OptionSetting& setting : wrong.settings()) {
    const OptionSetting* const right = given.find(setting.name);
    if (right == nullptr || right->text == setting.text) continue;
    OptionSet options = given;
    options.set(setting);
    session.trial().step("work with another \"" + setting.name + "\"");
    if (gets_to_rows(session, options))
      session.trial().warn("a wrong \"" + setting.name + "\" is not noticed: is a refusal taken for no rows, or does the server not ask?",
                           "a wrong secret is an error, and not an empty table");
  }
}

// A value that the quirks file gives is looked for as a whole: parts of it, such as a server's name, may be known from elsewhere. Of a
// canary every part is looked for, since nobody else can know it.
void check_secret(Trial& trial) {
  const CaughtOutput output;
  std::string said;
  std::vector<std::string> canaries, given_secrets;
  {
    Session session(trial);
    const OptionSet given = session.options();
    const OptionSet options = with_canaries(trial, given, canaries);
    if (canaries.empty()) trial.skip("it has no secret option");
    given_secrets = secrets_in(given, session.component());
    trial.step("work with the options that were given");
    exercise(session);
    trial.step("open with another secret");
    Answer opened;
    TrialObject object(session, options, opened);
    if (opened.ok()) object.ping();
    object.close();
    if (!given_secrets.empty()) expect_wrong_secrets_noticed(session, given, options);
    said = session.said();
  }
  const auto look_for = [&](const std::string& secret, size_t part) {
    if (const auto line = line_with(said, secret, part)) trial.fail("it says " + quote(*line));
    if (const auto line = line_with(output.text(), secret, part)) trial.fail("it prints " + quote(*line));
  };
  for (const std::string& secret : given_secrets) look_for(secret, secret.size());
  for (const std::string& secret : canaries) look_for(secret, kCanaryPart);
}

constexpr Check kChecks[] = {
    {"options.declarations", Subject::component, "the component and each of its options say what they are", "option-declaration", check_declarations, 1, false},
    {"options.validate", Subject::component, "validate judges any values of the declared types, and says which option it refuses", "validate", check_validate, 1, false},
    {"options.offline", Subject::component, "validate opens no file and no socket", "validate", check_offline, 1, false},
    {"options.secret", Subject::component, "the value of a secret option is shown nowhere, whole or in part", "option-secret", check_secret},
};

}  // namespace

std::span<const Check> option_checks() { return kChecks; }

}  // namespace penstock::host::conformance
