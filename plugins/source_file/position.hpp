// What a position says about files: how much of which file has been read.
//
// The list of files must fit into 4096 bytes, about 150 files. With more, the files that changed last are listed, and the rest
// becomes one number, the high water: every other file in the folder that did not change since then had been counted to its
// end. That is safe where writing, linking and renaming a file all set its ctime, as they do on Linux file systems; a bloom
// filter over names would have been smaller, and would have lost a file at its first false positive. A file that changes later
// without being listed is read whole again: too much, never too little.
#pragma once

#include "open_file.hpp"

#include <optional>
#include <vector>

namespace penstock::files {

inline constexpr size_t kMaxDetailBytes = 4096;
inline constexpr int64_t kUnsureStamp = INT64_MIN;  // changed too recently for its ctime to tell it from a later change

struct FileEntry {
  FileId id;
  int64_t stamp = kUnsureStamp;  // ns
  int64_t end = 0;               // bytes counted
  int64_t tail = 0;              // of these, bytes of a last line that had no line end: read again when the file grows
  uint64_t fingerprint = 0;      // of the bytes counted
  bool operator==(const FileEntry&) const = default;
};

struct Detail {
  int64_t ordinal = 0;
  bool folded = false;
  FileId folder;                     // the rest is only valid with `folded`
  int64_t high_water = INT64_MIN;    // ns
  std::vector<FileEntry> files;

  // The listed file, or NULL.
  const FileEntry* find(FileId id) const;
  // True for a file that is not listed but had been counted to its end, if it has not changed since `stamp`.
  bool covers(FileId in_folder, int64_t stamp) const { return folded && folder == in_folder && stamp <= high_water; }
  bool operator==(const Detail&) const = default;
};

// A counted file on its way into a position.
struct CountedFile {
  FileEntry entry;
  int64_t stamp = 0;      // ns; its real one
  bool complete = false;  // counted to its end
};

// `cutoff`: changes after this may still happen unnoticed by ctime (ns).
std::string encode_detail(int64_t ordinal, FileId folder, std::vector<CountedFile> files, int64_t cutoff);

// Nothing when it is not the work of encode_detail.
std::optional<Detail> decode_detail(std::string_view bytes);

}  // namespace penstock::files
