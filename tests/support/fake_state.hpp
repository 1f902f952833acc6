// A State in memory, with failures on demand.
#pragma once

#include "state/state.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock::test {

// Keeps the promises of host::State but for surviving the process. Thread-safe.
class FakeState final : public host::State {
 public:
  explicit FakeState(host::StateLimits limits = {}) : limits_(limits) {}

  // Asked before every call with the function's name, such as "finish_run"; a Failure fails the call, which then does nothing.
  // Set it before threads use the state. It must not call the state.
  std::function<std::optional<host::Failure>(std::string_view function)> fail;

  host::Result<std::optional<host::PositionRecord>> position(const host::ViewId& view) override;
  host::Result<void> forget_position(const host::ViewId& view) override;
  host::Result<void> start_run(const host::RunRecord& run) override;
  host::Result<void> update_run(const host::RunRecord& run) override;
  host::Result<void> save_rejects(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects) override;
  host::Result<void> finish_run(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects,
                                const std::optional<host::PositionRecord>& position,
                                const std::vector<host::RetriedReject>& retried = {}) override;
  host::Result<void> finish_empty_runs(const std::vector<host::EmptyRun>& runs) override;
  host::Result<void> close_interrupted_runs(int64_t now_ns) override;
  host::Result<std::vector<host::RunRecord>> history(const std::optional<host::ViewId>& view, int64_t limit) override;
  host::Result<std::vector<host::RejectRecord>> rejects(const std::optional<host::ViewId>& view, int64_t limit) override;
  host::Result<std::vector<host::StoredReject>> due_rejects(const host::ViewId& view, const std::string& store, int64_t now_ns, int64_t after,
                                                            int64_t limit) override;
  host::Result<int64_t> count_rejects(const host::ViewId& view) override;
  host::Result<int64_t> drop_rejects(const host::ViewId& view) override;
  host::Result<std::vector<host::StoredDefinition>> definitions() override;
  host::Result<void> replace_definitions(const std::vector<host::StoredDefinition>& definitions) override;
  host::Result<int64_t> definitions_version() override;

 private:
  // The failure that the test wants for this call, if any.
  std::optional<host::Failure> wanted_failure(std::string_view function) const {
    auto failure = fail ? fail(function) : std::nullopt;
    if (failure) return std::move(*failure).in("state");
    return {};
  }
  host::Result<void> record_end(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects,
                                const std::optional<host::PositionRecord>& position, const std::vector<host::RetriedReject>& retried);
  void replace_rejects(const host::RunRecord& run, const std::vector<host::RejectRecord>& rejects);
  host::RunRecord* find_run(const std::string& run_id);

  const host::StateLimits limits_;
  std::mutex mutex_;
  std::map<host::ViewId, host::PositionRecord> positions_;
  std::vector<host::RunRecord> runs_;  // in the order of their starts
  std::vector<host::StoredReject> rejects_;
  int64_t last_number_ = 0;
  std::vector<host::StoredDefinition> definitions_;
  int64_t definitions_version_ = 0;
};

}  // namespace penstock::test
