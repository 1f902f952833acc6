#include "sink_redis/connection.hpp"

#include "sink_redis/errors.hpp"

#include <cstring>
#include <deque>
#include <string.h>

namespace penstock::redis {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr size_t kSendBytes = 64 * 1024;
constexpr size_t kCompactBytes = 256 * 1024;
// To be woken for each of many small replies costs more than reading them.
constexpr size_t kWakeBytes = 4096;
constexpr size_t kLeastReply = 3;  // "+\r\n"
constexpr size_t kKeptBytes = 4u << 20;  // an output buffer larger than this is given back after use

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
  if (!alive()) lost("it is closed");
  struct Piece {
    size_t commands, bytes;
  };
  std::deque<Piece> unanswered;
  size_t unanswered_bytes = 0, unanswered_commands = 0;
  bool more = true;
  progress_ = std::chrono::steady_clock::now();
  out_.clear();
  sent_ = most_out_ = 0;
  try {
    for (;;) {
      // The server begins with the first of them while we encode the others.
      while (more && unanswered_bytes < window && out_.size() - sent_ < kSendBytes) {
        const size_t before = out_.size();
        const Encoded encoded = encode(out_);
        more = encoded.more;
        if (encoded.commands == 0) break;
        unanswered.push_back({encoded.commands, out_.size() - before});
        unanswered_bytes += unanswered.back().bytes;
        unanswered_commands += encoded.commands;
        most_out_ = std::max(most_out_, out_.size());
      }
      if (unanswered.empty()) break;
      bool moved = send_some();
      if (receive_some()) moved = true;
      while (!unanswered.empty() && next_reply()) {
        handle(in_.reply());
        --unanswered_commands;
        if (--unanswered.front().commands == 0) {
          unanswered_bytes -= unanswered.front().bytes;
          unanswered.pop_front();
        }
        moved = true;
      }
      // A server that always has something for us must not keep us past the end of the call.
      wait(call, moved, unanswered_commands);
    }
  } catch (const Broken& broken) {
    lost(broken);
  } catch (...) {
    close();
    throw;
  }
  transport_->wake_at(1);
  if (most_out_ > kKeptBytes) out_ = Buffer();
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

void Connection::wait(const Call& call, bool moved, size_t unanswered) {
  if (moved) {
    if (call.cancelled()) throw Error(PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "cancelled");
    if (call.remaining_ms() == 0)
      throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the deadline passed");
    return;
  }
  // At least twice as much is to come, so that the server has still work to do when we go on.
  transport_->wake_at(unanswered * kLeastReply >= 2 * kWakeBytes ? kWakeBytes : 1);
  const short events = transport_->events(sent_ < out_.size());
  if (wait_for(call, transport_->fd(), events, progress_ + timeout_, PENSTOCK_RETRY_UNKNOWN_OUTCOME)) return;
  // Less than we wanted to be woken for is progress all the same.
  if (receive_some()) return;
  lost("no progress for " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(timeout_).count()) + " ms");
}

}  // namespace penstock::redis
