// What ends a run, in the words that both writers use.
#pragma once

#include <penstock/error.hpp>

#include <string_view>

namespace penstock::redis {

// For a code of a script (see scripts.hpp) other than kDone.
Error run_error(std::string_view code);
// The view's profiles are `there`, in another layout than `wanted`, or in the same with other fields.
Error other_layout(std::string_view wanted, std::string_view there);
Error run_is_over();
Error unexpected_batch(uint64_t seq, uint64_t expected);

}  // namespace penstock::redis
