// Connections that are lost or slow.
#include "conformance/canary.hpp"
#include "conformance/fault_groups.hpp"
#include "conformance/fault_scene.hpp"
#include "conformance/sink_scene.hpp"

#include "plugin/printable.hpp"

namespace penstock::host::conformance {
namespace {

constexpr std::chrono::seconds kHang{5};
constexpr size_t kMaxShown = 256;

bool lets_the_host_go_on(int32_t retry) { return retry != PENSTOCK_RETRY_NEVER; }

bool may_be_used_again(const Answer& answer) { return answer.error.retry == PENSTOCK_RETRY_SAFE || answer.error.retry == PENSTOCK_RETRY_AFTER; }

// After an error the host does nothing more with a run.
bool is_of_run(const std::string& phase) { return phase == "write" || phase == "flush" || phase == "commit"; }

void check_reset(Trial& trial) {
  Session session(trial);
  const auto proxy = put_proxy(session);
  at_each_phase(session, [&] { proxy->set(ServerProxy::Mode::reset); }, [&](const std::string& phase, const RunPhase& run) {
    const Answer answer = run(nullptr);
    proxy->set(ServerProxy::Mode::pass);
    trial.expect(answer.took < kHang, phase + " took longer than 5 s", "a connection that is reset is noticed at once");
    if (!answer.ok()) trial.expect(lets_the_host_go_on(answer.error.retry), answer.text() + ", and says that a human must change something", phase + " gives a retry class with which the host connects again");
    if (answer.ok() || !may_be_used_again(answer) || is_of_run(phase)) return;
    trial.step(phase + " once more");
    const Answer again = run(nullptr);
    trial.expect(again.ok() || again.is(PENSTOCK_STATUS_NOT_SUPPORTED), answer.text() + ", safe to try again; then " + again.text(),
                 phase + " works once the server is back, since its retry class says that the object may be used again");
  });
  for (const std::string& secret : secrets_in(session.options(), session.component()))
    if (const auto line = line_with(session.said(), secret, secret.size()))
      trial.fail("it says \"" + printable(std::string_view(*line), kMaxShown) + "\"",
                 "the value of a secret option is shown nowhere, also when the connection is lost");
}

TextRows read_table(Session& session) {
  Work work(session);
  TextRows rows;
  if (work.source() == nullptr || session.trial().quirks().batch_source(session.component().id) == nullptr)
    session.trial().skip("no [[batch_source]] says which table to read");
  if (const Answer answer = work.source()->read(rows); !answer.ok()) session.trial().skip("not decided, since the table cannot be read: " + answer.text());
  return rows;
}

void check_slow(Trial& trial) {
  Session session(trial);
  const auto proxy = put_proxy(session);
  const TextRows whole = read_table(session);
  proxy->set(ServerProxy::Mode::slow);
  trial.step("open and read while answers come a byte at a time");
  const TextRows slow = read_table(session);
  trial.expect(slow == whole, "other rows, " + std::to_string(slow.size()) + " of " + std::to_string(whole.size()));
}

// A run of two rows whose connection is lost at one of its calls. True when all of it was acknowledged all the same.
bool run_without_connection(Session& session, ServerProxy& proxy, const ViewName& view, const std::vector<ProfileRow>& rows, size_t lost_at, const std::function<void()>& lose) {
  TrialSink sink(session);
  TrialRun run(sink);
  session.require(sink.begin(view, kTwoFields, run));
  Written counts;
  const std::function<Answer()> calls[] = {[&] { return run.write(rows, counts); }, [&] { return run.flush(); }, [&] { return run.commit({1, {}, "one"}); }};
  for (size_t i = 0; i < std::size(calls); ++i) {
    if (i == lost_at) lose();
    const Answer answer = calls[i]();
    proxy.set(ServerProxy::Mode::pass);
    if (!answer.ok()) return false;
  }
  return counts.written == static_cast<int64_t>(rows.size());
}

void check_acknowledged(Trial& trial) {
  constexpr const char* kCalls[] = {"write", "flush", "commit"};
  Session session(trial);
  const auto proxy = put_proxy(session);
  if (!TrialSink(session).has(PENSTOCK_EXT_LOOKUP)) trial.skip("not offered: " + std::string(PENSTOCK_EXT_LOOKUP));
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "ann", 1), two_fields("b", 1, "bob", 2)};
  const std::pair<const char*, std::function<void()>> losses[] = {
      {"is reset", [&] { proxy->set(ServerProxy::Mode::reset); }},
      {"is cut before an answer", [&] { proxy->cut_after(0, ServerProxy::Cut::reset); }},
      {"is closed before an answer", [&] { proxy->cut_after(0, ServerProxy::Cut::close); }}};
  for (size_t at = 0; at < std::size(kCalls); ++at) {
    for (const auto& loss : losses) {
      const std::string lost = std::string("the connection ") + loss.first + " in " + kCalls[at];
      const ViewName view = own_view("lost_" + std::to_string(at) + "_" + std::to_string(&loss - losses));
      trial.step("write, flush and commit while " + lost);
      const bool acknowledged = run_without_connection(session, *proxy, view, rows, at, loss.second);
      TrialSink other(session);
      if (acknowledged) {
        const std::vector<Profile> seen = other.lookup(view, kTwoFields, {rows[0].key, rows[1].key});
        for (size_t i = 0; i < rows.size(); ++i)
          trial.expect(seen[i].state == PENSTOCK_PROFILE_FOUND && seen[i].cells == rows[i].cells, key_text(rows[i].key) + " is not there, or has other values",
                       "what write, flush and commit have acknowledged is there, also when " + lost);
        if (other.has(PENSTOCK_EXT_MARKER)) trial.expect(other.load_marker(view).found, "there is none", "the position that was committed is there, also when " + lost);
      }
      uint64_t removed = 0;
      if (other.has(PENSTOCK_EXT_DELETE)) other.remove(view, {rows[0].key, rows[1].key}, removed);
    }
  }
}

constexpr Check kChecks[] = {
    {"faults.reset", Subject::component, "a connection that is reset is an error after which the host can go on", "connection-lost", check_reset, 2},
    {"faults.acknowledged", Subject::sink, "what a sink has acknowledged is there, also when its connection was lost on the way", "connection-lost", check_acknowledged, 2},
    {"faults.slow", Subject::source, "answers that come a byte at a time are the same answers", "connection-lost", check_slow, 2},
};

}  // namespace

std::span<const Check> connection_checks() { return kChecks; }

}  // namespace penstock::host::conformance
