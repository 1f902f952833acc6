// All of the C++ layer but generator.hpp, for which a compiler needs coroutines.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/call.hpp>
#include <penstock/module.hpp>
#include <penstock/options.hpp>
#include <penstock/reader.hpp>
#include <penstock/row_queue.hpp>
#include <penstock/scan_columns.hpp>
#include <penstock/schema.hpp>
#include <penstock/settings.hpp>
#include <penstock/sink.hpp>
#include <penstock/source.hpp>
#include <penstock/write_tally.hpp>
