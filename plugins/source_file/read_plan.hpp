// Decides which bytes of which files a scan reads. Pure: what it must know about contents it asks a FileProbe.
//
// A bound of a scan is a position. One with a detail is a set of bytes: `since` what has been read, `until` what may be read. One
// without is a point in time that the cursor of a row is compared with. A `since` with a detail but an ordinal before the
// detail's own is a look-back: all that is new by bytes, and of the rest the rows after that ordinal.
#pragma once

#include "lookup.hpp"
#include "position.hpp"

namespace penstock::files {

// What a file holds.
class FileProbe {
 public:
  virtual ~FileProbe() = default;
  // How far the file counts now.
  virtual FileEntry count(const FileState& file) = 0;
  // The fingerprint of its first `end` bytes; `end` is at most its size.
  virtual uint64_t fingerprint(const FileState& file, int64_t end) = 0;
};

struct FileRange {
  FileState file;
  int64_t from = 0;
  int64_t to = 0;
  int64_t new_from = 0;      // rows that begin before are only wanted with a cursor after since
  uint64_t fingerprint = 0;  // of [0, to)
  bool operator==(const FileRange& other) const {
    return file.path == other.file.path && from == other.from && to == other.to && new_from == other.new_from &&
           fingerprint == other.fingerprint;
  }
};

struct ReadBounds {
  bool from_the_beginning = true;     // there is no since
  std::optional<Detail> since;        // with a detail
  bool look_back = false;             // only with `since`
  std::optional<Detail> until;        // with a detail
  Appended appended = Appended::verify;

  // True when some rows must be compared with the ordinal of since.
  bool compares_since() const { return !from_the_beginning && (!since || look_back); }
};

// Throws changed_error when a file that `until` counted is gone or no longer begins with the bytes that were counted.
std::vector<FileRange> plan_reading(const ReadBounds& bounds, const TableFiles& table, FileProbe& probe);

}  // namespace penstock::files
