#include "config/option_value.hpp"

#include "config/names.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace penstock::host {
namespace {

using Outcome = std::variant<OptionValue, std::string>;

std::string_view kind_of(const OptionInput& given) {
  constexpr std::string_view kKinds[] = {"a string", "an integer", "a number",   "a boolean",
                                         "a list",   "a table",    "a reference"};
  return kKinds[given.value.index()];
}

Outcome expected(std::string_view what, const OptionInput& given) {
  return "expected " + std::string(what) + ", found " + std::string(kind_of(given));
}

bool is_secret(const penstock_option_desc& declared) { return (declared.flags & PENSTOCK_OPTION_SECRET) != 0; }

std::string shown(const penstock_option_desc& declared, int64_t value) {
  if (declared.type == PENSTOCK_OPTION_DURATION && value >= 0) return format_duration(std::chrono::nanoseconds(value));
  if (declared.type == PENSTOCK_OPTION_SIZE && value >= 0) return format_size(value);
  return std::to_string(value);
}

Outcome in_range(const penstock_option_desc& declared, int64_t value) {
  if (value >= declared.min && value <= declared.max) return OptionValue{.integer = value};
  return shown(declared, value) + " is out of range: " + range_text(declared);
}

Outcome to_text(const penstock_option_desc& declared, const OptionInput& given) {
  if (const auto* reference = std::get_if<SecretReference>(&given.value)) {
    OptionValue value;
    value.reference = *reference;
    return value;
  }
  if (is_secret(declared)) {
    const std::string name = declared.name;
    return "a secret is written by reference only: " + name + " = { env = \"NAME\" }, " + name +
           " = { file = \"/path\" } or " + name + " = { credential = \"name\" }";
  }
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return expected("a string", given);
  if (auto message = refused_choice(declared, *text)) return *message;
  return OptionValue{.text = *text};
}

Outcome to_number(const OptionInput& given) {
  if (const auto* number = std::get_if<double>(&given.value)) {
    if (!std::isfinite(*number)) return "is not a finite number";
    return OptionValue{.number = *number};
  }
  if (const auto* integer = std::get_if<int64_t>(&given.value)) return OptionValue{.number = static_cast<double>(*integer)};
  return expected("a number", given);
}

Outcome to_duration(const penstock_option_desc& declared, const OptionInput& given) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return expected("a duration like \"5m\"", given);
  if (const auto duration = parse_duration(*text)) return in_range(declared, duration->count());
  return not_a_duration(*text);
}

Outcome to_size(const penstock_option_desc& declared, const OptionInput& given) {
  if (const auto* bytes = std::get_if<int64_t>(&given.value)) return in_range(declared, *bytes);
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr) return expected("a size like \"8MiB\"", given);
  if (const auto size = parse_size(*text)) return in_range(declared, *size);
  return not_a_size(*text);
}

Outcome to_map(const OptionInput& given) {
  // { env = "x" } alone is a reference everywhere, and no table.
  const auto* map = std::get_if<OptionInput::Map>(&given.value);
  if (map == nullptr) return expected("a table of strings", given);
  OptionValue value;
  for (const auto& [key, text] : *map) {
    value.list.push_back(key);
    value.list.push_back(text);
  }
  return value;
}

std::string_view trimmed(std::string_view text, std::string_view what) {
  const size_t begin = text.find_first_not_of(what);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(what) - begin + 1);
}

// "a, b" or "[a, b]"
std::vector<std::string> split_default(std::string_view text) {
  std::vector<std::string> parts;
  text = trimmed(text, " []{}");
  while (!text.empty()) {
    const size_t comma = text.find(',');
    parts.emplace_back(trimmed(text.substr(0, comma), " "));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

template <class T>
OptionInput parsed_number(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Left as a string it fails to convert, which is what a wrong default should do.
  if (error != std::errc() || end != text.data() + text.size()) return {text, {}};
  return {value, {}};
}

OptionInput default_input(const penstock_option_desc& declared) {
  const std::string text = declared.default_value;
  switch (declared.type) {
    case PENSTOCK_OPTION_INT: return parsed_number<int64_t>(text);
    case PENSTOCK_OPTION_DOUBLE: return parsed_number<double>(text);
    case PENSTOCK_OPTION_BOOL:
      if (text == "true" || text == "false") return {text == "true", {}};
      return {text, {}};
    case PENSTOCK_OPTION_STRING_LIST: return {split_default(text), {}};
    case PENSTOCK_OPTION_STRING_MAP: {
      OptionInput::Map map;
      for (const std::string& part : split_default(text)) {
        const size_t sign = part.find('=');
        if (sign == std::string::npos) return {text, {}};
        const std::string_view pair = part;
        map.emplace_back(trimmed(pair.substr(0, sign), " "), trimmed(pair.substr(sign + 1), " "));
      }
      return {std::move(map), {}};
    }
    default: return {text, {}};
  }
}

}  // namespace

std::string range_text(const penstock_option_desc& declared) {
  const bool has_min = declared.min != std::numeric_limits<int64_t>::min();
  const bool has_max = declared.max != std::numeric_limits<int64_t>::max();
  if (has_min && has_max) return shown(declared, declared.min) + " to " + shown(declared, declared.max);
  if (has_min) return "at least " + shown(declared, declared.min);
  return has_max ? "at most " + shown(declared, declared.max) : "";
}

std::variant<OptionValue, std::string> to_option_value(const penstock_option_desc& declared, const OptionInput& given) {
  if (is_secret(declared) && declared.type != PENSTOCK_OPTION_STRING) return "is declared as a secret that is not a string";
  switch (declared.type) {
    case PENSTOCK_OPTION_STRING: return to_text(declared, given);
    case PENSTOCK_OPTION_INT:
      if (const auto* integer = std::get_if<int64_t>(&given.value)) return in_range(declared, *integer);
      return expected("an integer", given);
    case PENSTOCK_OPTION_DOUBLE: return to_number(given);
    case PENSTOCK_OPTION_BOOL:
      if (const auto* boolean = std::get_if<bool>(&given.value)) return OptionValue{.integer = *boolean ? 1 : 0};
      return expected("true or false", given);
    case PENSTOCK_OPTION_DURATION: return to_duration(declared, given);
    case PENSTOCK_OPTION_SIZE: return to_size(declared, given);
    case PENSTOCK_OPTION_STRING_LIST:
      if (const auto* list = std::get_if<std::vector<std::string>>(&given.value)) return OptionValue{.list = *list};
      return expected("a list of strings", given);
    case PENSTOCK_OPTION_STRING_MAP: return to_map(given);
    default: return "is declared with a type that this host does not know";
  }
}

std::optional<std::variant<OptionValue, std::string>> default_option_value(const penstock_option_desc& declared) {
  if (declared.default_value == nullptr) return std::nullopt;
  auto value = to_option_value(declared, default_input(declared));
  if (std::holds_alternative<std::string>(value)) return "the plugin declares a default that it does not allow itself";
  return value;
}

std::optional<std::string> refused_choice(const penstock_option_desc& declared, const std::string& text) {
  if (declared.choices == nullptr) return std::nullopt;
  std::vector<std::string_view> choices;
  for (const char* const* choice = declared.choices; *choice != nullptr; ++choice) {
    if (text == *choice) return std::nullopt;
    choices.emplace_back(*choice);
  }
  return in_quotes(text) + " is not one of " + list_in_quotes(choices) + suggestion(text, choices);
}

}  // namespace penstock::host
