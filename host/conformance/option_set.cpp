#include "conformance/option_set.hpp"

#include <penstock/error.hpp>

#include <algorithm>

namespace penstock::host::conformance {
namespace {

std::string copied(penstock_str text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

penstock_str borrowed(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace

OptionSet::OptionSet(const penstock_options* given) {
  for (uint64_t i = 0; i < given->n_values; ++i) {
    const penstock_option_value& value = *given->values[i];
    OptionSetting setting{copied(value.name), value.type, value.integer, value.number, copied(value.text), {}};
    for (uint64_t item = 0; item < value.n_list; ++item) setting.list.push_back(copied(value.list[item]));
    settings_.push_back(std::move(setting));
  }
}

void OptionSet::set(OptionSetting setting) {
  remove(setting.name);
  settings_.push_back(std::move(setting));
}

void OptionSet::remove(std::string_view name) {
  std::erase_if(settings_, [&](const OptionSetting& setting) { return setting.name == name; });
}

const OptionSetting* OptionSet::find(std::string_view name) const {
  const auto found = std::find_if(settings_.begin(), settings_.end(), [&](const OptionSetting& setting) { return setting.name == name; });
  return found == settings_.end() ? nullptr : &*found;
}

std::vector<std::string> secrets_in(const OptionSet& options, const penstock_component& component) {
  std::vector<std::string> out;
  for (uint64_t i = 0; i < component.n_options; ++i) {
    const OptionSetting* const setting = options.find(component.options[i]->name);
    if ((component.options[i]->flags & PENSTOCK_OPTION_SECRET) != 0 && setting != nullptr && !setting->text.empty()) out.push_back(setting->text);
  }
  return out;
}

ShapedOptions::ShapedOptions(const OptionSet& options, const testing::HostShape& shape) : settings_(options.settings()), options_(shape, {}) {
  for (const OptionSetting& setting : settings_) {
    auto& list = lists_.emplace_back();
    for (const std::string& item : setting.list) list.push_back(borrowed(item));
    const penstock_option_value value{0, setting.type, borrowed(setting.name), setting.integer, setting.number, borrowed(setting.text), list.data(), list.size()};
    pointers_.push_back(values_.emplace_back(shape, value).get());
  }
  options_.get()->values = pointers_.data();
  options_.get()->n_values = pointers_.size();
}

}  // namespace penstock::host::conformance
