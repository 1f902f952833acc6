#include "json.hpp"

#include "input.hpp"

#include <simdjson.h>

namespace penstock::files {

struct JsonParser::Parser {
  simdjson::ondemand::parser parser;
  std::string padded;
};

JsonParser::JsonParser() : parser_(std::make_unique<Parser>()) {}
JsonParser::~JsonParser() = default;

namespace {

constexpr const char* kMalformed = "it is not well-formed JSON";
static_assert(kPadding >= simdjson::SIMDJSON_PADDING);

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

// A number must look like one: simdjson finds its end, but checks it only when it converts.
bool is_number(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i > from;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0')
    ++i;
  else if (!digits())
    return false;
  if (i < text.size() && text[i] == '.' && (++i, !digits())) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

// The document class of this version has no at_end of its own.
bool at_end(simdjson::ondemand::document& document) { return document.current_location().error() == simdjson::OUT_OF_BOUNDS; }

// Reads any value as kind and text.
template <class Use>
const char* read_value(simdjson::ondemand::value value, Use&& use) {
  namespace ondemand = simdjson::ondemand;
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return kMalformed;
  std::string_view text;
  switch (type) {
    case ondemand::json_type::string:
      return value.get_string().get(text) == simdjson::SUCCESS ? use(JsonKind::string, text) : kMalformed;
    case ondemand::json_type::number:
      text = trimmed(value.raw_json_token());
      return is_number(text) ? use(JsonKind::number, text) : kMalformed;
    case ondemand::json_type::boolean: {
      bool truth;
      if (value.get_bool().get(truth) != simdjson::SUCCESS) return kMalformed;
      return use(JsonKind::boolean, truth ? std::string_view("true") : std::string_view("false"));
    }
    case ondemand::json_type::null:
      return trimmed(value.raw_json_token()) == "null" ? use(JsonKind::null, text) : kMalformed;
    case ondemand::json_type::array: {
      ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return kMalformed;
      return array.raw_json().get(text) == simdjson::SUCCESS ? use(JsonKind::nested, trimmed(text)) : kMalformed;
    }
    case ondemand::json_type::object: {
      ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return kMalformed;
      return object.raw_json().get(text) == simdjson::SUCCESS ? use(JsonKind::nested, trimmed(text)) : kMalformed;
    }
  }
  return kMalformed;
}

}  // namespace

const char* JsonParser::read_object(std::string_view text, size_t padding, const OnMember& on_member) {
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.size() + padding);
  if (parser_->parser.iterate(padded).get(document) != simdjson::SUCCESS) return kMalformed;
  simdjson::ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return "it is not a JSON object";
  for (auto field : object) {
    std::string_view name;
    if (field.error() != simdjson::SUCCESS || field.unescaped_key().get(name) != simdjson::SUCCESS) return kMalformed;
    simdjson::ondemand::value value;
    if (field.value().get(value) != simdjson::SUCCESS) return kMalformed;
    const char* problem = read_value(value, [&](JsonKind kind, std::string_view t) { return on_member(name, kind, t); });
    if (problem != nullptr) return problem;
  }
  return at_end(document) ? nullptr : "there is text after the JSON object";
}

const char* JsonParser::read_array(std::string_view text, const OnItem& on_item) {
  std::string& padded = parser_->padded;
  padded.assign(text);
  padded.append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::document document;
  if (parser_->parser.iterate(simdjson::padded_string_view(padded.data(), text.size(), padded.size())).get(document) !=
      simdjson::SUCCESS)
    return "it is not a JSON array";
  simdjson::ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS) return "it is not a JSON array";
  for (auto item : array) {
    simdjson::ondemand::value value;
    if (item.get(value) != simdjson::SUCCESS) return kMalformed;
    if (const char* problem = read_value(value, on_item); problem != nullptr) return problem;
  }
  return at_end(document) ? nullptr : "there is text after the JSON array";
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace penstock::files
