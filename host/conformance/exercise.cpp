#include "conformance/exercise.hpp"

#include <algorithm>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

const Schema kFields = {{"NAME", Type::utf8}, {"ORDERS", Type::int32}};

std::vector<ProfileRow> some_rows() {
  return {{"ann", testing::order_key(1), {testing::cell("Ann"), testing::cell(int32_t{1})}},
          {"bob", testing::order_key(2), {std::nullopt, testing::cell(int32_t{2})}},
          {"eve", testing::order_key(3), {testing::cell("Eve"), std::nullopt}}};
}

ViewName own_view() { return {"penstock_check_work_" + std::to_string(getpid()), 1}; }

std::vector<Answer> run(std::vector<Phase> phases) {
  std::vector<Answer> answers;
  for (const Phase& phase : phases) {
    answers.push_back(phase.run(nullptr));
    if (trouble_in(answers) != nullptr) break;
  }
  return answers;
}

bool write_rows(TrialSink& sink) {
  TrialRun run(sink);
  Written counts;
  if (!sink.ping().ok() || !sink.begin(own_view(), kFields, run).ok()) return false;
  const bool written = run.write(some_rows(), counts).ok();
  run.abort();
  run.end();
  sink.clean_up();
  return written;
}

bool read_rows(Session& session, TrialSource& source) {
  const ScanSubject subject(session);
  Schema schema;
  HorizonResult horizon;
  PlanResult plan;
  if (!source.ping().ok() || !source.describe(subject.table(), schema).ok()) return false;
  if (!source.horizon(subject.table(), subject.cursor(), horizon).ok()) return false;
  const ScanSpec spec = subject.scan(horizon, names_of(schema));
  if (!source.plan(spec, plan).ok()) return false;
  TextRows rows;
  return std::all_of(plan.tokens.begin(), plan.tokens.end(), [&](const std::string& token) {
    TrialScan scan(session);
    return source.start(spec, token, scan).ok() && scan.rest(rows).ok();
  });
}

}  // namespace

SourceWork::SourceWork(Session& session) : source(session), session_(session) {
  if (session.trial().quirks().batch_source(session.component().id) == nullptr) return;
  subject_.emplace(session);
  schema_ = source.describe(subject_->table());
  horizon_ = source.horizon(subject_->table(), subject_->cursor());
  spec_ = subject_->scan(horizon_, names_of(schema_));
  plan_ = source.plan(*spec_);
}

std::vector<Phase> SourceWork::phases() {
  std::vector<Phase> phases = {{"ping", [this](FakeCall* call) { return source.ping(call); }},
                               {"list_tables", [this](FakeCall* call) {
                                  std::vector<std::string> tables;
                                  return source.list_tables(tables, call);
                                }}};
  if (!subject_) return phases;
  phases.push_back({"describe", [this](FakeCall* call) {
                      Schema schema;
                      return source.describe(subject_->table(), schema, call);
                    }});
  phases.push_back({"horizon", [this](FakeCall* call) {
                      HorizonResult horizon;
                      return source.horizon(subject_->table(), subject_->cursor(), horizon, call);
                    }});
  phases.push_back({"plan", [this](FakeCall* call) {
                      PlanResult plan;
                      return source.plan(*spec_, plan, call);
                    }});
  phases.push_back({"scan", [this](FakeCall* call) { return scan(call); }});
  return phases;
}

// The first partition, to its end.
Answer SourceWork::scan(FakeCall* call) {
  if (plan_.tokens.empty()) return {"scan"};
  TextRows rows;
  TrialScan scan(session_, call);
  if (const Answer started = source.start(*spec_, plan_.tokens.front(), scan); !started.ok()) return started;
  return scan.rest(rows);
}

Answer SourceWork::read(TextRows& rows) {
  for (const std::string& token : plan_.tokens) {
    TrialScan scan(session_);
    Answer answer = source.start(*spec_, token, scan);
    if (answer.ok()) answer = scan.rest(rows);
    if (!answer.ok()) return answer;
  }
  return {"scan"};
}

SinkWork::SinkWork(Session& session) : sink(session), run_(std::make_unique<TrialRun>(sink)) {}

SinkWork::~SinkWork() {
  run_.reset();
  sink.clean_up();
}

std::vector<Phase> SinkWork::phases() {
  return {{"ping", [this](FakeCall* call) { return sink.ping(call); }},
          {"capabilities", [this](FakeCall* call) {
             penstock_sink_capabilities capabilities{};
             return sink.capabilities(capabilities, call);
           }},
          {"begin", [this](FakeCall* call) { return sink.begin(own_view(), kFields, *run_, 0, 24, call); }},
          {"write", [this](FakeCall* call) {
             Written counts;
             return run_->write(some_rows(), counts, 0, call);
           }},
          {"flush", [this](FakeCall* call) { return run_->flush(call); }},
          {"commit", [this](FakeCall* call) { return run_->commit({1, "", "1"}, call); }}};
}

std::vector<Answer> exercise(Session& session) {
  if (session.component().kind == PENSTOCK_KIND_SINK) return run(SinkWork(session).phases());
  return run(SourceWork(session).phases());
}

bool gets_to_rows(Session& session, const OptionSet& options) {
  Answer opened;
  if (session.component().kind == PENSTOCK_KIND_SINK) {
    TrialSink sink(session, options, opened);
    return opened.ok() && write_rows(sink);
  }
  if (session.trial().quirks().batch_source(session.component().id) == nullptr) return false;
  TrialSource source(session, options, opened);
  return opened.ok() && read_rows(session, source);
}

const Answer* trouble_in(const std::vector<Answer>& answers) {
  const Answer& last = answers.back();
  return last.ok() || last.is(PENSTOCK_STATUS_NOT_SUPPORTED) ? nullptr : &last;
}

}  // namespace penstock::host::conformance
