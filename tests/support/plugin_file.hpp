// The plugins that were built, and the SDK's drivers for them under this namespace.
#pragma once

#include <penstock/testing/load_module.hpp>

#include <string>

namespace penstock::testing {}

namespace penstock::test {

using namespace penstock::testing;

// The module in <build>/plugins/<name>.so. Throws std::runtime_error.
const penstock_module& load_plugin(const std::string& name);

}  // namespace penstock::test
