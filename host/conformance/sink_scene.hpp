// What checks of sinks have in common: a sink, views of their own in its store, and a look at what is in them.
#pragma once

#include "conformance/trial_sink.hpp"

#include <penstock/testing/sample_rows.hpp>

namespace penstock::host::conformance {

using testing::all_types;
using testing::edge_rows;
using testing::kTwoFields;
using testing::two_fields;

// A name that no other view in the store has: of this run of the suite, and of the check.
ViewName own_view(const std::string& topic, int32_t version = 1);

// A value for people: "ann" · -7 · 0x00ff · null.
std::string cell_text(const Field& field, const testing::Cell& cell);
std::string row_text(const Schema& fields, const std::string& order, const std::vector<testing::Cell>& cells);
// {2 written, 0 unchanged, 1 stale, 0 rejected}
std::string counts_text(const Written& counts);
std::string key_text(const std::string& key);

// Removes at its end what was written into its views, as far as the sink offers that.
class SinkScene {
 public:
  explicit SinkScene(Trial& trial) : session(trial), sink(session) {}
  ~SinkScene();
  SinkScene(const SinkScene&) = delete;
  SinkScene& operator=(const SinkScene&) = delete;

  // Begins a run; anything but OK ends the check: as failed in a check of begin, as not decided in others.
  void begin(const ViewName& view, const Schema& fields, TrialRun& out, int64_t ttl_ms = 0);
  penstock_sink_capabilities capabilities();
  // Ends the check as skipped where the sink does not claim the bit.
  void need_claim(uint32_t bit, const char* name);

  // The profile of one key, asked for alone.
  Profile profile(const ViewName& view, const Schema& fields, const std::string& key) { return sink.lookup(view, fields, {key}).front(); }
  // Fails the check unless the profile is as the row says, order key and all. `after`: what was done, "two runs wrote it".
  bool expect_row(const ViewName& view, const Schema& fields, const ProfileRow& row, const std::string& after);
  bool expect_profile(const Profile& seen, const Schema& fields, const ProfileRow& row, const std::string& after);
  bool expect_missing(const ViewName& view, const Schema& fields, const std::string& key, const std::string& after);
  // Fails the check unless the answer is this.
  bool expect_answer(const Answer& answer, penstock_status status, const std::string& when);

  Session session;
  TrialSink sink;
};

}  // namespace penstock::host::conformance
