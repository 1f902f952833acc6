#include "app/endpoint_file.hpp"

#include <fstream>

namespace penstock::host {
namespace {

std::filesystem::path file_in(const std::filesystem::path& state_dir) { return state_dir / "http"; }

}  // namespace

Result<void> write_endpoint(const std::filesystem::path& state_dir, const Endpoint& endpoint) {
  const std::filesystem::path file = file_in(state_dir);
  const std::filesystem::path next = file.string() + ".new";
  {
    std::ofstream out(next, std::ios::trunc);
    out << endpoint.address << ' ' << endpoint.port << '\n';
    if (!out.flush()) return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER, "cannot write " + next.string()};
  }
  std::error_code error;
  std::filesystem::rename(next, file, error);
  if (error) return Failure{PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER, "cannot write " + file.string() + ": " + error.message()};
  return {};
}

void remove_endpoint(const std::filesystem::path& state_dir) {
  std::error_code ignored;
  std::filesystem::remove(file_in(state_dir), ignored);
}

std::optional<Endpoint> read_endpoint(const std::filesystem::path& state_dir) {
  std::ifstream in(file_in(state_dir));
  Endpoint endpoint;
  if (!(in >> endpoint.address >> endpoint.port)) return {};
  return endpoint;
}

}  // namespace penstock::host
