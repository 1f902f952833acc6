#include "conformance/elf_image.hpp"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <string_view>

namespace penstock::host::conformance {
namespace {

constexpr uint64_t kMaxEntries = 1 << 20;  // of any table

// Thrown within this file only.
struct Malformed {
  std::string what;
};

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)), header_(at<Elf64_Ehdr>(0)) {
    for (uint64_t i = 0; i < header_.e_shnum; ++i) sections_.push_back(at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)));
  }

  ElfImage image() const {
    ElfImage out;
    read_segments(out);
    if (const auto* dynamic = section(SHT_DYNAMIC)) read_dynamic(*dynamic, out);
    if (const auto* symbols = section(SHT_DYNSYM)) read_symbols(*symbols, out);
    else throw Malformed{"it has no section .dynsym"};
    if (const auto* versions = section(SHT_GNU_verneed)) read_versions(*versions, out);
    return out;
  }

 private:
  template <class T>
  T at(uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) throw Malformed{"a table lies outside the file"};
    T out;
    std::memcpy(&out, bytes_.data() + offset, sizeof out);
    return out;
  }

  const Elf64_Shdr* section(uint32_t type) const {
    for (const Elf64_Shdr& each : sections_)
      if (each.sh_type == type) return &each;
    return nullptr;
  }

  std::string text(const Elf64_Shdr& of, uint64_t offset) const {
    if (of.sh_link >= sections_.size()) throw Malformed{"a table has no texts"};
    const Elf64_Shdr& texts = sections_[of.sh_link];
    const uint64_t begin = texts.sh_offset + offset;
    if (offset >= texts.sh_size || begin >= bytes_.size()) throw Malformed{"a text lies outside its table"};
    return std::string(bytes_.c_str() + begin);
  }

  template <class T>
  std::vector<T> entries(const Elf64_Shdr& of) const {
    const uint64_t count = of.sh_size / sizeof(T);
    if (count > kMaxEntries) throw Malformed{"a table has too many entries"};
    std::vector<T> out;
    for (uint64_t i = 0; i < count; ++i) out.push_back(at<T>(of.sh_offset + i * sizeof(T)));
    return out;
  }

  void read_segments(ElfImage& out) const {
    // Without the header the linker assumes the worst.
    out.executable_stack = true;
    for (uint64_t i = 0; i < header_.e_phnum; ++i) {
      const auto segment = at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr));
      if (segment.p_type == PT_GNU_STACK) out.executable_stack = (segment.p_flags & PF_X) != 0;
      if (segment.p_type == PT_GNU_RELRO) out.relro = true;
    }
  }

  void add_run_paths(std::string_view paths, ElfImage& out) const {
    for (;;) {
      const size_t end = paths.find(':');
      out.run_paths.emplace_back(paths.substr(0, end));
      if (end == std::string_view::npos) return;
      paths.remove_prefix(end + 1);
    }
  }

  void read_dynamic(const Elf64_Shdr& dynamic, ElfImage& out) const {
    for (const auto& entry : entries<Elf64_Dyn>(dynamic)) {
      const uint64_t value = entry.d_un.d_val;
      switch (entry.d_tag) {
        case DT_NULL: return;
        case DT_NEEDED: out.needed.push_back(text(dynamic, value)); break;
        case DT_RPATH:
        case DT_RUNPATH: add_run_paths(text(dynamic, value), out); break;
        case DT_TEXTREL: out.text_relocations = true; break;
        case DT_BIND_NOW: out.binds_now = true; break;
        case DT_FLAGS:
          out.static_tls |= (value & DF_STATIC_TLS) != 0;
          out.text_relocations |= (value & DF_TEXTREL) != 0;
          out.binds_now |= (value & DF_BIND_NOW) != 0;
          break;
        case DT_FLAGS_1: out.binds_now |= (value & DF_1_NOW) != 0; break;
        default: break;
      }
    }
  }

  void read_symbols(const Elf64_Shdr& table, ElfImage& out) const {
    for (const auto& symbol : entries<Elf64_Sym>(table)) {
      const auto bind = ELF64_ST_BIND(symbol.st_info);
      if (bind == STB_LOCAL || symbol.st_name == 0) continue;
      // Names of versions, which are exported too, are no symbols that anything could meet.
      if (symbol.st_shndx == SHN_ABS && ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT) continue;
      out.symbols.push_back({text(table, symbol.st_name), symbol.st_shndx != SHN_UNDEF, bind == STB_WEAK, bind == STB_GNU_UNIQUE});
    }
  }

  void read_versions(const Elf64_Shdr& table, ElfImage& out) const {
    constexpr std::string_view kGlibc = "GLIBC_";
    uint64_t file = table.sh_offset;
    for (uint64_t files = 0; files < kMaxEntries; ++files) {
      const auto of_file = at<Elf64_Verneed>(file);
      uint64_t version = file + of_file.vn_aux;
      for (uint64_t i = 0; i < of_file.vn_cnt; ++i) {
        const auto asked = at<Elf64_Vernaux>(version);
        const std::string name = text(table, asked.vna_name);
        if (name.starts_with(kGlibc)) out.glibc_versions.push_back(name.substr(kGlibc.size()));
        version += asked.vna_next;
      }
      if (of_file.vn_next == 0) return;
      file += of_file.vn_next;
    }
  }

  const std::string bytes_;
  const Elf64_Ehdr header_;
  std::vector<Elf64_Shdr> sections_;
};

}  // namespace

Result<ElfImage> read_elf_image(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes(std::filesystem::file_size(file), '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return invalid("cannot be read");
  try {
    return Reader(std::move(bytes)).image();
  } catch (const Malformed& malformed) {
    return invalid("has a malformed ELF file: " + malformed.what);
  }
}

}  // namespace penstock::host::conformance
