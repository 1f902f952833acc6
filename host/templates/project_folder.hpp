// A project on disk.
#pragma once

#include "base/failure.hpp"
#include "templates/project.hpp"

#include <filesystem>
#include <vector>

namespace penstock::host::templates {

// Writes the files into the folder, which it makes, with those above it. Fails when something is in it already; nothing that exists
// is ever replaced. What was written before a failure stays.
Result<void> write_project(const std::filesystem::path& folder, const std::vector<ProjectFile>& files);

}  // namespace penstock::host::templates
