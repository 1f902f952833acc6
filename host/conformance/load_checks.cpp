// What happens when the library is loaded.
#include "conformance/trial.hpp"

namespace penstock::host::conformance {
namespace {

void check_module_is_complete(Trial& trial) { trial.module(); }

constexpr Check kChecks[] = {
    {"load.module", Subject::module, "the module is complete: no slot is NULL, all names, sizes and options are sensible", "module", check_module_is_complete},
};

}  // namespace

std::span<const Check> load_checks() { return kChecks; }

}  // namespace penstock::host::conformance
