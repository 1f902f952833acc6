#include "config/table_reader.hpp"

#include "base/time_text.hpp"
#include "config/names.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace penstock::host {
namespace {

const TomlNode::Table kEmptyTable;

std::string shown(double number) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, end);
}

std::string range_text(const std::string& min, const std::string& max) {
  return " is out of range: " + min + " to " + max;
}

bool holds(const Key& range, size_t count) {
  return count >= static_cast<size_t>(range.min) && count <= static_cast<size_t>(range.max);
}

}  // namespace

TableReader::TableReader(Part& part, const TomlNode& table, const SectionKeys& keys, std::string object)
    : part_(part),
      table_(table.table() != nullptr ? *table.table() : kEmptyTable),
      keys_(keys),
      object_(std::move(object)),
      here_(at(table)) {}

const TomlEntry* TableReader::find(std::string_view key) const {
  assert(keys_.find(key) != nullptr);
  const auto found = std::find_if(table_.begin(), table_.end(), [&](const TomlEntry& entry) { return entry.key == key; });
  return found == table_.end() ? nullptr : &*found;
}

const Key& TableReader::key_of(std::string_view key) const {
  const Key* known = keys_.find(key);
  assert(known != nullptr);
  return *known;
}

const TomlEntry* TableReader::find(std::string_view key, KeyType type) const {
  assert(key_of(key).type == type);
  static_cast<void>(type);
  return find(key);
}

Location TableReader::at(std::string_view key) const {
  const TomlEntry* entry = find(key);
  return entry == nullptr ? here_ : Location{part_.file, entry->line, entry->column};
}

KeyLocations TableReader::key_locations() const {
  KeyLocations result;
  for (const TomlEntry& entry : table_) result[entry.key] = {part_.file, entry.line, entry.column};
  return result;
}

const std::string* TableReader::string_at(std::string_view key, KeyType type) {
  const TomlEntry* entry = find(key, type);
  if (entry == nullptr) return nullptr;
  const std::string* text = entry->node.text();
  if (text == nullptr) return refuse_kind(key, "a string", entry->node), nullptr;
  if (text->empty()) return refuse(key, "is empty"), nullptr;
  const int64_t own_limit = key_of(key).max;
  const size_t limit = type == KeyType::column ? kMaxNameBytes : own_limit == kNoLimit ? kMaxTextBytes : static_cast<size_t>(own_limit);
  if (text->size() > limit) return refuse(key, "is longer than " + std::to_string(limit) + " bytes"), nullptr;
  const auto forbidden = [&](char c) {
    const bool of_lines = c == '\n' || c == '\t' || c == '\r';
    return has_control_character({&c, 1}) && !(type == KeyType::text && of_lines);
  };
  if (std::any_of(text->begin(), text->end(), forbidden)) return refuse(key, "holds a control character"), nullptr;
  return text;
}

bool TableReader::read_name(std::string_view key, std::string& out) {
  const std::string* text = string_at(key, KeyType::name);
  if (text == nullptr) return false;
  out = *text;  // kept even if it is wrong, so that references to it do not become problems too
  if (is_name(*text)) return true;
  refuse(key, in_quotes(*text) + " is not a name: use 1 to 128 of A-Z a-z 0-9 _");
  return false;
}

bool TableReader::read_line(std::string_view key, std::string& out) {
  const std::string* text = string_at(key, key_of(key).type == KeyType::choice ? KeyType::choice : KeyType::line);
  if (text != nullptr) out = *text;
  return text != nullptr;
}

bool TableReader::read_text(std::string_view key, std::string& out) {
  const std::string* text = string_at(key, KeyType::text);
  if (text != nullptr) out = *text;
  return text != nullptr;
}

bool TableReader::read_column(std::string_view key, std::string& out) {
  const std::string* text = string_at(key, KeyType::column);
  if (text != nullptr) out = *text;
  return text != nullptr;
}

bool TableReader::read_columns(std::string_view key, std::vector<std::string>& out) {
  const TomlNode::Array* array = array_at(key, KeyType::columns);
  if (array == nullptr) return false;
  if (const Key& range = key_of(key); !holds(range, array->size())) {
    refuse(key, "holds " + std::to_string(array->size()) + " columns: " + std::to_string(range.min) + " to " + std::to_string(range.max));
    return false;
  }
  std::vector<std::string> columns;
  for (const TomlNode& node : *array) {
    if (node.text() == nullptr || !is_column_name(*node.text())) {
      refuse_at(at(node), std::string(key) + ": expected a column's name, 1 to 128 bytes without control characters" +
                              (node.text() == nullptr ? ", found " + std::string(node.kind()) : ""));
      return false;
    }
    if (std::find(columns.begin(), columns.end(), *node.text()) != columns.end())
      return refuse_at(at(node), std::string(key) + ": column " + in_quotes(*node.text()) + " is listed twice"), false;
    columns.push_back(*node.text());
  }
  out = std::move(columns);
  return true;
}

bool TableReader::read_owner(std::string_view key, std::string& out) {
  const std::string* text = string_at(key, KeyType::owner);
  if (text == nullptr) return false;
  if (!looks_like_email(*text)) return refuse(key, in_quotes(*text) + " is not an e-mail address"), false;
  out = *text;
  return true;
}

bool TableReader::read_bool(std::string_view key, bool& out) {
  const TomlEntry* entry = find(key, KeyType::boolean);
  if (entry == nullptr) return false;
  const bool* value = std::get_if<bool>(&entry->node.value);
  if (value == nullptr) return refuse_kind(key, "true or false", entry->node), false;
  out = *value;
  return true;
}

bool TableReader::read_integer(std::string_view key, int64_t& out) {
  const TomlEntry* entry = find(key, KeyType::integer);
  if (entry == nullptr) return false;
  const int64_t* value = std::get_if<int64_t>(&entry->node.value);
  if (value == nullptr) return refuse_kind(key, "an integer", entry->node), false;
  const Key& range = key_of(key);
  if (*value < range.min || *value > range.max)
    return refuse(key, std::to_string(*value) + range_text(std::to_string(range.min), std::to_string(range.max))), false;
  out = *value;
  return true;
}

bool TableReader::read_number(std::string_view key, double& out) {
  const TomlEntry* entry = find(key, KeyType::number);
  if (entry == nullptr) return false;
  double value = 0;
  if (const auto* number = std::get_if<double>(&entry->node.value)) {
    value = *number;
  } else if (const auto* integer = std::get_if<int64_t>(&entry->node.value)) {
    value = static_cast<double>(*integer);
  } else {
    return refuse_kind(key, "a number", entry->node), false;
  }
  const auto min = static_cast<double>(key_of(key).min);
  const auto max = static_cast<double>(key_of(key).max);
  // Written so that NaN is refused.
  if (!(value >= min && value <= max)) return refuse(key, shown(value) + range_text(shown(min), shown(max))), false;
  out = value;
  return true;
}

bool TableReader::read_duration(std::string_view key, std::chrono::nanoseconds& out) {
  const TomlEntry* entry = find(key, KeyType::duration);
  if (entry == nullptr) return false;
  const std::string* text = entry->node.text();
  if (text == nullptr) return refuse_kind(key, "a duration like \"5m\"", entry->node), false;
  const auto duration = parse_duration(*text);
  if (!duration) return refuse(key, not_a_duration(*text)), false;
  const std::chrono::nanoseconds min(key_of(key).min);
  const std::chrono::nanoseconds max(key_of(key).max);
  if (*duration < min) return refuse(key, in_quotes(*text) + " is too short: at least " + format_duration(min)), false;
  if (*duration > max) return refuse(key, in_quotes(*text) + " is too long: at most " + format_duration(max)), false;
  out = *duration;
  return true;
}

bool TableReader::read_duration(std::string_view key, std::optional<std::chrono::nanoseconds>& out) {
  std::chrono::nanoseconds value{};
  if (!read_duration(key, value)) return false;
  out = value;
  return true;
}

bool TableReader::read_size(std::string_view key, int64_t& out) {
  const TomlEntry* entry = find(key, KeyType::size);
  if (entry == nullptr) return false;
  const std::string* text = entry->node.text();
  if (text == nullptr) return refuse_kind(key, "a size like \"8MiB\"", entry->node), false;
  const auto size = parse_size(*text);
  if (!size) return refuse(key, not_a_size(*text)), false;
  const Key& range = key_of(key);
  if (*size < range.min || *size > range.max)
    return refuse(key, in_quotes(*text) + range_text(format_size(range.min), format_size(range.max))), false;
  out = *size;
  return true;
}

bool TableReader::read_instant(std::string_view key, std::optional<int64_t>& out) {
  const TomlEntry* entry = find(key, KeyType::instant);
  if (entry == nullptr) return false;
  constexpr std::string_view kExpected = "a time with its offset like 2024-01-31T00:00:00Z, or a date";
  const auto* written = std::get_if<TomlTime>(&entry->node.value);
  const std::string* text = written != nullptr ? &written->text : entry->node.text();
  if (text == nullptr) return refuse_kind(key, kExpected, entry->node), false;
  const auto time = parse_time(*text);
  if (!time) return refuse(key, in_quotes(*text) + " is not " + std::string(kExpected) + ", between 1678 and 2261"), false;
  const bool date_only = text->size() == std::string_view("2024-01-31").size();
  if (!time->has_offset && !date_only)
    return refuse(key, in_quotes(*text) + " has no offset from UTC: write " + *text + "Z, or the offset"), false;
  out = time->ns;
  return true;
}

bool TableReader::read_string_table(std::string_view key, std::map<std::string, std::string>& out) {
  const TomlEntry* entry = find(key, KeyType::string_table);
  if (entry == nullptr) return false;
  const TomlNode::Table* table = entry->node.table();
  if (table == nullptr) return refuse_kind(key, "a table of strings", entry->node), false;
  std::map<std::string, std::string> result;
  for (const TomlEntry& tag : *table) {
    const Location where{part_.file, tag.line, tag.column};
    const std::string name = std::string(key) + ": " + in_quotes(tag.key);
    if (!is_column_name(tag.key)) {
      refuse_at(where, name + " is not a key: use 1 to 128 bytes without control characters");
    } else if (tag.node.text() == nullptr) {
      refuse_at(where, name + ": expected a string, found " + std::string(tag.node.kind()));
    } else if (tag.node.text()->size() > kMaxTextBytes) {
      refuse_at(where, name + ": is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    } else {
      result[tag.key] = *tag.node.text();
    }
  }
  out = std::move(result);
  return true;
}

const TomlNode::Array* TableReader::read_tables(std::string_view key) {
  const TomlNode::Array* array = array_at(key, KeyType::tables);
  const Key& range = key_of(key);
  if (array == nullptr || holds(range, array->size())) return array;
  refuse(key, std::to_string(array->size()) + " " + std::string(key) + ": " +
                  (range.min == 0 ? "at most " : std::to_string(range.min) + " to ") + std::to_string(range.max));
  return nullptr;
}

const TomlNode::Array* TableReader::array_at(std::string_view key, KeyType type) {
  const TomlEntry* entry = find(key, type);
  if (entry == nullptr) return nullptr;
  if (entry->node.array() == nullptr) refuse_kind(key, "an array", entry->node);
  return entry->node.array();
}

std::vector<std::string_view> TableReader::choices(std::string_view key) const {
  return {key_of(key).choices.begin(), key_of(key).choices.end()};
}

std::optional<size_t> TableReader::choice(std::string_view key) {
  const TomlEntry* entry = find(key, KeyType::choice);
  if (entry == nullptr) return std::nullopt;
  const auto choices = this->choices(key);
  const std::string* text = entry->node.text();
  if (text == nullptr) return refuse_kind(key, "one of " + list_in_quotes(choices), entry->node), std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  refuse(key, in_quotes(*text) + " is not one of " + list_in_quotes(choices) + suggestion(*text, choices));
  return std::nullopt;
}

bool TableReader::read_choice(std::string_view key, std::string& out) {
  const auto index = choice(key);
  if (index) out = key_of(key).choices[*index];
  return index.has_value();
}

void TableReader::require(std::string_view key) {
  assert(key_of(key).required);
  if (!given(key)) refuse_at(here_, "key \"" + std::string(key) + "\" is missing");
}

void TableReader::refuse_unknown_keys() {
  const auto known = keys_.list();
  for (const TomlEntry& entry : table_) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    refuse_at({part_.file, entry.line, entry.column}, "unknown key " + in_quotes(entry.key) + suggestion(entry.key, known));
    if (part_.draft.overflowed) return;  // a million unknown keys must not take minutes
  }
}

void TableReader::refuse(std::string_view key, const std::string& message) {
  refuse_at(at(key), std::string(key) + ": " + message);
}

void TableReader::refuse_at(Location where, std::string message) {
  part_.draft.report({std::move(where), object_, std::move(message)});
}

void TableReader::refuse_kind(std::string_view key, std::string_view expected, const TomlNode& found) {
  refuse(key, "expected " + std::string(expected) + ", found " + std::string(found.kind()));
}

}  // namespace penstock::host
