// Sources and sinks as objects: that they are opened and closed, side by side, on any thread, and leave nothing behind.
#include "conformance/exercise.hpp"
#include "conformance/lifecycle_groups.hpp"
#include "conformance/process_state.hpp"
#include "conformance/trial_object.hpp"

#include "plugin/module_check.hpp"
#include "plugin/printable.hpp"

#include <limits>

namespace penstock::host::conformance {
namespace {

constexpr size_t kWarmUp = 20;
constexpr size_t kRounds = 4;
constexpr size_t kRound = 45;
constexpr size_t kNoticedGrowth = 32;            // bytes that each leaves allocated: client libraries leave a few
constexpr size_t kMaxGrowth = 256;
constexpr size_t kResidentGrowth = 16 << 20;     // for what malloc does not count

void open_and_close(Session& session, size_t times) {
  for (size_t i = 0; i < times; ++i) {
    TrialObject object(session);
    object.close();
    session.forget();
  }
}

void check_open_close(Trial& trial) {
  Session session(trial);
  session.options();
  open_and_close(session, kWarmUp);
  const size_t threads = count_threads();
  const auto descriptors = open_descriptors();
  const size_t resident = resident_bytes();
  // What is cached, or grows once, does not grow in every round.
  size_t growth = std::numeric_limits<size_t>::max();
  for (size_t round = 0; round < kRounds && growth > 0; ++round) {
    const size_t before = allocated_bytes();
    open_and_close(session, kRound);
    const size_t after = allocated_bytes();
    growth = std::min(growth, (after - std::min(before, after)) / kRound);
  }
  if (count_threads(threads) > threads) trial.skip("not decided, since threads are left: see lifecycle.after_close");
  const size_t opened = open_descriptors().size();
  trial.expect(opened <= descriptors.size(), std::to_string(opened - descriptors.size()) + " descriptors more after " + std::to_string(kRounds * kRound) + " times",
               "opening and closing leaves no descriptor open");
  trial.measure("bytes left by an open and close", static_cast<double>(growth), "");
  const std::string left = "each leaves " + std::to_string(growth) + " bytes allocated";
  if (growth >= kMaxGrowth) trial.fail(left, "opening and closing leaves no memory allocated");
  else if (growth >= kNoticedGrowth) trial.warn(left, "opening and closing leaves no memory allocated");
  const size_t now = resident_bytes();
  if (!is_sanitized() && now > resident + kResidentGrowth)
    trial.fail("the process grew by " + std::to_string((now - resident) >> 10) + " KiB in " + std::to_string(kRounds * kRound) + " times", "opening and closing does not grow the process");
}

void check_source_instances(Trial& trial, Session& session) {
  SourceWork first(session), second(session);
  TextRows before, after;
  if (const Answer answer = first.read(before); !answer.ok()) trial.skip("not decided, since the table cannot be read: " + answer.text());
  first.source.close();
  const Answer answer = second.read(after);
  trial.expect(answer.ok() && after == before, answer.ok() ? "other rows than the first one has read" : answer.text(), "a source reads on after another one was closed");
}

void check_instances(Trial& trial) {
  Session session(trial);
  if (trial.component().kind == PENSTOCK_KIND_SOURCE) check_source_instances(trial, session);
  TrialObject first(session), second(session);
  if (!second.ping().ok()) trial.skip("not decided, since no ping is answered: see lifecycle.ping");
  {
    FakeCall cancelled(session.shape());
    cancelled.cancel();
    Answer ignored;
    const TrialObject third(session, session.options(), ignored, &cancelled);
  }
  first.close();
  if (const Answer answer = second.ping(); !answer.ok() && !answer.is(PENSTOCK_STATUS_NOT_SUPPORTED))
    trial.fail(answer.text(), "an object answers after others of its component were closed");
}

void check_threads(Trial& trial) {
  Session session(trial);
  const auto alone = exercise(session);
  if (const Answer* trouble = trouble_in(alone)) trial.skip("not decided, since it does not work on one thread either: " + trouble->text());
  session.use_threads();
  const auto answers = exercise(session);
  if (const Answer* trouble = trouble_in(answers)) trial.fail(trouble->text() + ", on another thread than the call before");
}

void check_after_close(Trial& trial) {
  Session session(trial);
  // What a client library starts once serves no object.
  exercise(session);
  const size_t threads = count_threads();
  exercise(session);
  if (const size_t now = count_threads(threads); now > threads) trial.fail("threads: " + std::to_string(now - threads) + " more than before the object was opened, a second after its close");
}

void check_ping(Trial& trial) {
  Session session(trial);
  TrialObject object(session);
  const Answer answer = object.ping();
  trial.measure("ping", std::chrono::duration<double, std::milli>(answer.took).count(), "ms");
  trial.expect(answer.ok(), answer.text(), "ping answers OK after open has connected");
}

template <class Feature>
void check_slots_of(Trial& trial, const TrialObject& object, const char* id) {
  if (const auto checked = check_feature(id, static_cast<const Feature*>(object.extension(id))); !checked) trial.fail(checked.failure().message, "a vtable without a NULL slot");
}

void check_extensions(Trial& trial) {
  Session session(trial);
  const TrialObject object(session);
  for (const std::string& id : {std::string(), std::string("penstock_check/1"), std::string("marker/0"), std::string("lookup/1 "), std::string(10'000, 'x')})
    trial.expect(object.extension(id.c_str()) == nullptr, "\"" + printable(std::string_view(id), 64) + "\" gives something", "NULL for an id that it does not know");
  for (const char* id : {PENSTOCK_EXT_MARKER, PENSTOCK_EXT_LOOKUP, PENSTOCK_EXT_DELETE, PENSTOCK_EXT_TTL, PENSTOCK_EXT_LAYOUT})
    trial.expect(object.extension(id) == object.extension(id), std::string("\"") + id + "\" gives another", "the same pointer each time");
  if (trial.component().kind != PENSTOCK_KIND_SINK) return;
  check_slots_of<penstock_marker_vtab>(trial, object, PENSTOCK_EXT_MARKER);
  check_slots_of<penstock_lookup_vtab>(trial, object, PENSTOCK_EXT_LOOKUP);
  check_slots_of<penstock_layout_vtab>(trial, object, PENSTOCK_EXT_LAYOUT);
}

constexpr Check kChecks[] = {
    {"lifecycle.ping", Subject::component, "ping says that the peer is there", "ping", check_ping},
    {"lifecycle.open_close", Subject::component, "opening and closing any number of times does not grow the process", "open-and-close", check_open_close, 3},
    {"lifecycle.instances", Subject::component, "objects of one component do not notice each other", "instances", check_instances},
    {"lifecycle.threads", Subject::component, "an object may be used from another thread at each call", "object-threads", check_threads},
    {"lifecycle.after_close", Subject::component, "nothing of an object runs after its close", "after-close", check_after_close},
    {"lifecycle.extensions", Subject::component, "get_extension knows what it offers, and nothing else", "extensions", check_extensions},
};

}  // namespace

std::span<const Check> object_checks() { return kChecks; }

}  // namespace penstock::host::conformance
