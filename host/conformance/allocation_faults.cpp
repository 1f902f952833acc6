#include "conformance/allocation_faults.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <new>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

std::atomic<size_t> calls{0}, failing{0};

bool is_to_fail() { return ++calls == failing.load(std::memory_order_relaxed); }

void* no_memory() {
  errno = ENOMEM;
  return nullptr;
}

extern "C" {
void* faulty_malloc(size_t size) { return is_to_fail() ? no_memory() : std::malloc(size); }
void* faulty_calloc(size_t count, size_t size) { return is_to_fail() ? no_memory() : std::calloc(count, size); }
void* faulty_realloc(void* old, size_t size) { return is_to_fail() ? no_memory() : std::realloc(old, size); }
void* faulty_aligned_alloc(size_t alignment, size_t size) { return is_to_fail() ? no_memory() : std::aligned_alloc(alignment, size); }
int faulty_posix_memalign(void** out, size_t alignment, size_t size) { return is_to_fail() ? ENOMEM : posix_memalign(out, alignment, size); }
char* faulty_strdup(const char* text) { return is_to_fail() ? static_cast<char*>(no_memory()) : strdup(text); }
void* faulty_new(size_t size) { return is_to_fail() ? throw std::bad_alloc() : ::operator new(size); }
void* faulty_new_array(size_t size) { return is_to_fail() ? throw std::bad_alloc() : ::operator new[](size); }
void* faulty_new_quietly(size_t size, const std::nothrow_t& quietly) noexcept { return is_to_fail() ? nullptr : ::operator new(size, quietly); }
void* faulty_new_aligned(size_t size, std::align_val_t alignment) { return is_to_fail() ? throw std::bad_alloc() : ::operator new(size, alignment); }
}

struct Replacement {
  std::string_view symbol;
  void* function;
};

template <class Function>
void* address_of(Function* function) {
  return reinterpret_cast<void*>(function);
}

const Replacement kReplacements[] = {
    {"malloc", address_of(faulty_malloc)},
    {"calloc", address_of(faulty_calloc)},
    {"realloc", address_of(faulty_realloc)},
    {"aligned_alloc", address_of(faulty_aligned_alloc)},
    {"posix_memalign", address_of(faulty_posix_memalign)},
    {"strdup", address_of(faulty_strdup)},
    {"_Znwm", address_of(faulty_new)},
    {"_Znam", address_of(faulty_new_array)},
    {"_ZnwmRKSt9nothrow_t", address_of(faulty_new_quietly)},
    {"_ZnwmSt11align_val_t", address_of(faulty_new_aligned)},
};

void* replacement_of(std::string_view symbol) {
  for (const Replacement& each : kReplacements)
    if (each.symbol == symbol) return each.function;
  return nullptr;
}

// The image that an address lies in.
struct Image {
  uintptr_t inside = 0;
  uintptr_t base = 0;
  const ElfW(Dyn)* dynamic = nullptr;
};

int find_image(dl_phdr_info* info, size_t, void* out) {
  Image& image = *static_cast<Image*>(out);
  bool holds = false;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    holds |= header.p_type == PT_LOAD && image.inside >= begin && image.inside < begin + header.p_memsz;
    if (header.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
  }
  if (!holds) return 0;
  image.base = info->dlpi_addr;
  image.dynamic = dynamic;
  return 1;
}

// With -z now -z relro the table of imports is read-only once it is filled in.
bool overwrite(void** slot, void* value) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  auto* const begin = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(slot) & ~(page - 1));
  if (mprotect(begin, page, PROT_READ | PROT_WRITE) != 0) return false;
  *slot = value;
  return true;
}

}  // namespace

AllocationFaults::AllocationFaults(const void* inside) {
  Image image;
  image.inside = reinterpret_cast<uintptr_t>(inside);
  dl_iterate_phdr(find_image, &image);
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  struct Table {
    const ElfW(Rela)* entries = nullptr;
    size_t bytes = 0;
  } tables[2];
  // The dynamic linker has made addresses of what the file has as offsets.
  for (const ElfW(Dyn)* entry = image.dynamic; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const auto at = entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_SYMTAB: symbols = reinterpret_cast<const ElfW(Sym)*>(at); break;
      case DT_STRTAB: names = reinterpret_cast<const char*>(at); break;
      case DT_JMPREL: tables[0].entries = reinterpret_cast<const ElfW(Rela)*>(at); break;
      case DT_PLTRELSZ: tables[0].bytes = entry->d_un.d_val; break;
      case DT_RELA: tables[1].entries = reinterpret_cast<const ElfW(Rela)*>(at); break;
      case DT_RELASZ: tables[1].bytes = entry->d_un.d_val; break;
      default: break;
    }
  }
  if (symbols == nullptr || names == nullptr) return;
  for (const Table& table : tables)
    for (size_t i = 0; table.entries != nullptr && i < table.bytes / sizeof(ElfW(Rela)); ++i) {
      const ElfW(Rela)& relocation = table.entries[i];
      void* const function = replacement_of(names + symbols[ELF64_R_SYM(relocation.r_info)].st_name);
      if (function != nullptr && overwrite(reinterpret_cast<void**>(image.base + relocation.r_offset), function)) ++redirected_;
    }
}

void AllocationFaults::fail_at(size_t n) {
  calls = 0;
  failing = n;
}

size_t AllocationFaults::stop() {
  failing = 0;
  return calls;
}

}  // namespace penstock::host::conformance
