// From the names of a batch source to files, and back.
#pragma once

#include "open_file.hpp"
#include "settings.hpp"

#include <penstock/source.hpp>

#include <vector>

namespace penstock::files {

inline constexpr size_t kMaxFiles = 100'000;       // of one table
inline constexpr size_t kMaxListedTables = 10'000;  // that list_tables gives out

// A file as stat saw it.
struct FileState {
  std::string path;
  FileId id;
  int64_t stamp = 0;        // ns: when it (or the symbolic link to it) last changed in any way; ctime
  int64_t ctime = 0;        // ns: the file's own
  int64_t quiet_since = 0;  // ns: when its content last changed: the earlier of mtime and ctime, since mtime can be set
  int64_t size = 0;
};

// The files of one table, sorted by name.
struct TableFiles {
  std::string path;  // of the file or folder
  Format format = Format::csv;
  bool is_folder = false;
  FileId folder;      // with is_folder
  int64_t stamp = 0;  // ns: the last change of any folder on the way to the files
  std::vector<FileState> files;
};

// Tries <path>/<database>/<schema>/<table>, <path>/<schema>/<table>, <path>/<schema>.<table> and <path>/<table>, each as a
// file with an extension and as a folder of such files; if `path` is a file, it is that. Throws NOT_FOUND with all that was
// tried, and INVALID_ARGUMENT for names that could lead out of `path`.
TableFiles find_table(const Settings& settings, const Table& table);

// Every name under `path` that find_table resolves, sorted.
std::vector<TableName> list_tables(const Settings& settings);

}  // namespace penstock::files
