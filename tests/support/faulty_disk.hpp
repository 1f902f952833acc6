// A disk that fails on demand and loses power, under the SQLite of this process.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace penstock::test {

// While it lives, every database that is opened in this process is on it: a VFS before SQLite's own, which still does the files
// and the locks. It remembers what each file is on disk (what was synced) and what was changed since; after a power cut the
// latter is there in part: none, all, some of the writes, or some sectors of each. A file that was made or removed is so for
// sure once its directory was synced.
//
// Of what SQLite does by itself, memory that processes share (-shm) is not part of it: after a power cut it is there, gone or
// garbage. Files that are changed past SQLite count as synced when it first opens them.
//
// One at a time. Not thread-safe. What it does depends on the seed and the calls alone.
class FaultyDisk {
 public:
  enum class Operation { open, read, write, truncate, sync, remove, share };
  static constexpr size_t kOperations = 7;

  // The operation fails with `error` in errno after `after` that work, `times` times. A write that fails may have written a part;
  // a sync that fails may have dropped some of what it should have saved, as Linux does.
  struct Fault {
    Operation operation;
    int64_t after = 0;
    int64_t times = 1;
    int error = 0;
  };

  explicit FaultyDisk(uint64_t seed);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  void fail(const Fault& fault) { faults_.push_back(fault); }
  // No more faults; a power cut that is due stays so.
  void repair() { faults_.clear(); }
  // Faults that were met so far.
  int64_t faults_met(Operation operation) const { return met_[static_cast<size_t>(operation)]; }
  int64_t faults_met() const;

  // From the n-th operation that changes something, counted from now and from 1, all fail and change nothing.
  void cut_power_at(int64_t operation) {
    cut_at_ = changes_ + operation;
    cut_in_sync_ = false;
  }
  // From the first sync after n such operations.
  void cut_power_in_sync_after(int64_t operations) {
    cut_at_ = changes_ + operations;
    cut_in_sync_ = true;
  }
  void cut_power() { powered_ = false; }
  bool powered() const { return powered_; }
  // After a power cut, once everything is closed: leaves what the disk happens to hold, and works again without faults.
  void restart();

  // Syncs are said to be done and are not.
  void ignore_syncs() { ignores_syncs_ = true; }

 private:
  friend struct FaultyVfs;

  struct Change {
    bool truncates = false;
    size_t offset = 0;  // or the new size
    std::string bytes;
  };
  // A file, whatever its name is now.
  struct Node {
    std::string synced;
    std::vector<Change> pending;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  // Counts a change; false when there is no power (any more).
  bool spend_change(bool is_sync = false);
  // The errno that the operation is to fail with, 0 for none.
  int fault(Operation operation);
  std::shared_ptr<Node> node(const std::string& path, bool exists);
  std::string surviving(const Node& node);
  void sync(Node& node);
  void sync_names() { synced_names_ = names_; }
  uint64_t below(uint64_t limit) { return random_() % limit; }

  std::mt19937_64 random_;
  std::vector<Fault> faults_;
  std::array<int64_t, kOperations> met_{};
  int64_t changes_ = 0;
  std::optional<int64_t> cut_at_;
  bool cut_in_sync_ = false;
  bool powered_ = true;
  bool ignores_syncs_ = false;
  int64_t open_files_ = 0;
  Names names_, synced_names_;
  std::vector<std::filesystem::path> shared_memory_;
};

}  // namespace penstock::test
