// From what PostgreSQL reports to what the host may do about it.
#pragma once

#include <penstock/error.hpp>

#include <string>
#include <string_view>

namespace penstock::postgres {

// An error with the status and the retry class of the SQLSTATE. An empty SQLSTATE is one that libpq made up on this
// side: the connection broke. `message` must be free of secrets.
Error error_for(std::string_view sqlstate, std::string message);

// The failed attempt to connect, from libpq's text in verbose form ("FATAL:  28P01: password authentication failed
// ..."). `target` is the host and port, or the socket's folder.
Error connect_error(const std::string& target, std::string_view text);

}  // namespace penstock::postgres
