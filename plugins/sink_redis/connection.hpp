// One connection to a server: commands out, replies in; every wait ends with the call.
#pragma once

#include "sink_redis/resp.hpp"
#include "sink_redis/transport.hpp"

#include <functional>
#include <span>

namespace penstock::redis {

// What an encoder did.
struct Encoded {
  size_t commands;   // appended
  bool more = true;  // false: that was all; true with none appended: it has to see replies first
};

// Not thread-safe. After anything unexpected the connection is closed for good and alive() is false: replies that are still
// on their way would be taken for those of later commands. Errors once something was sent are UNKNOWN_OUTCOME; callers whose
// commands change nothing may say something milder.
class Connection {
 public:
  // Connects. `timeout` is the longest wait without any progress.
  Connection(const Call&, const Endpoint&, const TlsSettings&, std::chrono::nanoseconds connect_timeout, std::chrono::nanoseconds timeout);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool alive() const { return transport_ != nullptr; }
  const Endpoint& endpoint() const { return endpoint_; }
  const std::string& server() const { return server_; }  // the same for messages

  // One command. The reply, which may be an error, is valid until the next command.
  Reply request(const Call&, std::span<const std::string_view> arguments);
  Reply request(const Call& call, std::initializer_list<std::string_view> arguments) {
    return request(call, std::span(arguments.begin(), arguments.size()));
  }

  // Any number of commands without waiting for each. `encode` appends some; `handle` gets every reply in order, valid during its
  // call. At most about `window` bytes are ahead of their replies. Sending and receiving alternate without blocking, so that
  // neither side waits for the other. When either function throws, the connection is closed.
  void pipeline(const Call&, size_t window, const std::function<Encoded(Buffer&)>& encode,
                const std::function<void(const Reply&)>& handle);

  // Overwrites what was sent last; for passwords.
  void wipe_sent();

  void close() { transport_.reset(); }

 private:
  friend class RunningExchange;

  [[noreturn]] void lost(const std::string& why);
  [[noreturn]] void lost(const Broken&);
  bool send_some();
  bool receive_some();
  bool next_reply();

  Endpoint endpoint_;
  std::string server_;
  std::chrono::nanoseconds timeout_;
  std::unique_ptr<Transport> transport_;
  Buffer out_;
  size_t sent_ = 0;      // of out_
  size_t most_out_ = 0;  // the size that out_ had at most since the last command started
  RespDecoder in_;
  SteadyTime progress_;  // the last time that bytes went either way
};

}  // namespace penstock::redis
