// What happens to a row inside the host and its plugins, a stage at a time. Servers, sockets and threads are left out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace penstock::bench {

struct Stage {
  std::string name;
  std::string what;
  // Prepares input for kBatchRows rows, which is not part of what is measured; each call of the result takes them through
  // the stage once.
  std::function<std::function<void()>()> prepare;
};

const std::vector<Stage>& stages();

}  // namespace penstock::bench
