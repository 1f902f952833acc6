// A 64-bit hash of the first bytes of a file. Tells "appended to" from "rewritten"; not meant against an attacker who can write
// the files, who could as well write other rows.
#pragma once

#include "open_file.hpp"
#include "settings.hpp"

#include <penstock/call.hpp>
#include <string_view>

namespace penstock::files {

uint64_t hash_bytes(std::string_view bytes, uint64_t seed);

// Of the bytes [0, end) of the file: all of them with Appended::verify, else the first and last 4 KiB of them. Both also depend
// on `end`. Checks the call while it reads.
uint64_t fingerprint(const Call& call, const OpenFile& file, int64_t end, Appended how);

}  // namespace penstock::files
