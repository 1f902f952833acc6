#include "sink_redis/connection.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/exchange.hpp"

#include <cstring>
#include <string.h>

namespace penstock::redis {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr size_t kCompactBytes = 256 * 1024;

}  // namespace

Connection::Connection(const Call& call, const Endpoint& endpoint, const TlsSettings& tls, std::chrono::nanoseconds connect_timeout,
                       std::chrono::nanoseconds timeout)
    : endpoint_(endpoint),
      server_(endpoint.text()),
      timeout_(timeout),
      transport_(open_transport(call, endpoint, tls, std::chrono::steady_clock::now() + connect_timeout)) {}

void Connection::lost(const std::string& why) {
  close();
  throw Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the connection to " + server_ + " was lost: " + why);
}

void Connection::lost(const Broken& broken) {
  if (!broken.refused_us) lost(broken.why);
  close();
  throw Error(PENSTOCK_STATUS_UNAUTHENTICATED, "no TLS connection to " + server_ + ": " + broken.why);
}

void Connection::wipe_sent() {
  out_.clear();
  if (most_out_ != 0) explicit_bzero(out_.extend(most_out_), most_out_);
  out_.clear();
}

Reply Connection::request(const Call& call, std::span<const std::string_view> arguments) {
  pipeline(
      call, 1,
      [&](Buffer& out) {
        append_command(out, arguments);
        return Encoded{1, false};
      },
      [](const Reply&) {});
  return in_.reply();
}

void Connection::pipeline(const Call& call, size_t window, const std::function<Encoded(Buffer&)>& encode,
                          const std::function<void(const Reply&)>& handle) {
  exchange(call, window, {{this, encode, handle}});
}

// Sends as much as the socket takes; true if that was anything.
bool Connection::send_some() {
  bool moved = false;
  while (sent_ < out_.size()) {
    const size_t n = transport_->send(out_.data() + sent_, out_.size() - sent_);
    if (n == 0) break;
    sent_ += n;
    moved = true;
  }
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ >= kCompactBytes && sent_ >= out_.size() / 2) {
    const size_t rest = out_.size() - sent_;
    std::memmove(out_.data(), out_.data() + sent_, rest);
    out_.clear();
    out_.extend(rest);
    sent_ = 0;
  }
  if (moved) progress_ = std::chrono::steady_clock::now();
  return moved;
}

bool Connection::receive_some() {
  char bytes[kReceiveBytes];
  const size_t n = transport_->receive(bytes, sizeof bytes);
  if (n == 0) return false;
  in_.feed(bytes, n);
  progress_ = std::chrono::steady_clock::now();
  return true;
}

bool Connection::next_reply() {
  for (;;) {
    switch (in_.next()) {
      case RespDecoder::Progress::incomplete: return false;
      case RespDecoder::Progress::invalid:
        close();
        throw Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
                    server_ + " does not speak the Redis protocol: " + in_.error());
      case RespDecoder::Progress::complete:
        // Out-of-band messages answer nothing.
        if (in_.reply().kind() != ReplyKind::push) return true;
    }
  }
}

}  // namespace penstock::redis
