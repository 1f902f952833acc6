// Whom a request was meant for.
#pragma once

#include <string_view>

namespace penstock::host {

enum class HostCheck { ours, malformed, foreign };

// Judges the Host header of a server on a loopback address. Ours are localhost, 127.x.x.x, [::1] and `address`, each with or
// without a port. Any other name may be one that a web page made to point here (DNS rebinding): a browser then sends the page's
// own name, and the page must not read what we answer.
HostCheck check_host(std::string_view host, std::string_view address);

// Is this a literal loopback address: 127.x.x.x or ::1?
bool is_loopback(std::string_view address);

}  // namespace penstock::host
