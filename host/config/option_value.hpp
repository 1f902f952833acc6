// One option as its declaration wants it.
#pragma once

#include "config/definitions.hpp"

#include <penstock/options.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace penstock::host {

struct OptionValue {
  int64_t integer = 0;
  double number = 0;
  std::string text = {};
  std::vector<std::string> list = {};  // a map: key, value, key, value
  std::optional<SecretReference> reference = {};  // stands for `text` until it is read
};

// "1 to 256", "at least 100ms"; empty without bounds.
std::string range_text(const penstock_option_desc& declared);

// The value, or what is wrong with it; the message never repeats what may be a secret.
std::variant<OptionValue, std::string> to_option_value(const penstock_option_desc& declared, const OptionInput& given);

// The default of the declaration: nothing when it has none.
std::optional<std::variant<OptionValue, std::string>> default_option_value(const penstock_option_desc& declared);

// The message for text that is none of the declared choices; nothing when it is one, or there are no choices.
std::optional<std::string> refused_choice(const penstock_option_desc& declared, const std::string& text);

}  // namespace penstock::host
