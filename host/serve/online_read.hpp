// The read API: POST /api/v1/get-online-attributes.
#pragma once

#include "serve/profile_reader.hpp"

#include <string>
#include <string_view>

namespace penstock::host {

// The answer to the body of a request (see online_request.hpp), columnar and in the order asked:
//   {"domain_userid": ["u1", "u2"], "field": [10, null]}
// with values as append_value writes them; a profile that is missing or expired has null in every column. With `metadata`:
//   "penstock": {"view_v1": {"state": ["found", "missing"], "as_of": ["2026-01-02T03:04:05Z", null], "ttl_seconds": [60, null]}}
// where `as_of` is null also for views that are ordered by transaction ids.
// [any thread] Blocks. INVALID_ARGUMENT and NOT_FOUND are the client's fault; what the store failed with comes as UNAVAILABLE,
// DEADLINE_EXCEEDED, NOT_SUPPORTED or INTERNAL, so that a wrong password of ours never looks like one of the client's.
Result<std::string> answer_online_read(const Configuration& configuration, std::string_view body, ProfileReader& reader);

}  // namespace penstock::host
