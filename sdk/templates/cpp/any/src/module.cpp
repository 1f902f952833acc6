// The module: the one function that the library exports, and the note that says what it is before it is loaded.
@source@#include "source.hpp"
@sink@#include "sink.hpp"

#include <penstock/module.hpp>

// Id, version, vendor, license, home page, components.
PENSTOCK_MODULE("@NAME@", "0.1.0", "You", "Apache-2.0", "https://example.org/@NAME@",
@single@@source@                penstock::source<connector::VisitsSource>())
@single@@sink@                penstock::sink<connector::ProfileSink>())
@both@                penstock::source<connector::VisitsSource>(), penstock::sink<connector::ProfileSink>())
