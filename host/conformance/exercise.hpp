// Everything that a host does with a component, once: what checks of its behaviour in general look at from outside.
#pragma once

#include "conformance/session.hpp"
#include "conformance/trial_sink.hpp"
#include "conformance/trial_source.hpp"

#include <functional>
#include <string>
#include <vector>

namespace penstock::host::conformance {

// One call of a phase of the work, "horizon" or "write"; with a call to be used in place of a new one.
struct Phase {
  std::string name;
  std::function<Answer(FakeCall*)> run;
};

// An opened source, and the calls that the host makes to read the table of the quirks file. Without a table: ping and list_tables.
class SourceWork {
 public:
  explicit SourceWork(Session& session);
  // In the order of a run; open is not among them.
  std::vector<Phase> phases();
  // Reads the whole table.
  Answer read(TextRows& rows);

  TrialSource source;

 private:
  Answer scan(FakeCall* call);

  Session& session_;
  std::optional<ScanSubject> subject_;
  Schema schema_;
  HorizonResult horizon_;
  PlanResult plan_;
  std::optional<ScanSpec> spec_;
};

// An opened sink, and the calls of a run of a few rows in a view of its own.
class SinkWork {
 public:
  explicit SinkWork(Session& session);
  ~SinkWork();
  std::vector<Phase> phases();

  TrialSink sink;

 private:
  std::unique_ptr<TrialRun> run_;
};

// All phases of the component, and what came of each; stops at the first that fails.
std::vector<Answer> exercise(Session& session);

// Does a component that is opened with these options answer OK up to the first rows? False also for a source without a table.
bool gets_to_rows(Session& session, const OptionSet& options);

// The last of the answers, if it is one that a host cannot go on with.
const Answer* trouble_in(const std::vector<Answer>& answers);

}  // namespace penstock::host::conformance
