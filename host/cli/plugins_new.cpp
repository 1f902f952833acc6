#include "cli/commands.hpp"
#include "cli/output.hpp"

#include "base/json_writer.hpp"
#include "templates/project.hpp"
#include "templates/project_folder.hpp"

namespace penstock::host {
namespace {

using namespace templates;

Project project_of(const Arguments& arguments) {
  return {arguments.names[0], arguments.kind == "source" ? Kind::source : arguments.kind == "sink" ? Kind::sink : Kind::both,
          arguments.language == "c" ? Language::c : Language::cpp};
}

// As a word of a shell's command line.
std::string quoted(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::vector<std::string> next_commands(const std::filesystem::path& folder) {
  const std::string source = quoted(folder.string()), build = quoted((folder / "build").string());
  return {"cmake -G Ninja -S " + source + " -B " + build, "cmake --build " + build, "ctest --test-dir " + build + " --output-on-failure"};
}

std::string as_json(const Project& project, const Arguments& arguments, const std::filesystem::path& folder,
                    const std::vector<ProjectFile>& files) {
  std::string out;
  JsonWriter writer(out);
  const auto list = [&](const char* name, const auto& texts, const auto& text_of) {
    writer.key(name);
    writer.begin_array();
    for (const auto& each : texts) writer.string(text_of(each));
    writer.end_array();
  };
  writer.begin_object();
  writer.member("name", project.name);
  writer.member("kind", arguments.kind);
  writer.member("language", arguments.language);
  writer.member("folder", folder.string());
  list("files", files, [](const ProjectFile& file) { return file.path; });
  list("next", next_commands(folder), [](const std::string& command) { return command; });
  writer.end_object();
  return out + "\n";
}

std::string as_text(const Project& project, const std::filesystem::path& folder, const std::vector<ProjectFile>& files) {
  const char* what = project.kind == Kind::source ? "a source" : project.kind == Kind::sink ? "a sink" : "a source and a sink";
  std::string out = folder.string() + ": " + what + " \"" + project.name + "\" in " + (project.language == Language::c ? "C" : "C++") + "\n\n";
  for (const ProjectFile& file : files) out += "  " + file.path + "\n";
  out += "\nBuild it, and try it:\n\n";
  for (const std::string& command : next_commands(folder)) out += "  " + command + "\n";
  return out;
}

}  // namespace

int plugins_new_command(const Arguments& arguments) {
  const Project project = project_of(arguments);
  if (auto named = check_project_name(project.name); !named) return report_failure(named.failure(), arguments.json), kUsage;
  const std::filesystem::path folder = arguments.folder.empty() ? std::filesystem::path(project.name) : arguments.folder;
  const std::vector<ProjectFile> files = project_files(project);
  if (auto written = write_project(folder, files); !written) {
    const bool asked_wrong = written.failure().status == PENSTOCK_STATUS_INVALID_ARGUMENT;
    return report_failure(written.failure(), arguments.json), asked_wrong ? kUsage : kRunFailed;
  }
  print(arguments.json ? as_json(project, arguments, folder, files) : as_text(project, folder, files));
  return kDone;
}

}  // namespace penstock::host
