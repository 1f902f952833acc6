// A component's offline check of its options.
#pragma once

#include <penstock/module.h>
#include <penstock/testing/caller.hpp>
#include <penstock/testing/fake_options.hpp>

namespace penstock::testing {

// What it reports: the status OK when the options are good. Throws ContractViolated.
inline RecordedError validate_options(const penstock_component& component, const std::map<std::string, std::string>& options,
                                      const HostShape& shape = {}) {
  Caller caller(shape);
  const FakeOptions values(component.options, component.n_options, options, shape);
  try {
    caller.call("validate", nullptr, {}, [&](penstock_call* c) { return component.validate(c, values.get()); });
  } catch (const CallFailed& failed) {
    return failed.error;
  }
  return {};
}

}  // namespace penstock::testing
