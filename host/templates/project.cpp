#include "templates/project.hpp"

#include "base/escape.hpp"

#include <algorithm>

namespace penstock::host::templates {
namespace {

constexpr size_t kMaxNameBytes = 64;  // of a component's id
constexpr std::string_view kNameMark = "@NAME@";

// Components and modules that come with the host: a second one of that id would not be loaded. A file of that name would replace theirs.
constexpr std::string_view kTaken[] = {"file", "memory", "odbc", "postgres", "redis",
                                       "sink_memory", "sink_redis", "source_file", "source_odbc", "source_postgres"};
// Targets that CMake makes itself: a project of that name would not configure.
constexpr std::string_view kTargets[] = {"all", "clean", "depend", "edit_cache", "help", "install", "list_install_components",
                                         "package", "package_source", "preinstall", "rebuild_cache", "test"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_name_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

// Is the word true of the project? The name of a folder, or what is within a mark.
bool holds(const Project& project, std::string_view word) {
  if (word == "any") return true;
  if (word == "source") return project.kind != Kind::sink;
  if (word == "sink") return project.kind != Kind::source;
  if (word == "both") return project.kind == Kind::both;
  if (word == "single") return project.kind != Kind::both;
  if (word == "c") return project.language == Language::c;
  return word == "cpp" && project.language == Language::cpp;
}

// The mark at the start of the line, "@source@", or nothing.
std::string_view mark_of(std::string_view line) {
  for (const std::string_view mark : {"@source@", "@sink@", "@both@", "@single@", "@c@", "@cpp@"})
    if (line.starts_with(mark)) return mark;
  return {};
}

// Takes what is before the separator, or everything, off the front.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return front;
}

std::string named(std::string_view text, std::string_view name) {
  std::string out;
  for (size_t at; (at = text.find(kNameMark)) != std::string_view::npos; text.remove_prefix(at + kNameMark.size())) {
    out += text.substr(0, at);
    out += name;
  }
  return out += text;
}

std::string text_of(const Project& project, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    bool wanted = true;
    for (std::string_view mark; !(mark = mark_of(line)).empty(); line.remove_prefix(mark.size()))
      wanted = wanted && holds(project, mark.substr(1, mark.size() - 2));
    if (wanted) out += named(line, project.name) + "\n";
  }
  return out;
}

}  // namespace

Result<void> check_project_name(std::string_view name) {
  const auto refused = [&](const std::string& why) { return invalid("a connector cannot be called \"" + printable(name) + "\": " + why); };
  if (name.empty() || name.size() > kMaxNameBytes || !std::all_of(name.begin(), name.end(), is_name_letter))
    return refused("its name is made of a-z, 0-9, _ and -, at most " + std::to_string(kMaxNameBytes) + " of them");
  if (name.front() == '-') return refused("programs would take the name for an option");
  if (is_one_of(name, kTaken)) return refused("a connector of this name comes with penstock");
  if (is_one_of(name, kTargets)) return refused("CMake has a target of this name");
  return {};
}

std::vector<ProjectFile> project_files(const Project& project, std::span<const TemplateFile> templates) {
  std::vector<ProjectFile> files;
  for (const TemplateFile& file : templates) {
    std::string_view path = file.path;
    const std::string_view language = take(path, '/');
    const std::string_view kind = take(path, '/');
    if (holds(project, language) && holds(project, kind)) files.push_back({named(path, project.name), text_of(project, file.text)});
  }
  std::sort(files.begin(), files.end(), [](const ProjectFile& a, const ProjectFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace penstock::host::templates
