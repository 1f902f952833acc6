#include "sink_redis/exchange.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <deque>

namespace penstock::redis {
namespace {

constexpr size_t kSendBytes = 64 * 1024;
// To be woken for each of many small replies costs more than reading them.
constexpr size_t kWakeBytes = 4096;
constexpr size_t kLeastReply = 3;  // "+\r\n"
constexpr size_t kKeptBytes = 4u << 20;  // an output buffer larger than this is given back after use

}  // namespace

// An exchange in progress.
class RunningExchange {
 public:
  RunningExchange(const Exchange& exchange, size_t window) : exchange_(exchange), connection_(*exchange.connection), window_(window) {
    if (!connection_.alive()) connection_.lost("it is closed");
    connection_.progress_ = std::chrono::steady_clock::now();
    connection_.out_.clear();
    connection_.sent_ = connection_.most_out_ = 0;
  }

  bool done() const { return done_; }
  bool ready() const { return ready_ && !done_; }
  // Does what can be done without waiting. Afterwards it is ready if that was anything.
  void step() {
    try {
      encode();
      if (unanswered_.empty()) return finish();
      ready_ = connection_.send_some();
      if (connection_.receive_some()) ready_ = true;
      while (!unanswered_.empty() && connection_.next_reply()) take_reply();
    } catch (const Broken& broken) {
      connection_.lost(broken);
    }
  }

  pollfd awaited() {
    // At least twice as much is to come, so that the server has still work to do when we go on.
    connection_.transport_->wake_at(unanswered_commands_ * kLeastReply >= 2 * kWakeBytes ? kWakeBytes : 1);
    return {connection_.transport_->fd(), connection_.transport_->events(connection_.sent_ < connection_.out_.size()), 0};
  }
  void came() { ready_ = true; }
  SteadyTime until() const { return connection_.progress_ + connection_.timeout_; }
  // Its time is over. Less than we wanted to be woken for is progress all the same.
  void expire() {
    try {
      ready_ = connection_.receive_some();
    } catch (const Broken& broken) {
      connection_.lost(broken);
    }
    if (!ready_)
      connection_.lost("no progress for " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(connection_.timeout_).count()) + " ms");
  }
  void close_unless_done() {
    if (!done_) connection_.close();
  }

 private:
  struct Piece {
    size_t commands, bytes;
  };

  // The server begins with the first of them while we encode the others.
  void encode() {
    Buffer& out = connection_.out_;
    while (more_ && unanswered_bytes_ < window_ && out.size() - connection_.sent_ < kSendBytes) {
      const size_t before = out.size();
      const Encoded encoded = exchange_.encode(out);
      more_ = encoded.more;
      if (encoded.commands == 0) break;
      unanswered_.push_back({encoded.commands, out.size() - before});
      unanswered_bytes_ += unanswered_.back().bytes;
      unanswered_commands_ += encoded.commands;
      connection_.most_out_ = std::max(connection_.most_out_, out.size());
    }
  }

  void take_reply() {
    exchange_.handle(connection_.in_.reply());
    ready_ = true;
    --unanswered_commands_;
    if (--unanswered_.front().commands > 0) return;
    unanswered_bytes_ -= unanswered_.front().bytes;
    unanswered_.pop_front();
  }

  void finish() {
    done_ = true;
    connection_.transport_->wake_at(1);
    if (connection_.most_out_ > kKeptBytes) connection_.out_ = Buffer();
  }

  const Exchange& exchange_;
  Connection& connection_;
  const size_t window_;
  std::deque<Piece> unanswered_;
  size_t unanswered_bytes_ = 0, unanswered_commands_ = 0;
  bool more_ = true;
  bool ready_ = true;
  bool done_ = false;
};

namespace {

void check(const Call& call) {
  if (call.cancelled()) throw Error(PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "cancelled");
  if (call.remaining_ms() == 0) throw Error(PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the deadline passed");
}

// Until one of them, none of which is done, is ready; looks at them all, so that none that is busy keeps another waiting.
void wait(const Call& call, std::vector<RunningExchange*>& open, std::vector<pollfd>& awaited) {
  const bool busy = std::any_of(open.begin(), open.end(), [](const RunningExchange* one) { return one->ready(); });
  RunningExchange& first = **std::min_element(open.begin(), open.end(), [](const RunningExchange* a, const RunningExchange* b) { return a->until() < b->until(); });
  if (busy) {
    // A server that always has something for us must not keep us past the end of the call.
    check(call);
    if (open.size() == 1) return;
  }
  awaited.clear();
  for (RunningExchange* const one : open) awaited.push_back(one->awaited());
  if (busy)
    poll(awaited.data(), awaited.size(), 0);
  else if (!wait_for_any(call, awaited, first.until(), PENSTOCK_RETRY_UNKNOWN_OUTCOME))
    return first.expire();
  for (size_t i = 0; i < open.size(); ++i)
    if (awaited[i].revents != 0) open[i]->came();
  // Nor may it hide that another has nothing.
  if (!first.ready() && first.until() < std::chrono::steady_clock::now()) first.expire();
}

}  // namespace

void exchange(const Call& call, size_t window, const std::vector<Exchange>& exchanges) {
  std::vector<RunningExchange> running;
  running.reserve(exchanges.size());
  std::vector<RunningExchange*> open;
  std::vector<pollfd> awaited;
  try {
    for (const Exchange& one : exchanges) running.emplace_back(one, window);
    for (;;) {
      open.clear();
      for (RunningExchange& one : running) {
        if (one.ready()) one.step();
        if (!one.done()) open.push_back(&one);
      }
      if (open.empty()) return;
      wait(call, open, awaited);
    }
  } catch (...) {
    for (RunningExchange& one : running) one.close_unless_done();
    throw;
  }
}

}  // namespace penstock::redis
