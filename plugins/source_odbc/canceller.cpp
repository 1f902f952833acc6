#include "canceller.hpp"

#include <chrono>
#include <system_error>

namespace penstock::odbc {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(100);
constexpr int kTriesBeforeLastResort = 3;

}  // namespace

Canceller::Canceller(const Call& call, SQLHSTMT statement, std::function<void()> last_resort)
    : call_(call), statement_(statement), last_resort_(std::move(last_resort)) {
  hook_.emplace(call, [this] { start(); });
}

Canceller::~Canceller() {
  hook_.reset();
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Canceller::Working::Working(Canceller& canceller) : canceller_(canceller) {
  canceller.call_.check();
  const std::lock_guard lock(canceller.mutex_);
  canceller.is_working_ = true;
}

// Waits for an SQLCancel that is on its way.
Canceller::Working::~Working() {
  const std::lock_guard lock(canceller_.mutex_);
  canceller_.is_working_ = false;
}

void Canceller::start() {
  try {
    thread_ = std::thread([this] { cancel_until_done(); });
  } catch (const std::system_error&) {
    // No thread to be had: once is better than never.
    const std::lock_guard lock(mutex_);
    if (is_working_) SQLCancel(statement_);
  }
}

void Canceller::cancel_until_done() {
  std::unique_lock lock(mutex_);
  for (int tries = 0; !done_;) {
    if (is_working_) {
      SQLCancel(statement_);
      if (++tries == kTriesBeforeLastResort && last_resort_) {
        lock.unlock();
        try {
          last_resort_();
        } catch (const std::exception&) {
          // The driver goes on to its own time limit then.
        }
        lock.lock();
      }
    }
    changed_.wait_for(lock, kBetween, [this] { return done_; });
  }
}

}  // namespace penstock::odbc
