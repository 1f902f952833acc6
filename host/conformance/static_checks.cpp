// What can be seen in the file without running its code.
#include "conformance/elf_image.hpp"
#include "conformance/trial.hpp"

#include "plugin/elf_note.hpp"
#include "plugin/file_check.hpp"
#include "plugin/printable.hpp"

#include <algorithm>
#include <charconv>
#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/libc-version.h>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxNames = 8;   // in a finding
constexpr double kGlibcFloor = 2.36;  // Debian 12's: what the bundled plugins are built for

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

ElfImage image_of(Trial& trial) {
  const Descriptor file(open(trial.plugin().c_str(), O_RDONLY | O_CLOEXEC));
  if (!read_plugin_note(file.get())) trial.skip("the file is not a plugin: static.note says why");
  auto image = read_elf_image(trial.plugin());
  if (!image) trial.stop(image.failure().message);
  return std::move(*image);
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kMaxNames); ++i) out += (i == 0 ? "" : ", ") + printable(std::string_view(names[i]), 256);
  return names.size() > kMaxNames ? out + " and " + std::to_string(names.size() - kMaxNames) + " more" : out;
}

void check_exports(Trial& trial) {
  std::vector<std::string> others;
  bool entry = false;
  for (const ElfSymbol& symbol : image_of(trial).symbols) {
    if (!symbol.defined) continue;
    if (symbol.name == PENSTOCK_MODULE_SYMBOL) entry = true;
    else others.push_back(symbol.name + (symbol.unique ? " (unique in the process: build with -fno-gnu-unique)" : ""));
  }
  trial.expect(entry, "it is not exported", PENSTOCK_MODULE_SYMBOL " is exported");
  trial.expect(others.empty(), "it also exports " + listed(others), "nothing but " PENSTOCK_MODULE_SYMBOL " is exported: -fvisibility=hidden and a version script, as penstock_add_plugin has them");
}

// A sanitizer's runtime is in the host's executable.
bool is_of_sanitizer(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"__asan_", "__ubsan_", "__tsan_", "__lsan_", "__sanitizer_"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// A library that the file names: this loads it, but not the file.
void* load_needed(const Trial& trial, const ElfImage& image, const std::string& name) {
  for (std::string path : image.run_paths) {
    if (const size_t at = path.find("$ORIGIN"); at != std::string::npos) path.replace(at, 7, trial.plugin().parent_path().string());
    if (void* library = dlopen((path + "/" + name).c_str(), RTLD_LAZY | RTLD_LOCAL)) return library;
  }
  return dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL);
}

void check_undefined_symbols(Trial& trial) {
  const ElfImage image = image_of(trial);
  std::vector<void*> libraries;
  std::vector<std::string> missing_libraries, missing;
  for (const std::string& name : image.needed) {
    trial.step("load " + name);
    if (void* library = load_needed(trial, image, name)) libraries.push_back(library);
    else missing_libraries.push_back(name);
  }
  if (!trial.expect(missing_libraries.empty(), listed(missing_libraries) + " cannot be loaded", "each library that the file names is there")) return;
  for (const ElfSymbol& symbol : image.symbols) {
    if (symbol.defined || symbol.weak || is_of_sanitizer(symbol.name)) continue;
    if (std::none_of(libraries.begin(), libraries.end(), [&](void* library) { return dlsym(library, symbol.name.c_str()) != nullptr; }))
      missing.push_back(symbol.name);
  }
  trial.expect(missing.empty(), "nothing that it links defines " + listed(missing), "each symbol is defined by a library that the file names: link with -Wl,-z,defs");
}

double version_number(const std::string& text) {
  int major = 0, minor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), major);
  if (error == std::errc() && end < text.data() + text.size()) std::from_chars(end + 1, text.data() + text.size(), minor);
  return major + minor / 100.0;
}

void check_glibc_floor(Trial& trial) {
  std::string newest = "2.2.5";
  for (const std::string& version : image_of(trial).glibc_versions)
    if (version_number(version) > version_number(newest)) newest = version;
  trial.measure("needs glibc", version_number(newest), "");
  const std::string here = gnu_get_libc_version();
  if (!trial.expect(version_number(newest) <= version_number(here), "it needs glibc " + newest, "no newer glibc than this system's, " + here)) return;
  if (version_number(newest) > kGlibcFloor) trial.warn("it needs glibc " + newest, "glibc 2.36 or older, which the systems that are still in use have");
}

void check_static_tls(Trial& trial) {
  trial.expect(!image_of(trial).static_tls, "it is marked STATIC_TLS: something in it was compiled with the initial-exec model of thread-local storage");
}

void check_run_path(Trial& trial) {
  for (const std::string& path : image_of(trial).run_paths) {
    const std::string seen = "it looks for libraries in \"" + printable(std::string_view(path), 256) + "\"";
    if (path.starts_with("$ORIGIN") || path.starts_with("${ORIGIN}")) continue;
    if (!trial.expect(path.starts_with('/'), seen, "no path that depends on the working directory")) continue;
    if (!std::filesystem::exists(path)) trial.warn(seen + ", which is not there", "no RUNPATH, or one that begins with $ORIGIN");
    else if (const auto folder = open_plugin_directory(path); !folder) trial.fail(seen + ": " + folder.failure().message, "no folder that others may write");
    else trial.warn(seen, "no RUNPATH, or one that begins with $ORIGIN, so that the file can be moved");
  }
}

void check_hardening(Trial& trial) {
  const ElfImage image = image_of(trial);
  trial.expect(!image.executable_stack, "it asks for an executable stack: every thread of the host would get one", "a stack that is not executable: -Wl,-z,noexecstack");
  trial.expect(!image.text_relocations, "it has text relocations: its code is written to when it is loaded", "code that is never written to: -fPIC");
  if (!image.relro) trial.warn("it has no PT_GNU_RELRO", "tables that are read-only once they are filled: -Wl,-z,relro");
  if (!image.binds_now) trial.warn("it is not marked BIND_NOW", "symbols that are bound when it is loaded: -Wl,-z,now");
}

constexpr Check kChecks[] = {
    {"static.file", Subject::file, "the host may load the file: its name, its owner, who may write to it", "file-name", check_file},
    {"static.note", Subject::file, "a 64-bit ELF library of this machine with the note .note.penstock", "module-note", check_note},
    {"static.exports", Subject::file, "the library exports penstock_module_v1 and nothing else", "exports", check_exports},
    {"static.undefined_symbols", Subject::file, "what the library uses is in itself or in the libraries that it names", "undefined-symbols", check_undefined_symbols},
    {"static.glibc_floor", Subject::file, "the library runs with the glibc of the systems that it is meant for", "glibc-floor", check_glibc_floor},
    {"static.tls", Subject::file, "the library does not use the initial-exec model of thread-local storage", "static-tls", check_static_tls},
    {"static.run_path", Subject::file, "the library looks for others only where nobody else can put one", "runpath", check_run_path},
    {"static.hardening", Subject::file, "loading the library makes no memory both writable and executable", "hardening", check_hardening},
};

}  // namespace

std::span<const Check> static_checks() { return kChecks; }

}  // namespace penstock::host::conformance
