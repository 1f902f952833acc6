// Options that a check gives to a plugin: those of the quirks file and the defaults, or whatever the check puts in their place.
#pragma once

#include <penstock/module.h>
#include <penstock/testing/host_shape.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host::conformance {

// One option as text and numbers of our own; the member that `type` (PENSTOCK_OPTION_*) names counts.
struct OptionSetting {
  std::string name;
  int32_t type = PENSTOCK_OPTION_STRING;
  int64_t integer = 0;
  double number = 0;
  std::string text = {};
  std::vector<std::string> list = {};
};

class OptionSet {
 public:
  OptionSet() = default;
  // A copy of what the host would give.
  explicit OptionSet(const penstock_options* given);

  void set(OptionSetting setting);
  void remove(std::string_view name);
  const OptionSetting* find(std::string_view name) const;
  const std::vector<OptionSetting>& settings() const { return settings_; }

 private:
  std::vector<OptionSetting> settings_;
};

// The values of those that the component declares as secret.
std::vector<std::string> secrets_in(const OptionSet& options, const penstock_component& component);

// Options in the form of the ABI, with the struct sizes of the host that the shape plays.
class ShapedOptions {
 public:
  ShapedOptions(const OptionSet& options, const testing::HostShape& shape);
  ShapedOptions(const ShapedOptions&) = delete;
  ShapedOptions& operator=(const ShapedOptions&) = delete;

  // Valid as long as this object.
  const penstock_options* get() const { return options_.get(); }

 private:
  std::vector<OptionSetting> settings_;
  std::deque<std::vector<penstock_str>> lists_;
  std::deque<testing::HostStruct<penstock_option_value>> values_;
  std::vector<const penstock_option_value*> pointers_;
  testing::HostStruct<penstock_options> options_;
};

}  // namespace penstock::host::conformance
