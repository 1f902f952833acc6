// What names may look like, and how they are shown in messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline constexpr size_t kMaxNameBytes = 128;

// A view, service, entity, batch source, warehouse or store: 1 to 128 of A-Z a-z 0-9 _.
bool is_name(std::string_view text);

// A field's name in the store: as a name, but not beginning with a digit.
bool is_field_name(std::string_view text);

// A plugin: 1 to 128 of a-z 0-9 _ -.
bool is_plugin_name(std::string_view text);

// A column of a warehouse: any UTF-8 of 1 to 128 bytes without control characters.
bool is_column_name(std::string_view text);

// A variable of the environment: A-Z a-z 0-9 _, not beginning with a digit.
bool is_variable_name(std::string_view text);

// The form of a time zone's name, "Europe/Berlin"; whether it exists is for the one who uses it.
bool is_time_zone_name(std::string_view text);

// Something with one @ in the middle and no spaces.
bool looks_like_email(std::string_view text);

bool has_control_character(std::string_view text);

// In double quotes, for messages: made printable, and cut after 100 bytes.
std::string in_quotes(std::string_view text);

// `"a", "b", "c"`
std::string list_in_quotes(const std::vector<std::string_view>& texts);

// ` (did you mean "interval"?)`, or nothing when no known name is near.
std::string suggestion(std::string_view given, const std::vector<std::string_view>& known);

}  // namespace penstock::host
