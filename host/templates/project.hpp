// A connector's project as `penstock plugins new` writes it: made from the templates, with the connector's name in it.
#pragma once

#include "base/failure.hpp"
#include "templates/template_file.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host::templates {

enum class Kind : uint8_t { source, sink, both };
enum class Language : uint8_t { c, cpp };

// What there is to be made. The words are those of the command line, "both" and "cpp".
struct Project {
  std::string name;
  Kind kind = Kind::source;
  Language language = Language::cpp;
};

struct ProjectFile {
  std::string path;  // within the project, with / between folders
  std::string text;
  bool operator==(const ProjectFile&) const = default;
};

// Fails when a connector cannot be called that: not [a-z0-9_-]{1,64}, a leading '-', or a name that is taken by a connector that comes
// with the host or by CMake.
Result<void> check_project_name(std::string_view name);

// The project's files, ordered by path. A template belongs to it when its language and its kind are the project's or `any`; of `both`
// there is a source and a sink. In paths and texts:
//   @NAME@                  becomes the name
//   @source@ at the start of a line, likewise @sink@, @both@, @single@ (not both), @c@ and @cpp@: the line is there in such projects
//                           only; several may follow each other, and all have to hold. The marks themselves go.
std::vector<ProjectFile> project_files(const Project& project, std::span<const TemplateFile> templates = template_files());

}  // namespace penstock::host::templates
