// Values of plugin options as written in TOML.
#pragma once

#include "config/draft.hpp"
#include "config/toml_tree.hpp"

#include <optional>
#include <string_view>

namespace penstock::host {

// The entries of the table that `known` does not name. What cannot be an option, and a literal that holds a password, is
// a problem and left out.
OptionInputs read_options(Part& part, const TomlNode& table, const std::vector<std::string_view>& known,
                          const std::string& object);

// What holds_password finds, as a pattern for editors.
inline constexpr std::string_view kPasswordPattern =
    "://[^/?# \\t\\n:]*:[^/?# \\t\\n]+@|([Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd]|[Pp][Aa][Ss][Ss][Ww][Dd]|[Pp][Ww][Dd])[ \\t]*=[ \\t]*[^ \\t;&]";

// A connection string with a password in it: "://user:secret@" or "password=secret".
bool holds_password(std::string_view text);

}  // namespace penstock::host
