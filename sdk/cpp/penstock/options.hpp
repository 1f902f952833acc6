// Options: declared as constexpr data, read as typed values.
#pragma once

#include <penstock/error.hpp>
#include <penstock/options.h>

#include <chrono>
#include <limits>
#include <map>
#include <optional>

namespace penstock {

inline constexpr uint32_t kRequired = PENSTOCK_OPTION_REQUIRED;
inline constexpr uint32_t kSecret = PENSTOCK_OPTION_SECRET;

// Declarations, for a `static constexpr penstock_option_desc kOptions[] = {…}`. A default is written as in TOML without
// quotes; nullptr means "absent unless given". Strings must be literals.
constexpr penstock_option_desc option(int32_t type, const char* name, const char* doc, const char* default_value = nullptr,
                                      uint32_t flags = 0, int64_t min = std::numeric_limits<int64_t>::min(),
                                      int64_t max = std::numeric_limits<int64_t>::max()) {
  return {sizeof(penstock_option_desc), type, flags, 0, name, doc, default_value, nullptr, min, max};
}
constexpr penstock_option_desc string_option(const char* name, const char* doc, const char* default_value = nullptr,
                                             uint32_t flags = 0) {
  return option(PENSTOCK_OPTION_STRING, name, doc, default_value, flags);
}
// One of `choices`, an array of literals that ends with nullptr.
constexpr penstock_option_desc choice_option(const char* name, const char* doc, const char* default_value,
                                             const char* const* choices) {
  auto desc = option(PENSTOCK_OPTION_STRING, name, doc, default_value);
  desc.choices = choices;
  return desc;
}
constexpr penstock_option_desc int_option(const char* name, const char* doc, const char* default_value, int64_t min,
                                          int64_t max) {
  return option(PENSTOCK_OPTION_INT, name, doc, default_value, 0, min, max);
}
constexpr penstock_option_desc bool_option(const char* name, const char* doc, const char* default_value) {
  return option(PENSTOCK_OPTION_BOOL, name, doc, default_value);
}
constexpr penstock_option_desc duration_option(const char* name, const char* doc, const char* default_value,
                                               std::chrono::nanoseconds min, std::chrono::nanoseconds max) {
  return option(PENSTOCK_OPTION_DURATION, name, doc, default_value, 0, min.count(), max.count());
}
constexpr penstock_option_desc size_option(const char* name, const char* doc, const char* default_value, int64_t min,
                                           int64_t max) {
  return option(PENSTOCK_OPTION_SIZE, name, doc, default_value, 0, min, max);
}

// The values of a component or table: an owned copy, so it may be kept. Asking for an option as another type than it was
// declared with, or for one that has no value, throws INTERNAL: that is a bug in the plugin.
class Options {
 public:
  Options() = default;
  explicit Options(const penstock_options* options) {
    for (uint64_t i = 0; options != nullptr && i < options->n_values; ++i) {
      const penstock_option_value& in = *options->values[i];
      Value value{in.type, in.integer, in.number, std::string(to_view(in.text)), {}};
      for (uint64_t k = 0; k < in.n_list; ++k) value.list.emplace_back(to_view(in.list[k]));
      values_.emplace(to_view(in.name), std::move(value));
    }
  }

  bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  const std::string& text(std::string_view name) const { return get(name, PENSTOCK_OPTION_STRING).text; }
  std::string text_or(std::string_view name, std::string fallback) const { return has(name) ? text(name) : std::move(fallback); }
  int64_t integer(std::string_view name) const { return get(name, PENSTOCK_OPTION_INT).integer; }
  int64_t size(std::string_view name) const { return get(name, PENSTOCK_OPTION_SIZE).integer; }
  bool boolean(std::string_view name) const { return get(name, PENSTOCK_OPTION_BOOL).integer != 0; }
  double number(std::string_view name) const { return get(name, PENSTOCK_OPTION_DOUBLE).number; }
  std::chrono::nanoseconds duration(std::string_view name) const {
    return std::chrono::nanoseconds(get(name, PENSTOCK_OPTION_DURATION).integer);
  }
  const std::vector<std::string>& list(std::string_view name) const { return get(name, PENSTOCK_OPTION_STRING_LIST).list; }
  std::vector<std::pair<std::string, std::string>> map(std::string_view name) const {
    const auto& flat = get(name, PENSTOCK_OPTION_STRING_MAP).list;
    std::vector<std::pair<std::string, std::string>> pairs;
    for (size_t i = 0; i + 1 < flat.size(); i += 2) pairs.emplace_back(flat[i], flat[i + 1]);
    return pairs;
  }

 private:
  struct Value {
    int32_t type;
    int64_t integer;
    double number;
    std::string text;
    std::vector<std::string> list;
  };

  const Value& get(std::string_view name, int32_t type) const {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.type != type)
      throw Error(PENSTOCK_STATUS_INTERNAL, "option \"" + std::string(name) + "\" was read but has no value of that type");
    return found->second;
  }

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace penstock
