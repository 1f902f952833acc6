// A shared library as the dynamic linker sees it: read from the file, whose code does not run.
#pragma once

#include "base/failure.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace penstock::host::conformance {

struct ElfSymbol {
  std::string name;
  bool defined = false;
  bool weak = false;
  bool unique = false;  // STB_GNU_UNIQUE: one for the whole process, and its library cannot be loaded twice
};

struct ElfImage {
  std::vector<std::string> needed;         // DT_NEEDED
  std::vector<std::string> run_paths;      // DT_RPATH and DT_RUNPATH, each path by itself; an empty one is the working directory
  std::vector<ElfSymbol> symbols;          // of .dynsym, but local ones
  std::vector<std::string> glibc_versions; // "2.34": those that are asked for
  bool static_tls = false;
  bool text_relocations = false;
  bool binds_now = false;
  bool relro = false;
  bool executable_stack = false;
};

// The file must have passed read_plugin_note: a library of this machine, whole. The failure says what is malformed.
Result<ElfImage> read_elf_image(const std::filesystem::path& file);

}  // namespace penstock::host::conformance
