// Profiles from a running host: the client's side of the read API.
#pragma once

#include "serve/profile.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

// The body that asks for all fields of these views, which are about one entity, for one key, with metadata. `key_parts`: one
// text a key column.
std::string profile_request(std::span<const View* const> views, std::span<const std::string_view> key_parts);

// The profiles in the answer to it, one a view; numbers as the host wrote them, digit for digit. DATA_LOSS when it is not an
// answer to that.
Result<std::vector<Profile>> profiles_from_answer(std::span<const View* const> views, std::string_view answer);

}  // namespace penstock::host
