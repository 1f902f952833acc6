// A sink as a check uses it: every call is answered with what came of it, and what the sink hands out is checked before it is read.
#pragma once

#include "conformance/session.hpp"

#include <penstock/testing/profile_row.hpp>
#include <penstock/testing/sink_driver.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::host::conformance {

using penstock::Schema;
using testing::LoadedMarker;
using testing::Profile;
using testing::ProfileRow;
using testing::Written;

struct ViewName {
  std::string view;
  int32_t version = 1;

  auto operator<=>(const ViewName&) const = default;
};

// A batch as it is given to a sink: how often it is released is counted, and once too often does no harm.
class LentBatch {
 public:
  LentBatch(const Schema& schema, const std::vector<ProfileRow>& rows, int64_t skip);
  ~LentBatch();
  LentBatch(const LentBatch&) = delete;
  LentBatch& operator=(const LentBatch&) = delete;

  // For write. What still has release set afterwards is the caller's, which calls take_back.
  ArrowArray* array() { return &array_; }
  void take_back();
  int releases() const { return releases_; }

 private:
  static void release(ArrowArray* array);

  ArrowArray own_{};    // as it was built
  ArrowArray array_{};  // as the sink sees it
  int releases_ = 0;
};

class TrialSink;

// One run. Functions that take a call use it in place of a new one. It must end before its sink.
class TrialRun {
 public:
  explicit TrialRun(TrialSink& sink) : sink_(sink) {}
  ~TrialRun() { end(); }
  TrialRun(const TrialRun&) = delete;
  TrialRun& operator=(const TrialRun&) = delete;

  int64_t fence = 0;
  int64_t previous_fence = -1;

  // The batch begins with so many rows that are skipped by an offset. `counts` is as the sink says; nothing is compared.
  Answer write(const std::vector<ProfileRow>& rows, Written& counts, int64_t skip = 0, FakeCall* call = nullptr);
  // Ends the check unless the answer is OK.
  Written write(const std::vector<ProfileRow>& rows, int64_t skip = 0);
  // Of the last write.
  const std::vector<testing::RecordedReject>& rejects() const { return rejects_; }
  Answer flush(FakeCall* call = nullptr);
  Answer commit(const Position& position, FakeCall* call = nullptr);
  Answer abort(FakeCall* call = nullptr);
  void end();

 private:
  friend class TrialSink;
  TrialSink& sink_;
  ViewName view_;
  Schema schema_;
  penstock_writer* writer_ = nullptr;
  uint64_t next_seq_ = 1;
  std::vector<testing::RecordedReject> rejects_;
};

// Functions that take a call use it in place of a new one, so that a check can cancel it.
class TrialSink {
 public:
  // Opened with the options of the quirks file; ends the check as failed if that fails.
  explicit TrialSink(Session& session);
  // Opened with these; `opened` says whether it was, and nothing else may be called if it was not.
  TrialSink(Session& session, const OptionSet& options, Answer& opened, FakeCall* call = nullptr);
  // Closed.
  ~TrialSink() { close(); }
  TrialSink(const TrialSink&) = delete;
  TrialSink& operator=(const TrialSink&) = delete;

  void close();
  Answer ping(FakeCall* call = nullptr);
  Answer capabilities(penstock_sink_capabilities& out, FakeCall* call = nullptr);
  // A run that was begun and not ended is ended first.
  Answer begin(const ViewName& view, const Schema& fields, TrialRun& out, int64_t ttl_ms = 0, int64_t order_size = 24, FakeCall* call = nullptr);

  // Does it offer the feature?
  bool has(const char* id) const { return vtab_->get_extension(sink_, id) != nullptr; }
  // Ends the check as skipped when it does not.
  void need(const char* id) const;

  Answer load_marker(const ViewName& view, LoadedMarker& out, FakeCall* call = nullptr);
  bool loads_many() const;
  Answer load_markers(const std::vector<ViewName>& views, std::vector<LoadedMarker>& out);
  Answer compare_and_store(const ViewName& view, int64_t expected_fence, const std::optional<Position>& position);
  Answer lookup(const ViewName& view, const Schema& fields, const std::vector<std::string>& keys, std::vector<Profile>& out, FakeCall* call = nullptr);
  Answer remove(const ViewName& view, const std::vector<std::string>& keys, uint64_t& removed);
  Answer set_ttl(const ViewName& view, const std::vector<std::string>& keys, int64_t ttl_ms, uint64_t& touched);
  Answer describe_keys(const ViewName& view, std::string& out);

  // The same where only success will do: anything else ends the check as failed.
  LoadedMarker load_marker(const ViewName& view);
  std::vector<Profile> lookup(const ViewName& view, const Schema& fields, const std::vector<std::string>& keys);

  // Removes what was written through this sink and the markers of its views, as far as the sink offers that.
  void clean_up();

  penstock_sink* object() const { return sink_; }
  const penstock_sink_vtab& vtab() const { return *vtab_; }
  // Those given to write, the oldest first.
  const std::deque<LentBatch>& batches() const { return batches_; }

 private:
  friend class TrialRun;
  using ViewRef = testing::HostStruct<penstock_view_ref>;
  ViewRef to_ref(const ViewName& view) const;

  Session& session_;
  const penstock_sink_vtab* vtab_;
  penstock_sink* sink_ = nullptr;
  std::deque<LentBatch> batches_;
  std::map<ViewName, std::set<std::string>> written_;
};

}  // namespace penstock::host::conformance
