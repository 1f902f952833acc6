// What can be seen in the file without running its code.
#include "conformance/trial.hpp"

#include "plugin/elf_note.hpp"
#include "plugin/file_check.hpp"

#include <fcntl.h>

namespace penstock::host::conformance {
namespace {

void check_file(Trial& trial) {
  const std::string name = trial.plugin().filename().string();
  trial.expect(is_plugin_name(name), "\"" + name + "\"", "the file's name is made of a-z, 0-9, _ and -, and ends in .so");
  const auto directory = open_plugin_directory(trial.plugin().parent_path());
  if (!directory) return trial.warn(directory.failure().message, "a plugin directory that only its owner or root may write");
  if (const auto file = open_plugin_file(*directory, name); !file) trial.warn(file.failure().message, "a file that only its owner or root may write");
}

void check_note(Trial& trial) {
  const Descriptor file(open(trial.plugin().c_str(), O_RDONLY | O_CLOEXEC));
  if (const auto note = read_plugin_note(file.get()); !note) trial.fail(note.failure().message);
}

constexpr Check kChecks[] = {
    {"static.file", Subject::file, "the host may load the file: its name, its owner, who may write to it", "file-name", check_file},
    {"static.note", Subject::file, "a 64-bit ELF library of this machine with the note .note.penstock", "module-note", check_note},
};

}  // namespace

std::span<const Check> static_checks() { return kChecks; }

}  // namespace penstock::host::conformance
