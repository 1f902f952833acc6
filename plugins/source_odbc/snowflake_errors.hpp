// What Snowflake's error numbers mean. They are told by the number: SQLSTATEs differ between versions of its driver.
#pragma once

#include "diagnostics.hpp"

#include <optional>

namespace penstock::odbc::snowflake {

// Empty for a number that is not known.
std::optional<Verdict> verdict_of(int32_t native);

// One clause for a human: what a number that Snowflake explains badly is about; else empty.
std::string advice_for(int32_t native, std::string_view message);

// The history that a window of changes needs is no longer there, or never was.
bool is_history_gone(int32_t native);

}  // namespace penstock::odbc::snowflake
