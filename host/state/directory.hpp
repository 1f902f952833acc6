// Who may see the state directory, checked before anything in it is opened.
#pragma once

#include "base/failure.hpp"

#include <filesystem>

namespace penstock::host {

enum class Missing { make, refuse };

// The directory without trailing slashes, after making sure that it is a directory, ours, and closed to everybody else. A
// missing one is made with mode 0700 (its parents as the umask has it), or NOT_FOUND. Otherwise FAILED_PRECONDITION with the
// command that mends it.
Result<std::filesystem::path> check_directory(const std::filesystem::path& directory, Missing missing);

// The same for a file in a checked directory: a regular one, ours; its mode is set to 0600. A missing one is made empty, and
// is on disk when this returns, or NOT_FOUND.
Result<void> check_file(const std::filesystem::path& file, Missing missing);

}  // namespace penstock::host
