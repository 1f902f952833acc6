// What names may look like, and how they are shown in messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline constexpr size_t kMaxNameBytes = 128;

// What the functions below accept, as patterns for editors. They know nothing of bytes, so a column's name and an e-mail
// address are checked there less strictly.
inline constexpr std::string_view kNamePattern = "^[A-Za-z0-9_]{1,128}$";
inline constexpr std::string_view kFieldNamePattern = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";
inline constexpr std::string_view kPluginNamePattern = "^[a-z0-9_-]{1,128}$";
inline constexpr std::string_view kTimeZonePattern = "^[A-Za-z0-9_+/-]{1,128}$";
inline constexpr std::string_view kEmailPattern = "^[^@ ]+@[^@ ]+$";
inline constexpr std::string_view kLoopbackPattern = "^(localhost|::1|127\\.[0-9.]*)$";

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

// "localhost", "::1" and 127.x
bool is_loopback_address(std::string_view text);

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
