#include "fault/naive_poller.hpp"

#include <stdexcept>

namespace penstock::test {

NaivePoller::NaivePoller(const PostgresServer& postgres, NaiveRule rule)
    : rule_(rule), thread_([this, dsn = postgres.dsn()] { poll_until_finished(dsn); }) {}

NaivePoller::~NaivePoller() {
  if (thread_.joinable()) finish();
}

Profiles NaivePoller::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (!error_.empty()) throw std::runtime_error("a naive poller failed: " + error_);
  return std::move(delivered_);
}

void NaivePoller::poll_until_finished(const std::string& dsn) {
  try {
    PostgresSession session(dsn);
    for (bool last = false; !last;) {
      {
        std::unique_lock lock(mutex_);
        last = changed_.wait_for(lock, std::chrono::milliseconds(200), [this] { return finished_; });
      }
      poll(session);
    }
  } catch (const std::exception& exception) {
    error_ = exception.what();
  }
}

void NaivePoller::poll(PostgresSession& session) {
  const std::string end = rule_ == NaiveRule::now ? session.value("SELECT now()") : "infinity";
  for (const auto& row : session.rows("SELECT \"DOMAIN_USERID\", coalesce(\"TOTAL_TRANSACTIONS\"::text, '-'), coalesce(\"TOTAL_REVENUE\"::text, '-'), "
                                      "coalesce(\"AVG_TRANSACTION_REVENUE\"::text, '-'), \"UPDATED_AT\" FROM " + profile_table() +
                                      " WHERE \"UPDATED_AT\" > '" + position_ + "' AND \"UPDATED_AT\" <= '" + end + "' ORDER BY \"UPDATED_AT\"")) {
    delivered_[row[0]] = row[1] + "|" + row[2] + "|" + row[3];
    if (rule_ == NaiveRule::greatest_seen) position_ = row[4];
  }
  if (rule_ == NaiveRule::now) position_ = end;
}

}  // namespace penstock::test
