#include "config/toml_reader.hpp"

#include <cstdlib>
#include <toml++/toml.h>

// With the pkg-config flags the parser comes from the shared library; header-only it would double the build time.
static_assert(TOML_HEADER_ONLY == 0);

namespace penstock::host {
namespace {

constexpr size_t kMaxExplanationBytes = 200;

struct TooManyValues {};

std::string padded(int64_t number, size_t digits) {
  std::string text = std::to_string(number);
  return text.size() >= digits ? text : std::string(digits - text.size(), '0') + text;
}

std::string written(const toml::date& date) {
  return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2);
}

std::string written(const toml::time& time) {
  const std::string text = padded(time.hour, 2) + ":" + padded(time.minute, 2) + ":" + padded(time.second, 2);
  return time.nanosecond == 0 ? text : text + "." + padded(time.nanosecond, 9);
}

std::string written(const toml::date_time& time) {
  const std::string text = written(time.date) + "T" + written(time.time);
  if (!time.offset) return text;
  const int minutes = time.offset->minutes;
  if (minutes == 0) return text + "Z";
  return text + (minutes < 0 ? "-" : "+") + padded(std::abs(minutes) / 60, 2) + ":" + padded(std::abs(minutes) % 60, 2);
}

class Converter {
 public:
  // The recursion is bounded by find_excess_depth.
  TomlNode convert(const toml::node& node) {
    if (++values_ > kMaxTomlValues) throw TooManyValues{};
    TomlNode result;
    result.line = node.source().begin.line;
    result.column = node.source().begin.column;
    if (const auto* table = node.as_table()) {
      TomlNode::Table entries;
      entries.reserve(table->size());
      for (auto&& [key, child] : *table) {
        const auto where = key.source().begin;
        entries.push_back({std::string(key.str()), where.line, where.column, convert(child)});
      }
      result.value = std::move(entries);
    } else if (const auto* array = node.as_array()) {
      TomlNode::Array elements;
      elements.reserve(array->size());
      for (const auto& child : *array) elements.push_back(convert(child));
      result.value = std::move(elements);
    } else {
      convert_scalar(node, result);
    }
    return result;
  }

 private:
  static void convert_scalar(const toml::node& node, TomlNode& result) {
    if (const auto* text = node.as_string()) {
      result.value = text->get();
    } else if (const auto* integer = node.as_integer()) {
      result.value = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
      result.value = number->get();
    } else if (const auto* boolean = node.as_boolean()) {
      result.value = boolean->get();
    } else if (const auto* date = node.as_date()) {
      result.value = TomlTime{written(date->get())};
    } else if (const auto* date_time = node.as_date_time()) {
      result.value = TomlTime{written(date_time->get())};
    } else if (const auto* time = node.as_time()) {
      result.value = TomlTime{written(time->get())};
    }
  }

  size_t values_ = 0;
};

// toml++ says "Error while parsing boolean: expected 'true', saw 'tu'". For numbers it repeats the whole text, which may be a
// password that lost its quotes.
std::string explained(std::string_view description) {
  constexpr std::string_view kPrefix = "Error while parsing ";
  if (description.starts_with(kPrefix)) description.remove_prefix(kPrefix.size());
  std::string text(description);
  for (const std::string_view sign : {"integer: ", "floating-point: "}) {
    const size_t at = text.find(sign);
    if (at == std::string::npos) continue;
    const size_t open = text.find('\'', at);
    const size_t close = text.find('\'', open + 1);
    if (open == std::string::npos || close == std::string::npos || close - open <= 2) continue;
    text.replace(open, close - open + 1, "the number");
  }
  if (text.size() > kMaxExplanationBytes) text.resize(kMaxExplanationBytes);
  if (text == "value: could not determine value type") text += " (text is written in double quotes)";
  return "not valid TOML: " + text;
}

}  // namespace

std::optional<TomlNode> read_toml(const std::string& file, std::string_view text, std::vector<Problem>& problems) {
  if (text.size() > kMaxConfigurationFileBytes) {
    problems.push_back({{file, 0, 0}, "", "is larger than 4 MiB, the limit for a configuration file"});
    return std::nullopt;
  }
  if (auto problem = find_excess_depth(file, text)) {
    problems.push_back(std::move(*problem));
    return std::nullopt;
  }
  try {
    const toml::table root = toml::parse(text, std::string_view());
    return Converter().convert(root);
  } catch (const toml::parse_error& error) {
    const auto where = error.source().begin;
    problems.push_back({{file, where.line, where.column}, "", explained(error.description())});
  } catch (const TooManyValues&) {
    problems.push_back({{file, 0, 0}, "", "holds more than " + std::to_string(kMaxTomlValues) + " values"});
  } catch (const std::exception& error) {
    problems.push_back({{file, 0, 0}, "", std::string("cannot be parsed: ") + error.what()});
  }
  return std::nullopt;
}

}  // namespace penstock::host
