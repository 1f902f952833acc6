// A host's state directory: what survives the host, on a disk that fails.
#pragma once

#include "hazards.hpp"

#include "state/state.hpp"

#include <optional>

namespace penstock::sim {

// Keeps positions and refused rows; of the history it checks that every ended run adds up.
class Disk final : public host::State {
 public:
  explicit Disk(Hazards& hazards) : hazards_(hazards) {}

  host::Result<std::optional<host::PositionRecord>> position(const host::ViewId&) override { return position_; }
  host::Result<void> forget_position(const host::ViewId&) override { return position_.reset(), host::Result<void>(); }
  host::Result<void> start_run(const host::RunRecord&) override;
  host::Result<void> update_run(const host::RunRecord&) override { return {}; }
  host::Result<void> save_rejects(const host::RunRecord&, const std::vector<host::RejectRecord>&) override;
  host::Result<void> finish_run(const host::RunRecord&, const std::vector<host::RejectRecord>&, const std::optional<host::PositionRecord>&,
                                const std::vector<host::RetriedReject>&) override;
  host::Result<void> finish_empty_runs(const std::vector<host::EmptyRun>&) override;
  host::Result<void> close_interrupted_runs(int64_t) override { return {}; }
  host::Result<std::vector<host::RunRecord>> history(const std::optional<host::ViewId>&, int64_t) override { return std::vector<host::RunRecord>(); }
  host::Result<std::vector<host::RejectRecord>> rejects(const std::optional<host::ViewId>&, int64_t) override {
    return std::vector<host::RejectRecord>();
  }
  host::Result<std::vector<host::StoredReject>> due_rejects(const host::ViewId&, const std::string&, int64_t now_ns, int64_t after, int64_t limit) override;
  host::Result<int64_t> count_rejects(const host::ViewId&) override { return 0; }
  host::Result<int64_t> drop_rejects(const host::ViewId&) override { return 0; }
  host::Result<std::vector<host::StoredDefinition>> definitions() override { return std::vector<host::StoredDefinition>(); }
  host::Result<void> replace_definitions(const std::vector<host::StoredDefinition>&) override { return {}; }
  host::Result<int64_t> definitions_version() override { return 0; }

  // Faults: the directory is lost, or comes back as it was at the last backup.
  void lose() { position_.reset(), refused_.clear(); }
  void back_up() { backup_ = position_; }
  void restore() { position_ = backup_; }

  bool every_run_added_up() const { return every_run_added_up_; }

 private:
  void replace_rejects(const std::string& run_id, const std::vector<host::RejectRecord>&);

  Hazards& hazards_;
  std::vector<host::StoredReject> refused_;  // retryable ones only, in the order of their numbers
  int64_t last_number_ = 0;
  std::optional<host::PositionRecord> position_, backup_;
  bool every_run_added_up_ = true;
};

}  // namespace penstock::sim
