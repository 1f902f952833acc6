#include "config/load.hpp"

#include "config/names.hpp"
#include "config/rules.hpp"
#include "config/sections.hpp"
#include "config/toml_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <tuple>

namespace penstock::host {
namespace {

constexpr size_t kMaxFiles = 1000;
constexpr size_t kMaxTotalBytes = 64 << 20;

struct Source {
  std::string file;
  std::filesystem::path folder;
  std::string text;
};

template <class T>
std::vector<T> definitions_of(std::vector<Drafted<T>>& drafted) {
  std::vector<T> definitions;
  definitions.reserve(drafted.size());
  for (auto& each : drafted) definitions.push_back(std::move(each.definition));
  return definitions;
}

void sort_by_place(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.file, a.where.line, a.where.column) < std::tie(b.where.file, b.where.line, b.where.column);
  });
}

Loaded load(const std::vector<Source>& sources, std::vector<Problem> problems) {
  Draft draft;
  draft.problems = std::move(problems);
  bool complete = draft.problems.empty();
  for (const Source& source : sources) {
    Part part{source.file, source.folder, draft};
    if (const auto root = read_toml(source.file, source.text, draft.problems)) {
      read_sections(part, *root);
    } else {
      complete = false;
    }
  }
  // With a file missing, every name it defines would be reported as unknown: noise around the one cause.
  if (complete) apply_rules(draft);
  Loaded loaded;
  if (!draft.hosts.empty()) loaded.configuration.host = std::move(draft.hosts[0].definition);
  loaded.configuration.warehouses = definitions_of(draft.warehouses);
  loaded.configuration.stores = definitions_of(draft.stores);
  loaded.configuration.batch_sources = definitions_of(draft.batch_sources);
  loaded.configuration.entities = definitions_of(draft.entities);
  loaded.configuration.views = definitions_of(draft.views);
  loaded.configuration.services = definitions_of(draft.services);
  loaded.problems = std::move(draft.problems);
  loaded.warnings = std::move(draft.warnings);
  sort_by_place(loaded.problems);
  sort_by_place(loaded.warnings);
  if (draft.overflowed)
    loaded.problems.push_back(
        {{}, "", "there are more problems: only the first " + std::to_string(kMaxProblems) + " are shown"});
  return loaded;
}

Problem unreadable(const std::filesystem::path& path, const std::string& why) {
  return {{path.string(), 0, 0}, "", "cannot be read: " + why};
}

void read_file(const std::filesystem::path& path, std::vector<Source>& sources, std::vector<Problem>& problems) {
  std::string text;
  if (!read_configuration_text(path, text, problems)) return;
  std::error_code error;
  auto folder = std::filesystem::absolute(path, error).parent_path();
  sources.push_back({path.string(), std::move(folder), std::move(text)});
}

// Every *.toml in name order; not the hidden ones, which are what editors leave behind.
std::vector<std::filesystem::path> list_files(const std::filesystem::path& folder, std::vector<Problem>& problems) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (auto entry = std::filesystem::directory_iterator(folder, error); !error && entry != end; entry.increment(error)) {
    const auto path = entry->path();
    if (path.extension() == ".toml" && !path.filename().string().starts_with('.')) files.push_back(path);
  }
  if (error) {
    problems.push_back(unreadable(folder, error.message()));
  } else if (files.empty()) {
    problems.push_back({{folder.string(), 0, 0}, "", "the folder holds no *.toml file"});
  } else if (files.size() > kMaxFiles) {
    problems.push_back(
        {{folder.string(), 0, 0}, "", "the folder holds more than " + std::to_string(kMaxFiles) + " *.toml files"});
    files.clear();
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

bool read_configuration_text(const std::filesystem::path& path, std::string& text, std::vector<Problem>& problems) {
  const auto refuse = [&](const std::string& why) { return problems.push_back(unreadable(path, why)), false; };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return refuse("there is no such file or folder");
  // A pipe or device could keep us waiting for ever.
  if (!std::filesystem::is_regular_file(status)) return refuse("it is not a regular file");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  text.resize(kMaxConfigurationFileBytes + 1);
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream && !stream.eof()) return refuse(std::generic_category().message(errno != 0 ? errno : EIO));
  text.resize(static_cast<size_t>(stream.gcount()));
  text.shrink_to_fit();
  return true;
}

Loaded load_configuration(const std::filesystem::path& path) {
  std::vector<Source> sources;
  std::vector<Problem> problems;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    read_file(path, sources, problems);
    return load(sources, std::move(problems));
  }
  size_t total = 0;
  for (const auto& file : list_files(path, problems)) {
    const size_t before = sources.size();
    read_file(file, sources, problems);
    if (sources.size() > before) total += sources.back().text.size();
    if (total <= kMaxTotalBytes) continue;
    problems.push_back({{path.string(), 0, 0}, "", "the *.toml files are larger than 64 MiB together"});
    break;
  }
  return load(sources, std::move(problems));
}

Loaded parse_configuration(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::vector<Source> sources;
  for (const auto& [file, text] : parts) sources.push_back({file, std::filesystem::path(file).parent_path(), text});
  return load(sources, {});
}

}  // namespace penstock::host
