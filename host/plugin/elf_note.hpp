// Who a shared library says it is, read from the file: its code does not run for this.
#pragma once

#include "base/failure.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::host {

struct PluginNote {
  uint32_t abi_major = 0;
  uint32_t abi_minor = 0;
  std::string id;
  std::string version;
};

inline constexpr size_t kMaxPluginId = 64;
inline constexpr size_t kMaxPluginVersion = 64;

// Letters, digits, - and _ as in a component's id: [a-z0-9_-]+, at most kMaxPluginId.
bool is_plugin_id(std::string_view id);

// Reads the note .note.penstock of the library behind fd. The failure says why this host cannot load it: not ELF, another
// machine, cut short, no note, a malformed one, another ABI major.
Result<PluginNote> read_plugin_note(int fd);

}  // namespace penstock::host
