// Loading a checked library, and the life of its module. Boost.DLL is used here only.
#pragma once

#include "base/failure.hpp"
#include "plugin/file_check.hpp"

#include <penstock/module.h>

#include <functional>

namespace penstock::host {

// Loads the library behind the descriptor, for the life of the process, and returns what its entry point returns, unchecked.
// Its constructors run: the file and its note must have been checked. The failure carries the dynamic linker's words.
Result<const penstock_module*> load_library(Descriptor file);

// Runs `init` the first time this process starts the module; afterwards returns what came of it. Fails once it was ended.
Result<void> start_module(const penstock_module* module, const std::function<Result<void>()>& init);

// Calls the module's deinit, if it was started and not yet ended.
void end_module(const penstock_module* module);

}  // namespace penstock::host
