// The files of sdk/templates, as they are in the program itself.
#pragma once

#include <span>
#include <string_view>

namespace penstock::host::templates {

struct TemplateFile {
  std::string_view path;  // <language or any>/<kind or any>/<path within the project>
  std::string_view text;
};

// All of them, ordered by path. Written by cmake/EmbedTemplates.cmake.
std::span<const TemplateFile> template_files();

}  // namespace penstock::host::templates
