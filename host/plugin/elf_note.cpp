#include "plugin/elf_note.hpp"

#include <penstock/module.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

constexpr uint16_t kMaxProgramHeaders = 128;
constexpr uint64_t kMaxNotes = 64 << 10;  // bytes of one note segment
constexpr std::string_view kNoteName("Penstock\0", 9);

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
constexpr const char* kMachineName = "AArch64";
#else
#error "tell the loader which ELF machine this is"
#endif

// Reads the whole range, or nothing.
bool read_at(int fd, void* out, uint64_t size, uint64_t offset) {
  auto* bytes = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = pread(fd, bytes, size, static_cast<off_t>(offset));
    if (got <= 0) return false;
    bytes += got;
    offset += static_cast<uint64_t>(got);
    size -= static_cast<uint64_t>(got);
  }
  return true;
}

uint32_t word_at(std::string_view bytes, size_t at) {
  uint32_t word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

Failure malformed(const std::string& what) { return invalid("has a malformed .note.penstock: " + what); }

// Takes "text NUL" from the front of the bytes.
std::optional<std::string> take_text(std::string_view& bytes) {
  const size_t end = bytes.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  std::string text(bytes.substr(0, end));
  bytes.remove_prefix(end + 1);
  return text;
}

Result<PluginNote> parse_content(std::string_view content) {
  if (content.size() < 8) return malformed("it is too short");
  PluginNote note{word_at(content, 0), word_at(content, 4), {}, {}};
  // Another major may have another note behind these two numbers.
  if (note.abi_major != PENSTOCK_ABI_MAJOR)
    return invalid("is built for plugin ABI " + std::to_string(note.abi_major) + ", this host speaks " +
                   std::to_string(PENSTOCK_ABI_MAJOR) + "; rebuild it with this host's SDK");
  content.remove_prefix(8);
  auto id = take_text(content);
  auto version = take_text(content);
  if (!id || !version) return malformed("a text is not terminated");
  if (!is_plugin_id(*id)) return malformed("the id is not 1 to " + std::to_string(kMaxPluginId) + " of a-z, 0-9, _ and -");
  const bool plain = std::all_of(version->begin(), version->end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (version->empty() || version->size() > kMaxPluginVersion || !plain)
    return malformed("the version is not 1 to " + std::to_string(kMaxPluginVersion) + " visible ASCII characters");
  note.id = std::move(*id);
  note.version = std::move(*version);
  return note;
}

uint64_t padded(uint64_t size, uint64_t alignment) { return (size + alignment - 1) / alignment * alignment; }

// The content of the Penstock note among the notes of a segment, if it is there.
Result<std::optional<std::string_view>> find_note(std::string_view notes, uint64_t alignment) {
  std::optional<std::string_view> found;
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    const uint64_t name_size = word_at(notes, 0);
    const uint64_t content_size = word_at(notes, 4);
    const uint32_t type = word_at(notes, 8);
    const uint64_t content_at = padded(sizeof(Elf64_Nhdr) + name_size, alignment);
    const bool ours = type == PENSTOCK_NOTE_TYPE && notes.substr(sizeof(Elf64_Nhdr), name_size) == kNoteName;
    if (content_at > notes.size() || content_size > notes.size() - content_at) {
      if (ours) return malformed("it exceeds its segment");
      break;
    }
    if (ours && found) return malformed("there are two");
    if (ours) found = notes.substr(content_at, content_size);
    notes.remove_prefix(std::min<uint64_t>(padded(content_at + content_size, alignment), notes.size()));
  }
  return found;
}

}  // namespace

bool is_plugin_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxPluginId && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Result<PluginNote> read_plugin_note(int fd) {
  Elf64_Ehdr header;
  struct stat file {};
  if (fstat(fd, &file) != 0) return invalid(std::string("cannot be read: ") + std::strerror(errno));
  const auto file_size = static_cast<uint64_t>(file.st_size);
  if (!read_at(fd, &header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return invalid("is not a shared library (no ELF header)");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_machine != kMachine)
    return invalid(std::string("is built for another machine; this host runs on 64-bit ") + kMachineName);
  if (header.e_type != ET_DYN) return invalid("is not a shared library (ELF type " + std::to_string(header.e_type) + ")");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kMaxProgramHeaders)
    return invalid("is not a usable shared library (" + std::to_string(header.e_phnum) + " program headers of " +
                   std::to_string(header.e_phentsize) + " bytes)");

  std::optional<PluginNote> note;
  for (uint64_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    const bool there = read_at(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment);
    // The dynamic linker maps what is not there, too, and the process dies when it is touched.
    if (!there || segment.p_offset > file_size || segment.p_filesz > file_size - segment.p_offset)
      return invalid("is cut short; copy it again");
    if (segment.p_type != PT_NOTE) continue;
    if (segment.p_filesz > kMaxNotes) return malformed("a note segment exceeds " + std::to_string(kMaxNotes) + " bytes");
    std::string bytes(segment.p_filesz, '\0');
    if (!read_at(fd, bytes.data(), bytes.size(), segment.p_offset)) return invalid("is cut short; copy it again");
    const auto content = find_note(bytes, segment.p_align == 8 ? 8 : 4);
    if (!content) return content.failure();
    if (!*content) continue;
    if (note) return malformed("there are two");
    auto parsed = parse_content(**content);
    if (!parsed) return parsed.failure();
    note = std::move(*parsed);
  }
  if (!note) return invalid("is not a Penstock plugin (it has no .note.penstock)");
  return std::move(*note);
}

}  // namespace penstock::host
