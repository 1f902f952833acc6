#include "lookup.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <memory>
#include <set>
#include <strings.h>
#include <tuple>

namespace penstock::files {
namespace {

constexpr const char* kExtensions[] = {".csv", ".ndjson", ".jsonl"};

bool ends_with_ignoring_case(std::string_view name, std::string_view ending) {
  return name.size() > ending.size() &&
         strncasecmp(name.data() + name.size() - ending.size(), ending.data(), ending.size()) == 0;
}

Format format_of_name(std::string_view name) {
  if (ends_with_ignoring_case(name, ".csv")) return Format::csv;
  if (ends_with_ignoring_case(name, ".ndjson") || ends_with_ignoring_case(name, ".jsonl")) return Format::ndjson;
  return Format::automatic;
}

bool wanted(const Settings& settings, Format format) {
  return format != Format::automatic && (settings.format == Format::automatic || settings.format == format);
}

// Nothing there is an answer; anything else that goes wrong is not.
bool exists(const std::string& path, struct stat& out) {
  if (::stat(path.c_str(), &out) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw io_error(errno, "look at", path);
}

int64_t link_stamp(const std::string& path) {
  struct stat s {};
  return ::lstat(path.c_str(), &s) == 0 && S_ISLNK(s.st_mode) ? ns_of(s.st_ctim) : INT64_MIN;
}

int64_t folder_stamp(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) throw io_error(errno, "look at", path);
  return std::max({ns_of(s.st_ctim), ns_of(s.st_mtim), link_stamp(path)});
}

FileState state_of(std::string path, const struct stat& s) {
  FileState out;
  out.id = id_of(s);
  out.ctime = ns_of(s.st_ctim);
  out.stamp = std::max(out.ctime, link_stamp(path));
  out.quiet_since = std::min(ns_of(s.st_mtim), ns_of(s.st_ctim));
  out.size = s.st_size;
  out.path = std::move(path);
  return out;
}

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::vector<std::string> names_in(const std::string& folder) {
  const std::unique_ptr<DIR, DirCloser> dir(::opendir(folder.c_str()));
  if (!dir) throw io_error(errno, "list", folder);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    // Names of unfinished files; also "." and "..".
    if (entry->d_name[0] == '.') continue;
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) throw io_error(errno, "list", folder);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<FileState> data_files_in(const Settings& settings, const std::string& folder, Format& format) {
  std::vector<FileState> files;
  std::string first;
  for (const std::string& name : names_in(folder)) {
    // ".tmp" and ".part" are not data extensions, so they fall out here as well.
    const Format found = format_of_name(name);
    struct stat s {};
    const std::string path = folder + "/" + name;
    if (!wanted(settings, found) || !exists(path, s) || !S_ISREG(s.st_mode)) continue;
    if (!files.empty() && found != format)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "folder " + folder + " holds CSV and NDJSON files (" + first + " and " +
                                                        name + "): set the warehouse's option \"format\"");
    if (files.size() == kMaxFiles)
      throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED,
                  "folder " + folder + " holds more than " + std::to_string(kMaxFiles) + " data files");
    if (files.empty()) first = name;
    format = found;
    files.push_back(state_of(path, s));
  }
  return files;
}

void check_name(const char* what, const std::string& name) {
  if (name.empty()) return;
  if (name.front() == '.' || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, std::string("the ") + what +
                                                      " name must be a plain file name: no slash, and no dot at its "
                                                      "beginning");
}

// A place to look, relative to `path`: the folders on the way, and the last name.
struct Candidate {
  std::vector<std::string> folders;
  std::string name;
};

std::vector<Candidate> candidates_for(const Table& table) {
  std::vector<Candidate> out;
  if (!table.schema.empty()) {
    if (!table.database.empty()) out.push_back({{table.database, table.schema}, table.table});
    out.push_back({{table.schema}, table.table});
    out.push_back({{}, table.schema + "." + table.table});
  }
  out.push_back({{}, table.table});
  return out;
}

// Looks for one candidate; adds what it tried.
bool look(const Settings& settings, const Candidate& candidate, TableFiles& out, std::string& tried) {
  std::string base = settings.path;
  std::vector<std::string> folders = {base};
  for (const std::string& folder : candidate.folders) folders.push_back(base += "/" + folder);
  base += "/" + candidate.name;
  struct stat s {};
  const auto found = [&](Format format) {
    out.path = base;
    out.format = format;
    for (const std::string& folder : folders) out.stamp = std::max(out.stamp, folder_stamp(folder));
  };
  std::string extensions;
  for (const char* extension : kExtensions) {
    const Format format = format_of_name(std::string("x") + extension);
    if (!wanted(settings, format)) continue;
    extensions += (extensions.empty() ? "" : ",") + std::string(extension);
    if (!exists(base + extension, s) || !S_ISREG(s.st_mode)) continue;
    base += extension;
    found(format);
    out.files = {state_of(base, s)};
    return true;
  }
  tried += (tried.empty() ? "" : ", ") + base + "{" + extensions + "}";
  if (!exists(base, s) || !S_ISDIR(s.st_mode)) return false;
  // The stamp first: what comes into the folder while it is listed moves the next horizon.
  folders.push_back(base);
  found(Format::csv);
  out.files = data_files_in(settings, base, out.format);
  out.is_folder = true;
  out.folder = id_of(s);
  if (out.files.empty()) tried += " (a folder without data files)";
  return !out.files.empty();
}

}  // namespace

TableFiles find_table(const Settings& settings, const Table& table) {
  if (!table.query.empty())
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "files cannot be queried: name a table instead of a query");
  check_name("database", table.database);
  check_name("schema", table.schema);
  check_name("table", table.table);
  struct stat s {};
  if (!exists(settings.path, s)) throw io_error(ENOENT, "read", settings.path);
  if (S_ISREG(s.st_mode)) {
    TableFiles out;
    out.path = settings.path;
    out.format = settings.format == Format::automatic ? format_of_name(settings.path) : settings.format;
    if (out.format == Format::automatic)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "the extension of " + settings.path + " does not tell its format: set the option \"format\"");
    out.stamp = INT64_MIN;
    out.files = {state_of(settings.path, s)};
    return out;
  }
  if (!S_ISDIR(s.st_mode))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, settings.path + " is neither a regular file nor a folder");
  if (table.table.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch source names no table");
  std::string tried;
  for (const Candidate& candidate : candidates_for(table)) {
    TableFiles out;
    out.stamp = INT64_MIN;
    if (look(settings, candidate, out, tried)) return out;
  }
  throw Error(PENSTOCK_STATUS_NOT_FOUND, "table \"" + table.table + "\" is not there; tried " + tried);
}

std::vector<TableName> list_tables(const Settings& settings) {
  using Names = std::tuple<std::string, std::string, std::string>;
  std::set<Names> found;
  const auto add = [&](const std::vector<std::string>& folders, const std::string& name) {
    if (found.size() >= kMaxListedTables) return;
    if (folders.size() == 2) {
      found.emplace(folders[0], folders[1], name);
    } else if (folders.size() == 1) {
      found.emplace("", folders[0], name);
    } else if (const size_t dot = name.find('.'); dot != std::string::npos && dot + 1 < name.size() && name[dot + 1] != '.') {
      found.emplace("", name.substr(0, dot), name.substr(dot + 1));
    } else {
      found.emplace("", "", name);
    }
  };
  const auto walk = [&](const auto& self, const std::string& folder, const std::vector<std::string>& folders) -> bool {
    bool has_files = false;
    for (const std::string& name : names_in(folder)) {
      const std::string path = folder + "/" + name;
      struct stat s {};
      if (!exists(path, s)) continue;
      if (S_ISREG(s.st_mode) && wanted(settings, format_of_name(name))) {
        has_files = true;
        if (folders.size() <= 2) add(folders, name.substr(0, name.rfind('.')));
      } else if (S_ISDIR(s.st_mode) && folders.size() <= 2) {
        auto below = folders;
        below.push_back(name);
        if (self(self, path, below)) add(folders, name);
      }
    }
    return has_files;
  };
  struct stat s {};
  if (!exists(settings.path, s)) throw io_error(ENOENT, "list", settings.path);
  if (S_ISREG(s.st_mode)) {
    const std::string name = settings.path.substr(settings.path.rfind('/') + 1);
    return {{"", "", format_of_name(name) == Format::automatic ? name : name.substr(0, name.rfind('.'))}};
  }
  walk(walk, settings.path, {});
  std::vector<TableName> out;
  for (const auto& [database, schema, table] : found) out.push_back({database, schema, table});
  return out;
}

}  // namespace penstock::files
