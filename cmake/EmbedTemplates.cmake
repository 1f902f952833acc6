# Writes a C++ file that holds every file of a folder as text:  cmake -D FOLDER=sdk/templates -D OUTPUT=template_files.cpp -P …
# Raw strings, since no other tool is needed for them; a file with the mark )template" in it would not compile.
file(GLOB_RECURSE paths RELATIVE ${FOLDER} ${FOLDER}/*/*)
list(SORT paths)
set(entries "")
foreach(path IN LISTS paths)
  file(READ ${FOLDER}/${path} text)
  string(APPEND entries "    {\"${path}\", R\"template(${text})template\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made from sdk/templates; see cmake/EmbedTemplates.cmake.
#include \"templates/template_file.hpp\"

namespace penstock::host::templates {

std::span<const TemplateFile> template_files() {
  static constexpr TemplateFile kFiles[] = {
${entries}  };
  return kFiles;
}

}  // namespace penstock::host::templates
")
