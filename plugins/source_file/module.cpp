#include "source.hpp"

#include <penstock/module.hpp>

PENSTOCK_MODULE("source_file", "0.1.0", "Penstock", "Apache-2.0", "https://github.com/penstock/penstock",
                penstock::source<penstock::files::FileSource>())
