// All of the C++ layer.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/call.hpp>
#include <penstock/module.hpp>
#include <penstock/options.hpp>
#include <penstock/reader.hpp>
#include <penstock/schema.hpp>
#include <penstock/settings.hpp>
#include <penstock/sink.hpp>
#include <penstock/source.hpp>
