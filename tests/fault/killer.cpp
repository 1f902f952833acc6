#include "fault/killer.hpp"

#include "sink_redis/scripts.hpp"

#include <filesystem>

namespace penstock::test {
namespace {

// Between two kills.
constexpr int kShortestPauseMs = 200;
constexpr int kLongestPauseMs = 1500;

void replace_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace

Killer::Killer(const SoakOptions& options, const PostgresServer& postgres, PollingHost& host, RedisServer& redis, RedisProxy* proxy, SoakResult& result)
    : options_(options), postgres_(postgres), host_(host), redis_(redis), proxy_(proxy), result_(result),
      random_(options.writing.seed + 0x9e3779b97f4a7c15U) {
  if (options.kill_host) means_.push_back(&Killer::kill_host);
  if (options.kill_redis || options.roll_back_redis) means_.push_back(&Killer::kill_redis);
  if (proxy != nullptr) means_.push_back(&Killer::cut_connections);
  if (options.kill_backends) means_.push_back(&Killer::kill_backends);
}

std::chrono::milliseconds Killer::pause() {
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(kShortestPauseMs, kLongestPauseMs)(random_));
}

void Killer::kill() {
  if (!means_.empty()) (this->*means_[random_() % means_.size()])();
}

void Killer::kill_host() {
  host_.kill9();
  host_.start();
  ++result_.host_kills;
}

void Killer::kill_redis() {
  redis_.kill9();
  ++result_.redis_kills;
  if (options_.roll_back_redis) roll_back_redis();
  redis_.restart();
}

// Of eight kills one loses everything, and three go back to what there was when Redis was killed before.
void Killer::roll_back_redis() {
  const uint64_t fate = random_() % 8;
  if (fate == 0) {
    std::filesystem::remove_all(redis_data());
    ++result_.redis_wipes;
  } else if (fate <= 3 && std::filesystem::exists(kept_data())) {
    replace_folder(kept_data(), redis_data());
    ++result_.redis_rollbacks;
  } else {
    replace_folder(redis_data(), kept_data());
  }
}

// At one of the next calls of a script, or at one of the next transactions: before it, in the middle of it, or executed and unanswered.
void Killer::cut_connections() {
  using redis::Script;
  const std::string_view points[] = {redis::script_text(Script::load_marker), redis::script_text(Script::begin), redis::script_text(Script::guard),
                                     redis::script_text(Script::advance), "EXEC", redis::script_text(Script::commit)};
  constexpr RedisProxy::Moment kMoments[] = {RedisProxy::Moment::before, RedisProxy::Moment::half, RedisProxy::Moment::after};
  proxy_->stop_at({std::string(points[random_() % std::size(points)]), 1 + static_cast<int>(random_() % 3),
                   kMoments[random_() % std::size(kMoments)]});
  if (proxy_->await_stop(std::chrono::seconds(2))) ++result_.cuts;
  proxy_->cut();
}

void Killer::kill_backends() {
  result_.backend_kills += std::stoll(
      postgres_.value("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'penstock'"));
}

}  // namespace penstock::test
