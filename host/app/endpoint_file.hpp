// Where a running host listens: <state_dir>/http, for the commands that ask it.
#pragma once

#include "base/failure.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace penstock::host {

struct Endpoint {
  std::string address;
  uint16_t port = 0;
};

Result<void> write_endpoint(const std::filesystem::path& state_dir, const Endpoint& endpoint);
void remove_endpoint(const std::filesystem::path& state_dir);
// Nothing when no host wrote one. A host that was killed leaves it behind: look at lock_holder first.
std::optional<Endpoint> read_endpoint(const std::filesystem::path& state_dir);

}  // namespace penstock::host
