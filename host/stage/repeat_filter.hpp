// Rows that a run reads again exactly as this host wrote them: a lookback brings the same rows with every run, and the store need not be asked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

// What the filters of all views may take together. Thread-safe.
class RepeatBudget {
 public:
  explicit RepeatBudget(size_t bytes) : left_(bytes) {}
  bool take(size_t bytes);
  void give_back(size_t bytes) { left_ += bytes; }

 private:
  std::atomic<size_t> left_;
};

// Of one view in one store, from run to run; used by one run at a time. It lives in the host's memory: a host that starts knows nothing.
//
// A row may be left out only if the store has it, and that is known only as long as nobody else wrote. So all of it holds until the
// next run that does not fit: the run that wrote the rows must have committed, be the last that began in the store, and be the one
// that set the marker. Anything that goes wrong, and any row that the store refused, and all is forgotten.
//
// A row that is left out does not start its ttl again. So that this makes no difference, every hundredth of the ttl a run leaves nothing out.
//
// It takes the same key, the same times and the same values. A row of another time goes to the store, whose order key must rise with it;
// so does one of other values at the same time, even those of an earlier row: only the last row of a key is known. Of rows of one key
// that tie within a run either all or none go, as the later fence would decide between them: where that cannot be kept the run fails.
class RepeatFilter {
 public:
  explicit RepeatFilter(std::shared_ptr<RepeatBudget> budget) : budget_(std::move(budget)), known_(*budget_), next_(*budget_) {}

  // The store as a run found it that has just taken the view over.
  struct Found {
    std::string definition;  // of the view: whatever decides what is written
    std::string store_id;
    int64_t previous_fence = -1;  // of the run that began before this one; -1: the store does not say
    int64_t committed_fence = 0;  // of the run that set the marker
    int64_t steady_ns = 0, wall_ns = 0;  // when the run began
    int64_t ttl_ns = 0;           // 0: profiles live for ever
  };
  // Begins a run. Unless the store is as the last run left it, and `may_leave_out`, nothing is left out.
  void start(const Found& found, bool may_leave_out);

  // Is the row one that may be left out if its values are those too? Cheap: most rows are not.
  bool may_repeat(std::string_view key, std::string_view times) const;
  // Leaves the row out, if that is right.
  bool leave_out(std::string_view key, std::string_view times, uint64_t values);
  // The row goes to the store. `again`: the next run may read it again, so it is worth remembering.
  void sent(std::string_view key, std::string_view times, uint64_t values, bool again);

  // A row that was left out ties with one that was sent: the run must fail.
  bool contradicted() const { return contradicted_; }
  // The rows of this run come in no order, so that those that tie may be anywhere.
  void unordered();
  // What was written is not sure: the store refused a row.
  void spoil() { spoilt_ = true; }

  // The run has committed.
  void committed(int64_t fence);
  void forget();

 private:
  struct Entry {
    uint64_t key[2];
    uint64_t times;  // the lowest bit: it was left out in this run
    uint64_t values;
  };
  // Open addressing; a key of zeros is a free place.
  class Table {
   public:
    explicit Table(RepeatBudget& budget) : budget_(budget) {}
    ~Table() { clear(); }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    const Entry* find(const uint64_t (&key)[2]) const;
    // False: there is no room.
    bool put(const Entry& entry);
    void clear();
    void swap(Table& other) { entries_.swap(other.entries_), std::swap(size_, other.size_); }

   private:
    bool grow();
    Entry* place(const uint64_t (&key)[2]);
    RepeatBudget& budget_;
    std::vector<Entry> entries_;
    size_t size_ = 0;
  };

  const std::shared_ptr<RepeatBudget> budget_;
  std::string definition_, store_id_;
  int64_t fence_ = 0;  // of the run that wrote what is known
  int64_t all_sent_steady_ns_ = 0, all_sent_wall_ns_ = 0;  // when the last run that left nothing out began
  Table known_, next_;
  bool leaves_out_ = false, left_any_out_ = false, contradicted_ = false, spoilt_ = false;
};

}  // namespace penstock::host
