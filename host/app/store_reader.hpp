// Profiles straight from the stores.
#pragma once

#include "run/connections.hpp"
#include "serve/profile_reader.hpp"

#include <chrono>

namespace penstock::host {

// Thread-safe. Keeps a reference to the connections.
class StoreReader final : public ProfileReader {
 public:
  StoreReader(Connections& connections, std::chrono::nanoseconds timeout) : connections_(connections), timeout_(timeout) {}

  Result<Batch> read(const View& view, const std::vector<std::string>& fields, const std::vector<std::string>& keys) override;

 private:
  Connections& connections_;
  std::chrono::nanoseconds timeout_;
};

}  // namespace penstock::host
