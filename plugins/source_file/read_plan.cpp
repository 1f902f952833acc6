#include "read_plan.hpp"

#include <set>

namespace penstock::files {
namespace {

// How far to read, or nothing for a file that came after `until`.
std::optional<FileEntry> end_of(const ReadBounds& bounds, const FileState& file, FileProbe& probe) {
  if (!bounds.until) return probe.count(file);
  const FileEntry* entry = bounds.until->find(file.id);
  if (entry == nullptr) {
    if (!bounds.until->folded) return std::nullopt;
    // A folded position does not say how far. What counts now is right: a file that changed since is read again next time.
    return probe.count(file);
  }
  if (file.size < entry->end) throw changed_error(file.path, "was truncated after it was counted");
  if (entry->stamp != file.stamp && probe.fingerprint(file, entry->end) != entry->fingerprint)
    throw changed_error(file.path, "was rewritten after it was counted");
  return *entry;
}

// Where the bytes begin that no earlier scan has read.
int64_t new_from(const ReadBounds& bounds, const FileState& file, const FileEntry& end, FileProbe& probe) {
  if (bounds.from_the_beginning) return 0;
  if (!bounds.since) return end.end;
  const FileEntry* entry = bounds.since->find(file.id);
  if (entry == nullptr) return 0;
  bool same = entry->stamp == end.stamp && end.stamp != kUnsureStamp;
  if (!same && bounds.appended != Appended::reread)
    same = end.end >= entry->end && probe.fingerprint(file, entry->end) == entry->fingerprint;
  if (!same || end.end < entry->end) return 0;
  // The last line had no end when it was counted: it may have been half a line.
  return end.end == entry->end ? end.end : entry->end - entry->tail;
}

bool unchanged(const ReadBounds& bounds, const TableFiles& table, const FileState& file) {
  if (!bounds.since || bounds.look_back) return false;
  const FileEntry* before = bounds.since->find(file.id);
  const FileEntry* now = bounds.until ? bounds.until->find(file.id) : nullptr;
  if (before != nullptr) return now != nullptr && *before == *now && now->stamp != kUnsureStamp;
  return now == nullptr && bounds.since->covers(table.folder, file.stamp);
}

}  // namespace

std::vector<FileRange> plan_reading(const ReadBounds& bounds, const TableFiles& table, FileProbe& probe) {
  std::vector<FileRange> ranges;
  std::set<FileId> seen;
  for (const FileState& file : table.files) {
    // A second name of a file that is read already.
    if (!seen.insert(file.id).second) continue;
    if (unchanged(bounds, table, file)) continue;
    const std::optional<FileEntry> end = end_of(bounds, file, probe);
    if (!end) continue;
    const bool covered = bounds.since && bounds.since->find(file.id) == nullptr &&
                         bounds.since->covers(table.folder, file.stamp);
    const int64_t first_new = covered ? end->end : new_from(bounds, file, *end, probe);
    const int64_t from = bounds.compares_since() ? 0 : first_new;
    if (from < end->end) ranges.push_back({file, from, end->end, first_new, end->fingerprint});
  }
  if (bounds.until)
    for (const FileEntry& entry : bounds.until->files)
      if (entry.end > 0 && !seen.contains(entry.id))
        throw changed_error("a file of " + table.path + " (inode " + std::to_string(entry.id.inode) + ")",
                            "vanished after it was counted");
  return ranges;
}

}  // namespace penstock::files
