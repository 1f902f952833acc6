#include "canceller.hpp"

#include <chrono>

namespace penstock::odbc {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(100);

}  // namespace

Canceller::Canceller(const Call& call, SQLHSTMT statement) : statement_(statement) {
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

void Canceller::start() {
  thread_ = std::thread([this] { cancel_until_done(); });
}

void Canceller::cancel_until_done() {
  std::unique_lock lock(mutex_);
  while (!done_) {
    lock.unlock();
    SQLCancel(statement_);
    lock.lock();
    changed_.wait_for(lock, kBetween, [this] { return done_; });
  }
}

}  // namespace penstock::odbc
