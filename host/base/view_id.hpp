// A view's identity: name and version.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace penstock::host {

struct ViewId {
  std::string name;
  int32_t version = 1;

  auto operator<=>(const ViewId&) const = default;

  // "users_v2": as in qualified field names and store keys.
  std::string qualified() const { return name + "_v" + std::to_string(version); }
  // `view "users" v2`: as in messages.
  std::string label() const { return "view \"" + name + "\" v" + std::to_string(version); }
};

}  // namespace penstock::host
