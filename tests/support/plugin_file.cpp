#include "support/plugin_file.hpp"

#include <cstdlib>

namespace penstock::test {

const penstock_module& load_plugin(const std::string& name) {
  // The tests of the tests have plugins of their own, with errors in them.
  const char* const folder = std::getenv("PENSTOCK_TEST_PLUGINS");
  return load_module((folder != nullptr ? folder : std::string(PENSTOCK_BUILD_DIR "/plugins")) + "/" + name + ".so");
}

}  // namespace penstock::test
