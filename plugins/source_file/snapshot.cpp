#include "snapshot.hpp"

#include "csv.hpp"
#include "fingerprint.hpp"
#include "timestamp.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <time.h>

namespace penstock::files {
namespace {

constexpr int64_t kChunk = 256 * 1024;
constexpr size_t kNamesShown = 3;

int64_t tick_of(int64_t stamp) { return stamp % 1'000'000'000 == 0 ? kCoarseTick : kTick; }

}  // namespace

int64_t realtime_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return ns_of(now);
}

const FileEntry* CountMemory::find(const FileState& file, bool settled) const {
  const auto found = known_.find(file.id);
  if (found == known_.end()) return nullptr;
  const Known& known = found->second;
  return known.stamp == file.stamp && known.size == file.size && known.settled == settled ? &known.entry : nullptr;
}

void CountMemory::keep(const FileState& file, bool settled, const FileEntry& entry) {
  if (known_.size() >= kMaxRememberedFiles) known_.clear();
  known_[file.id] = {file.stamp, file.size, settled, entry};
}

// The end of the last complete record in [0, end). For CSV that takes reading from the beginning: whether a line end is inside
// a quoted field only the bytes before it can tell.
int64_t Snapshot::last_line_end(const OpenFile& file, int64_t end) const {
  const auto chunk = std::make_unique<char[]>(kChunk);
  if (format_ == Format::ndjson) {
    for (int64_t to = end; to > 0;) {
      call_.check();
      const int64_t from = std::max<int64_t>(0, to - kChunk);
      const auto size = static_cast<size_t>(to - from);
      file.read_exactly(from, chunk.get(), size);
      if (const void* at = memrchr(chunk.get(), '\n', size); at != nullptr)
        return from + (static_cast<const char*>(at) - chunk.get()) + 1;
      to = from;
    }
    return 0;
  }
  CsvSkipper skipper(settings_.separator());
  int64_t complete = 0;
  for (int64_t at = 0; at < end;) {
    call_.check();
    const size_t size = file.read_some(at, chunk.get(), static_cast<size_t>(std::min(kChunk, end - at)));
    const char* const begin = chunk.get();
    for (const char* p = begin; p < begin + size;) {
      p = skipper.skip(p, begin + size);
      if (skipper.at_record_end()) complete = at + (p - begin);
    }
    at += static_cast<int64_t>(size);
  }
  return complete;
}

FileEntry Snapshot::count(const FileState& state) {
  const bool is_settled = settled(state);
  const bool unsure = state.stamp > now_ns_ - tick_of(state.stamp);
  if (!unsure)
    if (const FileEntry* known = memory_.find(state, is_settled); known != nullptr) return *known;
  FileEntry entry;
  entry.id = state.id;
  entry.stamp = unsure ? kUnsureStamp : state.stamp;
  const OpenFile file(state.path, state.id);
  if (file.status().st_size < state.size) throw changed_error(state.path, "was truncated while it was counted");
  char last = '\n';
  if (state.size > 0) file.read_exactly(state.size - 1, &last, 1);
  if (is_settled) {
    entry.end = state.size;
    entry.tail = last == '\n' ? 0 : state.size - last_line_end(file, state.size);
  } else {
    entry.end = last_line_end(file, state.size);
  }
  entry.fingerprint = files::fingerprint(call_, file, entry.end, settings_.appended);
  if (!unsure) memory_.keep(state, is_settled, entry);
  return entry;
}

uint64_t Snapshot::fingerprint(const FileState& state, int64_t end) {
  return files::fingerprint(call_, OpenFile(state.path, state.id), end, settings_.appended);
}

int64_t Snapshot::last_change(const TableFiles& table) const {
  int64_t latest = table.stamp;
  for (const FileState& file : table.files) {
    latest = std::max(latest, file.stamp);
    if (settled(file)) latest = std::max(latest, file.quiet_since + settings_.settle.count());
  }
  return latest;
}

Horizon Snapshot::horizon(const TableFiles& table) {
  Horizon out;
  std::vector<CountedFile> counted;
  size_t waiting = 0;
  for (const FileState& file : table.files) {
    counted.push_back({count(file), file.stamp, false});
    counted.back().complete = counted.back().entry.end == file.size;
    if (counted.back().complete) continue;
    if (waiting++ < kNamesShown) out.holder += (out.holder.empty() ? "" : ", ") + file.path;
  }
  if (waiting > kNamesShown) out.holder += " and " + std::to_string(waiting - kNamesShown) + " more";
  if (waiting > 0) out.holder += ": the last line has no end yet";
  const int64_t latest = last_change(table);
  const int64_t cutoff = now_ns_ - tick_of(latest);
  out.position.ordinal = std::min(latest, cutoff);
  out.position.detail = encode_detail(out.position.ordinal, table.folder, std::move(counted), cutoff);
  out.position.text = format_timestamp(out.position.ordinal) + ", " + std::to_string(table.files.size()) +
                      (table.files.size() == 1 ? " file" : " files");
  const bool trusting = settings_.appended == Appended::trust;
  out.guarantee = trusting ? PENSTOCK_CLASS_B : PENSTOCK_CLASS_A;
  out.why = trusting ? "files are read by byte position, and a file whose beginning and end are the same is taken as appended to"
                     : "files are read by byte position: new, appended, replaced and rewritten files are told apart by "
                       "device, inode, change time and content";
  return out;
}

}  // namespace penstock::files
