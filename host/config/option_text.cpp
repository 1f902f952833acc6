#include "config/option_text.hpp"

#include "base/escape.hpp"
#include "base/text_table.hpp"
#include "config/option_schema.hpp"
#include "config/option_value.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <limits>

namespace penstock::host {
namespace {

constexpr size_t kCommentColumns = 100;

using Option = penstock_option_desc;

std::string text_of(const char* text) { return text == nullptr ? "" : text; }
bool is_required(const Option& option) { return (option.flags & PENSTOCK_OPTION_REQUIRED) != 0; }
bool is_secret(const Option& option) { return (option.flags & PENSTOCK_OPTION_SECRET) != 0; }

// `frame`: what stands before and after each choice.
std::string choices_text(const Option& option, const char* frame) {
  std::string text;
  for (const char* const* choice = option.choices; choice != nullptr && *choice != nullptr; ++choice)
    text += (text.empty() ? "" : ", ") + (frame + std::string(*choice)) + frame;
  return text;
}

// What the doc does not say: "secret, by reference only; 1s to 1h".
std::string rules_text(const Option& option, const char* frame) {
  std::string text;
  const auto add = [&](const std::string& rule) {
    if (!rule.empty()) text += (text.empty() ? "" : "; ") + rule;
  };
  if (is_secret(option)) add("secret: by reference only");
  if (option.choices != nullptr) add("one of " + choices_text(option, frame));
  add(range_text(option));
  return text;
}

std::string sentence_with(const std::string& doc, const std::string& rules) { return rules.empty() ? doc : doc + " (" + rules + ")"; }

std::string heading(const char* section) {
  const std::string name = section;
  return name == "batch_source" ? "[[batch_source]]" : "[" + name + ".NAME]";
}

std::string table_text(const char* section, DeclaredOptions options) {
  if (options.empty()) return "";
  Table table({"  OPTION", "TYPE", "DEFAULT", "WHAT"});
  for (const Option* option : options) {
    std::string standard = is_required(*option) ? "required" : option->default_value == nullptr ? "-" : "\"" + text_of(option->default_value) + "\"";
    table.add({"  " + text_of(option->name), option_type_name(option->type), std::move(standard),
               sentence_with(text_of(option->doc), rules_text(*option, ""))});
  }
  return "\noptions of " + heading(section) + "\n" + table.text();
}

// Within a cell of a table.
std::string in_markdown(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '<' ? "&lt;" : std::string(1, c == '\n' ? ' ' : c);
  }
  return out;
}

std::string in_code(const std::string& text) { return text.empty() ? "empty" : "`" + in_markdown(text) + "`"; }

std::string markdown_text(const char* section, const penstock_component& component, DeclaredOptions options) {
  if (options.empty()) return "";
  const std::string of_plugin = std::string(section) == "batch_source" ? " of a warehouse" : "";
  std::string out = "## Options of `" + heading(section) + "`" + of_plugin + " with `plugin = \"" + component.id + "\"`\n\n" +
                    "| option | type | default | |\n|---|---|---|---|\n";
  for (const Option* option : options) {
    const std::string standard = is_required(*option) ? "required" : option->default_value == nullptr ? "" : in_code(option->default_value);
    out += "| `" + text_of(option->name) + "` | " + option_type_name(option->type) + " | " + standard + " | " +
           in_markdown(sentence_with(text_of(option->doc), rules_text(*option, "`"))) + " |\n";
  }
  return out;
}

// JSON's escapes are TOML's.
std::string toml_string(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string toml_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + toml_string(item);
  return "[" + out + "]";
}

// Keys are quoted: in a map they may be anything.
std::string toml_map(const std::vector<std::string>& pairs) {
  std::string out;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) out += (out.empty() ? " " : ", ") + toml_string(pairs[i]) + " = " + toml_string(pairs[i + 1]);
  return "{" + out + " }";
}

std::string default_in_toml(const Option& option) {
  const auto outcome = default_option_value(option);
  const auto* value = outcome ? std::get_if<OptionValue>(&*outcome) : nullptr;
  switch (option.type) {
    case PENSTOCK_OPTION_INT:
    case PENSTOCK_OPTION_DOUBLE:
    case PENSTOCK_OPTION_BOOL: return option.default_value;
    case PENSTOCK_OPTION_STRING_LIST: return value == nullptr ? "[]" : toml_list(value->list);
    case PENSTOCK_OPTION_STRING_MAP: return value == nullptr ? "{}" : toml_map(value->list);
    default: return toml_string(option.default_value);
  }
}

// Something that the option may be, for the reader to replace.
std::string example_in_toml(const Option& option) {
  if (is_secret(option)) {
    std::string variable = option.name;
    std::transform(variable.begin(), variable.end(), variable.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return "{ env = \"" + variable + "\" }";
  }
  const int64_t least = std::max<int64_t>(option.min, 0);
  switch (option.type) {
    case PENSTOCK_OPTION_STRING: return option.choices == nullptr ? "\"\"" : toml_string(option.choices[0]);
    case PENSTOCK_OPTION_INT: return std::to_string(std::min(least, option.max));
    case PENSTOCK_OPTION_DOUBLE: return "0.0";
    case PENSTOCK_OPTION_BOOL: return "false";
    case PENSTOCK_OPTION_DURATION: return toml_string(format_duration(std::chrono::nanoseconds(least)));
    case PENSTOCK_OPTION_SIZE: return toml_string(format_size(least));
    case PENSTOCK_OPTION_STRING_LIST: return "[]";
    default: return "{}";
  }
}

// Words in lines of comments.
std::string comment(const std::string& text) {
  std::string out, line = "#";
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() > 1 && line.size() + 1 + word.size() > kCommentColumns) out += line + "\n", line = "#";
    line += " " + word;
    at = end + 1;
  }
  return out + line + "\n";
}

std::string toml_text(DeclaredOptions options) {
  std::string out;
  for (const Option* option : options) {
    out += "\n" + comment(sentence_with(text_of(option->doc), rules_text(*option, "")));
    const std::string value = option->default_value == nullptr ? example_in_toml(*option) : default_in_toml(*option);
    out += (is_required(*option) ? "" : "# ") + text_of(option->name) + " = " + value + "\n";
  }
  return out;
}

}  // namespace

const char* option_type_name(int32_t type) {
  switch (type) {
    case PENSTOCK_OPTION_STRING: return "string";
    case PENSTOCK_OPTION_INT: return "integer";
    case PENSTOCK_OPTION_DOUBLE: return "number";
    case PENSTOCK_OPTION_BOOL: return "boolean";
    case PENSTOCK_OPTION_DURATION: return "duration";
    case PENSTOCK_OPTION_SIZE: return "size";
    case PENSTOCK_OPTION_STRING_LIST: return "list of strings";
    default: return "table of strings";
  }
}

std::string options_as_table(const penstock_component& component) {
  return table_text(section_of(component), options_of(component)) + table_text("batch_source", table_options_of(component));
}

std::string options_as_markdown(const penstock_component& component) {
  const std::string own = markdown_text(section_of(component), component, options_of(component));
  const std::string table = markdown_text("batch_source", component, table_options_of(component));
  return own + (own.empty() || table.empty() ? "" : "\n") + table;
}

std::string options_as_toml(const penstock_component& component) {
  std::string out = comment(text_of(component.doc)) + heading(section_of(component)) + "\nplugin = \"" + component.id + "\"\n" +
                    toml_text(options_of(component));
  if (const DeclaredOptions table = table_options_of(component); !table.empty())
    out += "\n" + comment("A table of the warehouse.") + "[[batch_source]]\nname = \"SOURCE\"\nwarehouse = \"NAME\"\ntable = \"TABLE\"\n" + toml_text(table);
  return out;
}

}  // namespace penstock::host
