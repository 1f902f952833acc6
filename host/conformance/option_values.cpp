#include "conformance/option_values.hpp"

#include "plugin/printable.hpp"

#include <cmath>
#include <limits>
#include <random>

namespace penstock::host::conformance {
namespace {

constexpr size_t kCombinations = 64;
constexpr size_t kLong = 64 << 10;
constexpr size_t kMaxShown = 32;

std::vector<std::string> texts() {
  return {"", " ", "a", std::string(kLong, 'x'), "line\nend\tand\x1b[31m", "caf\xc3\xa9", "'; DROP TABLE x; --\"", "%s%n%99999d", "../../../etc", "://", "=", ","};
}

std::vector<OptionSetting> values_of(const penstock_option_desc& option) {
  const OptionSetting base{option.name, option.type};
  std::vector<OptionSetting> out;
  const auto add = [&](const auto& change) { change(out.emplace_back(base)); };
  switch (option.type) {
    case PENSTOCK_OPTION_INT:
    case PENSTOCK_OPTION_DURATION:
    case PENSTOCK_OPTION_SIZE: {
      // A duration or a size is never negative as it is written.
      const int64_t least = option.type == PENSTOCK_OPTION_INT ? option.min : std::max<int64_t>(option.min, 0);
      for (const int64_t value : {least, std::min<int64_t>(std::max<int64_t>(0, least), option.max), option.max}) add([&](OptionSetting& setting) { setting.integer = value; });
      break;
    }
    case PENSTOCK_OPTION_DOUBLE:
      for (const double value : {0.0, -0.0, -1e308, 1e308, std::numeric_limits<double>::denorm_min()}) add([&](OptionSetting& setting) { setting.number = value; });
      break;
    case PENSTOCK_OPTION_BOOL:
      for (const int64_t value : {0, 1}) add([&](OptionSetting& setting) { setting.integer = value; });
      break;
    case PENSTOCK_OPTION_STRING:
      if (option.choices != nullptr) {
        for (size_t i = 0; option.choices[i] != nullptr; ++i) add([&](OptionSetting& setting) { setting.text = option.choices[i]; });
      } else {
        for (const std::string& text : texts()) add([&](OptionSetting& setting) { setting.text = text; });
      }
      break;
    case PENSTOCK_OPTION_STRING_LIST:
      add([](OptionSetting&) {});
      add([](OptionSetting& setting) { setting.list = texts(); });
      add([](OptionSetting& setting) { setting.list.assign(1000, "item"); });
      break;
    case PENSTOCK_OPTION_STRING_MAP:
      add([](OptionSetting&) {});
      for (const std::string& text : texts()) add([&](OptionSetting& setting) { setting.list = {"key", text, text, "value"}; });
      break;
    default: break;
  }
  return out;
}

std::string shown(const penstock_option_desc& option, const OptionSetting& setting) {
  const std::string name = "\"" + setting.name + "\" = ";
  if ((option.flags & PENSTOCK_OPTION_SECRET) != 0) return name + "a secret of " + std::to_string(setting.text.size()) + " bytes";
  switch (setting.type) {
    case PENSTOCK_OPTION_STRING: return name + "\"" + printable(std::string_view(setting.text), kMaxShown) + "\"" +
                                        (setting.text.size() > kMaxShown ? " (" + std::to_string(setting.text.size()) + " bytes)" : "");
    case PENSTOCK_OPTION_DOUBLE: return name + std::to_string(setting.number);
    case PENSTOCK_OPTION_STRING_LIST:
    case PENSTOCK_OPTION_STRING_MAP: return name + std::to_string(setting.list.size()) + " texts";
    default: return name + std::to_string(setting.integer);
  }
}

}  // namespace

std::vector<OptionVariant> option_variants(const penstock_component& component, const OptionSet& given, uint64_t seed) {
  std::vector<OptionVariant> out;
  for (uint64_t i = 0; i < component.n_options; ++i) {
    const penstock_option_desc& option = *component.options[i];
    if ((option.flags & PENSTOCK_OPTION_REQUIRED) == 0 && option.default_value == nullptr && given.find(option.name) != nullptr) {
      OptionSet without = given;
      without.remove(option.name);
      out.push_back({"no \"" + std::string(option.name) + "\"", std::move(without)});
    }
    for (const OptionSetting& value : values_of(option)) {
      OptionSet with = given;
      with.set(value);
      out.push_back({shown(option, value), std::move(with)});
    }
  }
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < kCombinations && component.n_options > 0; ++i) {
    OptionVariant variant{"", given};
    for (uint64_t at = 0; at < component.n_options; ++at) {
      const penstock_option_desc& option = *component.options[at];
      const auto values = values_of(option);
      if (values.empty() || random() % 2 == 0) continue;
      const OptionSetting& value = values[random() % values.size()];
      variant.options.set(value);
      variant.what += (variant.what.empty() ? "" : ", ") + shown(option, value);
    }
    out.push_back(std::move(variant));
  }
  return out;
}

}  // namespace penstock::host::conformance
