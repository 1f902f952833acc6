#include "config/option_inputs.hpp"

#include "config/names.hpp"

#include <algorithm>
#include <cctype>

namespace penstock::host {
namespace {

// user:secret@ before the first slash after a "://".
bool holds_password_in_url(std::string_view text) {
  for (size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    const std::string_view rest = text.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?# \t\n"));
    // The last @: passwords that hold one themselves are common, if wrong.
    const size_t end = authority.rfind('@');
    if (end == std::string_view::npos) continue;
    const size_t colon = authority.substr(0, end).find(':');
    if (colon != std::string_view::npos && colon + 1 < end) return true;
  }
  return false;
}

bool holds_password_parameter(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view word : {"password", "passwd", "pwd"}) {
    for (size_t at = folded.find(word); at != std::string::npos; at = folded.find(word, at + 1)) {
      const size_t sign = folded.find_first_not_of(" \t", at + word.size());
      if (sign == std::string::npos || folded[sign] != '=') continue;
      const size_t value = folded.find_first_not_of(" \t", sign + 1);
      if (value != std::string::npos && folded[value] != ';' && folded[value] != '&') return true;
    }
  }
  return false;
}

class OptionReader {
 public:
  OptionReader(Part& part, const std::string& object, const TomlEntry& entry)
      : part_(part), object_(object), entry_(entry), where_{part.file, entry.line, entry.column} {}

  std::optional<OptionInput> read() {
    OptionInput input{std::string(), where_};
    const TomlNode& node = entry_.node;
    if (const std::string* text = node.text()) {
      if (!accept(*text)) return std::nullopt;
      input.value = *text;
    } else if (const auto* integer = std::get_if<int64_t>(&node.value)) {
      input.value = *integer;
    } else if (const auto* number = std::get_if<double>(&node.value)) {
      input.value = *number;
    } else if (const auto* boolean = std::get_if<bool>(&node.value)) {
      input.value = *boolean;
    } else if (node.array() != nullptr) {
      if (!read_list(*node.array(), input)) return std::nullopt;
    } else if (node.table() != nullptr) {
      if (!read_table(*node.table(), input)) return std::nullopt;
    } else {
      return refuse("expected a string, number, boolean, list or table, found " + std::string(node.kind())), std::nullopt;
    }
    return input;
  }

 private:
  void refuse(const std::string& message) { part_.draft.report({where_, object_, entry_.key + ": " + message}); }

  bool accept(const std::string& text) {
    if (text.find('\0') != std::string::npos) return refuse("holds a NUL character"), false;
    if (!holds_password(text)) return true;
    // Never the value.
    refuse("holds a password: secrets are written by reference only: " + entry_.key +
           " = { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }");
    return false;
  }

  bool read_list(const TomlNode::Array& array, OptionInput& input) {
    std::vector<std::string> list;
    for (const TomlNode& element : array) {
      if (element.text() == nullptr)
        return refuse("expected strings in the list, found " + std::string(element.kind())), false;
      if (!accept(*element.text())) return false;
      list.push_back(*element.text());
    }
    input.value = std::move(list);
    return true;
  }

  bool read_table(const TomlNode::Table& table, OptionInput& input) {
    if (table.size() == 1 && table.front().node.text() != nullptr) {
      const std::string& key = table.front().key;
      const std::string& name = *table.front().node.text();
      if (key == "env") return read_reference({SecretReference::Kind::env, name}, input);
      if (key == "file") return read_reference({SecretReference::Kind::file, name}, input);
      if (key == "credential") return read_reference({SecretReference::Kind::credential, name}, input);
    }
    OptionInput::Map map;
    for (const TomlEntry& entry : table) {
      if (entry.node.text() == nullptr)
        return refuse(in_quotes(entry.key) + ": expected a string, found " + std::string(entry.node.kind())), false;
      if (entry.key.find('\0') != std::string::npos) return refuse("a key holds a NUL character"), false;
      if (!accept(*entry.node.text())) return false;
      map.emplace_back(entry.key, *entry.node.text());
    }
    input.value = std::move(map);
    return true;
  }

  bool read_reference(SecretReference reference, OptionInput& input) {
    // A wrong name may be a password put in the wrong place: it is not repeated.
    switch (reference.kind) {
      case SecretReference::Kind::env:
        if (!is_variable_name(reference.name))
          return refuse("env: not the name of an environment variable: use A-Z a-z 0-9 _"), false;
        break;
      case SecretReference::Kind::file:
        if (reference.name.empty() || has_control_character(reference.name)) return refuse("file: not a path"), false;
        if (!std::filesystem::path(reference.name).is_absolute())
          reference.name = (part_.folder / reference.name).lexically_normal().string();
        break;
      case SecretReference::Kind::credential:
        if (!is_column_name(reference.name) || reference.name.find('/') != std::string::npos || reference.name[0] == '.')
          return refuse("credential: not the name of a credential: a file name without a folder"), false;
        break;
    }
    input.value = std::move(reference);
    return true;
  }

  Part& part_;
  const std::string& object_;
  const TomlEntry& entry_;
  Location where_;
};

}  // namespace

bool holds_password(std::string_view text) { return holds_password_in_url(text) || holds_password_parameter(text); }

OptionInputs read_options(Part& part, const TomlNode& table, const std::vector<std::string_view>& known,
                          const std::string& object) {
  OptionInputs options;
  if (table.table() == nullptr) return options;
  for (const TomlEntry& entry : *table.table()) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    if (!is_name(entry.key)) {
      part.draft.report({{part.file, entry.line, entry.column},
                         object,
                         in_quotes(entry.key) + " is not the name of an option: use A-Z a-z 0-9 _"});
      continue;
    }
    if (auto input = OptionReader(part, object, entry).read()) options.emplace(entry.key, std::move(*input));
  }
  return options;
}

}  // namespace penstock::host
