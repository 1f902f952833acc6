// How far the files of a table count at this moment, and the horizon that follows from it.
//
// A file counts up to the end of its last complete line at once, and whole once its content has not changed for `settle`.
//
// The ordinal of a horizon is the time of the last change that it knows: the latest ctime of a file or folder, or the moment at
// which a file settled. ctime comes from a clock that ticks every few milliseconds, so two changes may share one; therefore the
// ordinal stays at least kTick behind the present. A change after a horizon then always moves the next one: either its ctime
// is later, or the last horizon was held back by kTick and the next one is not.
#pragma once

#include "read_plan.hpp"

#include <penstock/call.hpp>
#include <map>

namespace penstock::files {

inline constexpr int64_t kTick = 20'000'000;                 // ns; the coarsest kernel tick is 10 ms
inline constexpr int64_t kCoarseTick = 2'100'000'000;        // ns; for file systems that keep whole seconds
inline constexpr size_t kMaxRememberedFiles = kMaxFiles;

// What was counted, remembered while a source is open so that an unchanged file is not read again to fingerprint it.
class CountMemory {
 public:
  const FileEntry* find(const FileState& file, bool settled) const;
  void keep(const FileState& file, bool settled, const FileEntry& entry);

 private:
  struct Known {
    int64_t stamp, size;
    bool settled;
    FileEntry entry;
  };
  std::map<FileId, Known> known_;
};

class Snapshot : public FileProbe {
 public:
  // `now_ns`: the time, from before the files were listed.
  Snapshot(const Call& call, const Settings& settings, Format format, int64_t now_ns, CountMemory& memory)
      : call_(call), settings_(settings), format_(format), now_ns_(now_ns), memory_(memory) {}

  bool settled(const FileState& file) const { return now_ns_ - file.quiet_since >= settings_.settle.count(); }
  FileEntry count(const FileState& file) override;
  uint64_t fingerprint(const FileState& file, int64_t end) override;

  // The position and class for everything in `table`.
  Horizon horizon(const TableFiles& table);

 private:
  int64_t last_line_end(const OpenFile& file, int64_t end) const;
  int64_t last_change(const TableFiles& table) const;

  Call call_;
  const Settings& settings_;
  Format format_;
  int64_t now_ns_;
  CountMemory& memory_;
};

int64_t realtime_ns();

}  // namespace penstock::files
