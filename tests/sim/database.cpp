#include "database.hpp"

#include <algorithm>

namespace penstock::sim {
namespace {

constexpr size_t kMostOpen = 4;
constexpr int64_t kFarBack = 60'000'000;  // beyond every lag and lookback

}  // namespace

void Database::advance(int64_t ns) {
  now_ += ns;
  latest_clock_ = std::max(latest_clock_, clock());
}

const Version* Database::current(int64_t row) const {
  const auto at = static_cast<size_t>(row);
  return at < rows_.size() && rows_[at] ? &versions_[*rows_[at]] : nullptr;
}

bool Database::is_locked(int64_t row, const Transaction& by) const {
  return std::any_of(open_.begin(), open_.end(), [&](const Transaction& other) {
    return &other != &by && std::any_of(other.writes.begin(), other.writes.end(), [&](const Version& write) { return write.row == row; });
  });
}

void Database::act(uint64_t event) {
  const int64_t what = chance_.below(10);
  if (open_.empty() || (what == 0 && open_.size() < kMostOpen)) return begin();
  const auto index = static_cast<size_t>(chance_.below(static_cast<int64_t>(open_.size())));
  Transaction& transaction = open_[index];
  if (transaction.prepared) {
    if (what < 3) end(index, !(setup_.has(kRollback) && chance_.one_in(4)), event);
  } else if (what < 6) {
    write(transaction);
  } else if (setup_.has(kPrepared) && chance_.one_in(6)) {
    transaction.prepared = true;
  } else {
    end(index, !(setup_.has(kRollback) && chance_.one_in(4)), event);
  }
}

void Database::begin() {
  // A clock that was set back would date rows below a horizon that was already given: no rule promises those.
  if (setup_.cursor == Setup::Cursor::database_time && clock() < latest_clock_) return;
  open_.push_back({clock(), now_ + chance_.below(setup_.margin_ns)});
}

void Database::write(Transaction& transaction) {
  if (transaction.xid == 0) transaction.xid = next_xid_++;
  Version version;
  version.row = setup_.append_only ? static_cast<int64_t>(rows_.size()) : chance_.below(setup_.entities);
  version.entity = setup_.append_only ? chance_.below(setup_.entities) : version.row;
  version.event = chance_.between(1, 12) * setup_.tick_ns;
  version.value = chance_.below(setup_.values);
  version.written_at = now_;
  if (is_locked(version.row, transaction)) return;
  const Version* const before = current(version.row);
  const auto on_tick = [&](int64_t time) { return time - time % setup_.tick_ns; };
  switch (setup_.cursor) {
    case Setup::Cursor::database_time: version.cursor = on_tick(transaction.start); break;
    case Setup::Cursor::application_time: version.cursor = on_tick(now_); break;
    case Setup::Cursor::xid: version.cursor = transaction.xid; break;
  }
  const bool unpromised = setup_.has(kUnpromised) && chance_.one_in(6);
  if (setup_.cursor != Setup::Cursor::xid && before != nullptr && (setup_.lookback_ns > 0 || unpromised) && chance_.one_in(3)) {
    // Corrected in place: neither time moves.
    version.cursor = before->cursor;
    version.event = before->event;
    version.again = true;
  } else if (setup_.append_only && setup_.null_cursors && chance_.one_in(5)) {
    version.cursor.reset();
  } else if (setup_.cursor == Setup::Cursor::application_time && unpromised) {
    version.cursor = on_tick(now_ - kFarBack);
  }
  // A row that would go back in the order of the table is what a later reader cannot tell from a late one; most seeds do
  // without.
  if (before != nullptr && version.cursor < before->cursor && !unpromised) return;
  if (setup_.append_only) rows_.emplace_back();
  std::erase_if(transaction.writes, [&](const Version& write) { return write.row == version.row; });
  transaction.writes.push_back(version);
}

void Database::end(size_t index, bool commits, uint64_t event) {
  Transaction ended = std::move(open_[index]);
  open_.erase(open_.begin() + static_cast<ptrdiff_t>(index));
  if (!commits) return;
  for (Version& write : ended.writes) commit(write, event);
}

void Database::commit(Version version, uint64_t event) {
  version.committed_in = event;
  // Beyond lag and lookback a row is too late, and one that keeps its cursor is found by a lookback only.
  if (version.cursor && (setup_.cursor == Setup::Cursor::application_time || version.again))
    version.promised = now_ - *version.cursor < setup_.lag_ns + setup_.lookback_ns;
  if (!version.promised) broke_promises_ = true;
  auto& row = rows_.size() > static_cast<size_t>(version.row) ? rows_[static_cast<size_t>(version.row)]
                                                              : (rows_.resize(static_cast<size_t>(version.row) + 1), rows_.back());
  if (row) {
    const Version& before = versions_[*row];
    if (version.cursor < before.cursor || (setup_.order_by_event && version.event < before.event)) superseded_by_older_ = true;
  }
  row = versions_.size();
  versions_.push_back(version);
}

void Database::settle(uint64_t event) {
  while (!open_.empty()) end(0, true, event);
}

std::vector<size_t> Database::snapshot() const {
  std::vector<size_t> visible;
  for (const auto& row : rows_)
    if (row) visible.push_back(*row);
  return visible;
}

std::optional<int64_t> Database::oldest_start() const {
  std::optional<int64_t> oldest;
  for (const Transaction& transaction : open_)
    if (!transaction.prepared && transaction.shown_from <= now_ && (!oldest || transaction.start < *oldest)) oldest = transaction.start;
  return oldest;
}

int64_t Database::oldest_xid() const {
  int64_t oldest = next_xid_;
  for (const Transaction& transaction : open_)
    if (transaction.xid != 0) oldest = std::min(oldest, transaction.xid);
  return oldest;
}

bool Database::any_prepared() const {
  return std::any_of(open_.begin(), open_.end(), [](const Transaction& transaction) { return transaction.prepared; });
}

}  // namespace penstock::sim
