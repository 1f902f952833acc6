// Asks a running host on this machine: what `penstock get` and `penstock status` use.
#pragma once

#include "base/failure.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace penstock::host {

struct HttpCall {
  std::string address = "127.0.0.1";  // a literal loopback address; nothing else is ever called
  uint16_t port = 0;
  std::string target = "/";
  std::string body = {};  // empty: GET; otherwise POST, as JSON
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  // for all of it
};

struct HttpReply {
  unsigned status = 0;
  std::string body;
};

inline constexpr size_t kMaxReplyBytes = 64 << 20;

// Blocks; on a loop of its own, so from any thread. UNAVAILABLE when nobody listens or the connection breaks, DEADLINE_EXCEEDED
// after the timeout, DATA_LOSS when the answer is not HTTP or too large. Any HTTP status is an answer.
Result<HttpReply> http_call(const HttpCall& call);

// The message of an error answer of ours, or the body's beginning.
std::string error_message(const HttpReply& reply);

}  // namespace penstock::host
