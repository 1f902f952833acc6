// Values that a host may give to an option: everything that its declaration allows, and mostly nobody thinks of.
#pragma once

#include "conformance/option_set.hpp"

namespace penstock::host::conformance {

struct OptionVariant {
  std::string what;  // `"port" = 65535`; a secret's value is not in it
  OptionSet options;
};

// Each option of the component alone at the ends of its range, empty, long, with control characters, as each of its choices and absent
// where it may be; then combinations drawn by the seed. The other options are as in `given`.
std::vector<OptionVariant> option_variants(const penstock_component& component, const OptionSet& given, uint64_t seed);

}  // namespace penstock::host::conformance
