// Option values as the host hands them to a plugin.
#pragma once

#include <penstock/testing/host_shape.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace penstock::testing {

// Values for open, validate and penstock_table: those given, and the declared defaults. A value is given as text in the option's TOML
// form without quotes: durations "5s", sizes "64KiB", booleans "true", lists "a,b", maps "k=v,k2=v2". An option that is not declared
// and a number that cannot be read throw std::runtime_error; ranges and choices are not looked at.
class FakeOptions {
 public:
  FakeOptions(const penstock_option_desc* const* declared, uint64_t n, const std::map<std::string, std::string>& given,
              const HostShape& shape = {})
      : options_(shape, {}) {
    size_t used = 0;
    for (uint64_t i = 0; i < n; ++i) {
      const penstock_option_desc& desc = *declared[i];
      const auto found = given.find(desc.name);
      if (found != given.end()) ++used;
      if (found != given.end() || desc.default_value != nullptr)
        add(desc, found != given.end() ? found->second : desc.default_value, shape);
    }
    if (used != given.size()) throw std::runtime_error("an option that was given is not declared");
    for (const auto& one : storage_) pointers_.push_back(one->value.get());
    options_.get()->values = pointers_.data();
    options_.get()->n_values = pointers_.size();
  }
  FakeOptions(const FakeOptions&) = delete;
  FakeOptions& operator=(const FakeOptions&) = delete;

  // Valid as long as this object.
  const penstock_options* get() const { return options_.get(); }

 private:
  using Units = std::vector<std::pair<std::string, int64_t>>;
  struct Storage {
    std::string name, text;
    std::vector<std::string> items;
    std::vector<penstock_str> list;
    HostStruct<penstock_option_value> value;
  };

  static int64_t scaled(const std::string& value, const Units& units) {
    size_t used = 0;
    const int64_t number = std::stoll(value, &used);
    for (const auto& [unit, factor] : units)
      if (value.substr(used) == unit) return number * factor;
    throw std::runtime_error("cannot read \"" + value + "\"");
  }

  static std::vector<std::string> split(const std::string& value, const std::string& separators) {
    std::vector<std::string> parts;
    for (size_t start = 0; start < value.size();) {
      const size_t end = std::min(value.find_first_of(separators, start), value.size());
      parts.push_back(value.substr(start, end - start));
      start = end + 1;
    }
    return parts;
  }

  void add(const penstock_option_desc& desc, const std::string& text, const HostShape& shape) {
    static const Units kDurations{
        {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000}};
    static const Units kSizes{{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    auto item = std::make_unique<Storage>(Storage{desc.name, {}, {}, {}, {shape, {}}});
    penstock_option_value& value = *item->value.get();
    value.type = desc.type;
    value.name = {item->name.data(), item->name.size()};
    switch (desc.type) {
      case PENSTOCK_OPTION_INT: value.integer = std::stoll(text); break;
      case PENSTOCK_OPTION_DOUBLE: value.number = std::stod(text); break;
      case PENSTOCK_OPTION_BOOL: value.integer = text == "true"; break;
      case PENSTOCK_OPTION_DURATION: value.integer = scaled(text, kDurations); break;
      case PENSTOCK_OPTION_SIZE: value.integer = scaled(text, kSizes); break;
      case PENSTOCK_OPTION_STRING_LIST: item->items = split(text, ","); break;
      case PENSTOCK_OPTION_STRING_MAP: item->items = split(text, ",="); break;
      default: item->text = text;
    }
    value.text = {item->text.data(), item->text.size()};
    for (const std::string& part : item->items) item->list.push_back({part.data(), part.size()});
    value.list = item->list.data();
    value.n_list = item->list.size();
    storage_.push_back(std::move(item));
  }

  std::vector<std::unique_ptr<Storage>> storage_;
  std::vector<const penstock_option_value*> pointers_;
  HostStruct<penstock_options> options_;
};

}  // namespace penstock::testing
