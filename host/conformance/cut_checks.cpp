// Connections that end while an answer is on its way.
#include "conformance/fault_groups.hpp"
#include "conformance/fault_scene.hpp"

#include <algorithm>
#include <set>

namespace penstock::host::conformance {
namespace {

using Cut = ServerProxy::Cut;

constexpr std::chrono::seconds kTime{8};  // fewer places, where they take longer

// What a source has answered.
struct Reading {
  std::vector<std::string> tables;
  Schema schema;
  HorizonResult horizon;
  PlanResult plan;
  TextRows rows;
};

std::string of(size_t part, size_t all, const char* what) { return std::to_string(part) + " of " + std::to_string(all) + " " + what; }

struct Step {
  const char* name;
  std::function<Answer(TrialSource&, Reading&)> read;
  // What an answer of OK does not say any more, given what it has said before; empty: it says it all.
  std::function<std::string(const Reading&)> loss;
  int64_t bytes = 0;  // of the server's answers
};

// The steps of reading a table, each cut off in its course, and what they answer when nothing is.
class CutReading {
 public:
  CutReading(Session& session, ServerProxy& proxy) : session_(session), proxy_(proxy), subject_(session) {}

  // Ends the check as skipped where the table cannot be read, or not from the server.
  void read_whole();
  // From the rows to what comes before them, since the rows matter most.
  const std::vector<Step>& steps() const { return steps_; }
  // False: the step answered OK, and lacks something.
  bool cut(const Step& step, int64_t at, Cut how);

 private:
  Answer read_rows(TrialSource& source, const PlanResult& plan, TextRows& rows);
  std::string loss_of_plan(const Reading& now);
  std::string loss_of_rows(const TextRows& rows) const { return rows == whole_.rows ? "" : of(rows.size(), whole_.rows.size(), "rows, or others"); }

  Session& session_;
  ServerProxy& proxy_;
  const ScanSubject subject_;
  ScanSpec spec_;
  Reading whole_;
  std::vector<Step> steps_ = {
      {"scan", [this](TrialSource& source, Reading& now) { return read_rows(source, now.plan, now.rows); },
       [this](const Reading& now) { return loss_of_rows(now.rows); }},
      {"plan", [this](TrialSource& source, Reading& now) { return source.plan(spec_, now.plan); },
       [this](const Reading& now) { return loss_of_plan(now); }},
      {"horizon", [this](TrialSource& source, Reading& now) { return source.horizon(subject_.table(), subject_.cursor(), now.horizon); },
       [this](const Reading& now) { return now.horizon.ordinal < whole_.horizon.ordinal ? "a lower horizon than before" : ""; }},
      {"describe", [this](TrialSource& source, Reading& now) { return source.describe(subject_.table(), now.schema); },
       [this](const Reading& now) { return now.schema == whole_.schema ? "" : of(now.schema.size(), whole_.schema.size(), "columns, or others"); }},
      {"list_tables", [](TrialSource& source, Reading& now) { return source.list_tables(now.tables); },
       [this](const Reading& now) { return now.tables.size() >= whole_.tables.size() ? "" : of(now.tables.size(), whole_.tables.size(), "tables"); }},
  };
};

Answer CutReading::read_rows(TrialSource& source, const PlanResult& plan, TextRows& rows) {
  for (const std::string& token : plan.tokens) {
    TrialScan scan(session_);
    Answer answer = source.start(spec_, token, scan);
    if (answer.ok()) answer = scan.rest(rows);
    if (!answer.ok()) return answer;
  }
  return {"scan"};
}

void CutReading::read_whole() {
  TrialSource source(session_);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const int64_t before = proxy_.answered();
    const Answer answer = step->read(source, whole_);
    if (!answer.ok() && !answer.is(PENSTOCK_STATUS_NOT_SUPPORTED))
      session_.trial().skip("not decided, since the table cannot be read: " + answer.text());
    // A step that is not offered cannot be cut.
    if (answer.ok()) step->bytes = proxy_.answered() - before;
    // All that follows reads up to this horizon, with these columns.
    if (!whole_.schema.empty()) spec_ = subject_.scan(whole_.horizon, names_of(whole_.schema));
  }
  if (std::none_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.bytes > 0; }))
    session_.trial().skip("the answers do not come from the server");
}

// A plan is as good as the rows that can be read by it.
std::string CutReading::loss_of_plan(const Reading& now) {
  if (now.plan.tokens == whole_.plan.tokens) return "";
  TrialSource source(session_);
  TextRows rows;
  return read_rows(source, now.plan, rows).ok() && rows != whole_.rows ? "a plan for " + loss_of_rows(rows) : "";
}

bool CutReading::cut(const Step& step, int64_t at, Cut how) {
  const std::string place = std::string(how == Cut::reset ? "reset" : "closed") + " after " +
                            of(static_cast<size_t>(at), static_cast<size_t>(step.bytes), "bytes");
  session_.trial().step(std::string(step.name) + ", " + place);
  TrialSource source(session_);
  Reading now;
  // Tokens of its own, for a plan that the connection has not seen would be another fault.
  if (step.name == std::string("scan")) session_.require(source.plan(spec_, now.plan));
  proxy_.cut_after(at, how);
  const Answer answer = step.read(source, now);
  proxy_.set(ServerProxy::Mode::pass);
  const std::string loss = answer.ok() ? step.loss(now) : "";
  return session_.trial().expect(loss.empty(), "the connection was " + place + ", and " + step.name + " ended well with " + loss);
}

std::set<int64_t> places_in(int64_t bytes, bool many) {
  if (bytes == 0) return {};
  if (!many) return {1, bytes / 2, bytes - 1};
  return {0, 1, bytes / 4, bytes / 2, bytes * 3 / 4, bytes * 15 / 16, bytes - 1};
}

void check_cut(Trial& trial) {
  Session session(trial);
  const auto proxy = put_proxy(session);
  CutReading reading(session, *proxy);
  reading.read_whole();
  const auto until = std::chrono::steady_clock::now() + kTime;
  for (const Step& step : reading.steps())
    for (const int64_t at : places_in(step.bytes, &step == &reading.steps().front()))
      for (const Cut how : {Cut::close, Cut::reset})
        if (std::chrono::steady_clock::now() > until || !reading.cut(step, at, how)) return;
}

constexpr Check kChecks[] = {
    {"faults.cut", Subject::source, "an answer whose connection was lost or closed does not end as if it were complete", "short-success", check_cut,
     2},
};

}  // namespace

std::span<const Check> cut_checks() { return kChecks; }

}  // namespace penstock::host::conformance
