// How far a view has been synced, as the host keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace penstock::host {

// Ordered by `ordinal`; `detail` is the source's own and stored unread; `text` is for people. For a timestamp cursor the
// ordinal is nanoseconds since the epoch, UTC.
struct Position {
  int64_t ordinal = 0;
  std::string detail = {};
  std::string text = {};

  bool operator==(const Position&) const = default;
};

}  // namespace penstock::host
