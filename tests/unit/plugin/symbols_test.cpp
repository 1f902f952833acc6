// What plugins export, read from their ELF tables: one name, or two plugins could get in each other's way.
#include "fixtures.hpp"

#include <cstring>
#include <elf.h>

namespace penstock::host {
namespace {

template <class T>
T at(const std::string& bytes, uint64_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The defined names of the dynamic symbol table.
std::vector<std::string> exported_names(const std::filesystem::path& file) {
  const std::string bytes = test::read_bytes(file);
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  std::vector<std::string> names;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(bytes, header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_DYNSYM) continue;
    const auto strings = at<Elf64_Shdr>(bytes, header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    for (uint64_t s = 0; s < section.sh_size; s += sizeof(Elf64_Sym)) {
      const auto symbol = at<Elf64_Sym>(bytes, section.sh_offset + s);
      if (symbol.st_shndx != SHN_UNDEF) names.emplace_back(bytes.c_str() + strings.sh_offset + symbol.st_name);
    }
  }
  return names;
}

TEST(Symbols, OfAPluginAreOne) {
  EXPECT_EQ(exported_names(test::built_plugin("counting")), std::vector<std::string>{"penstock_module_v1"});
}

TEST(Symbols, OfEachBundledPluginAreOne) {
  const std::filesystem::path folder = std::filesystem::path(PENSTOCK_BUILD_DIR) / "plugins";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no bundled plugin is built";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".so") continue;
    EXPECT_EQ(exported_names(entry.path()), std::vector<std::string>{"penstock_module_v1"}) << entry.path();
  }
}

}  // namespace
}  // namespace penstock::host
