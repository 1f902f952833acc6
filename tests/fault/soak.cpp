#include "fault/soak.hpp"

#include "fault/naive_poller.hpp"
#include "fault/polling_host.hpp"

#include <filesystem>
#include <iostream>
#include <ostream>
#include <random>
#include <stdexcept>

namespace penstock::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Between two kills.
constexpr int kShortestPauseMs = 200;
constexpr int kLongestPauseMs = 1500;

double seconds_since(steady_clock::time_point start) { return std::chrono::duration<double>(steady_clock::now() - start).count(); }

// Kills what it may.
class Killer {
 public:
  Killer(const SoakOptions& options, PollingHost& host, RedisServer& redis, SoakResult& result)
      : options_(options), host_(host), redis_(redis), result_(result), random_(options.writing.seed + 0x9e3779b97f4a7c15U) {}

  milliseconds pause() { return milliseconds(std::uniform_int_distribution<int>(kShortestPauseMs, kLongestPauseMs)(random_)); }

  void kill() {
    const bool may_kill_redis = options_.kill_redis || options_.roll_back_redis;
    if (may_kill_redis && (!options_.kill_host || random_() % 2 == 0)) return kill_redis();
    if (!options_.kill_host) return;
    host_.kill9();
    host_.start();
    ++result_.host_kills;
  }

 private:
  void kill_redis() {
    redis_.kill9();
    ++result_.redis_kills;
    if (options_.roll_back_redis) roll_back();
    redis_.restart();
  }

  // Of eight kills one loses everything, and three go back to what there was when Redis was killed before.
  void roll_back() {
    const uint64_t fate = random_() % 8;
    if (fate == 0) {
      remove(data());
      ++result_.redis_wipes;
    } else if (fate <= 3 && std::filesystem::exists(kept())) {
      replace(kept(), data());
      ++result_.redis_rollbacks;
    } else {
      replace(data(), kept());
    }
  }

  std::filesystem::path data() const { return std::filesystem::path(redis_.folder()) / "appendonlydir"; }
  std::filesystem::path kept() const { return std::filesystem::path(redis_.folder()) / "kept"; }
  static void remove(const std::filesystem::path& folder) { std::filesystem::remove_all(folder); }
  static void replace(const std::filesystem::path& from, const std::filesystem::path& to) {
    remove(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  }

  const SoakOptions& options_;
  PollingHost& host_;
  RedisServer& redis_;
  SoakResult& result_;
  std::mt19937_64 random_;
};

// Until the writers have ended.
void kill_meanwhile(const SoakOptions& options, Writers& writers, PollingHost& host, RedisServer& redis, SoakResult& result) {
  Killer killer(options, host, redis, result);
  auto told = steady_clock::now();
  while (!writers.wait(killer.pause())) {
    killer.kill();
    if (!options.shows_progress || seconds_since(told) < 10) continue;
    told = steady_clock::now();
    std::cerr << writers.row_versions() << " row versions, " << result.host_kills << " host kills, " << result.redis_kills << " Redis kills\n";
  }
}

Difference lost_by(const PostgresServer& postgres, NaivePoller& poller) { return difference(expected_profiles(postgres), poller.finish()); }

}  // namespace

SoakResult soak(const SoakOptions& options, std::chrono::seconds catch_up) {
  SoakResult result;
  result.options = options;
  PostgresServer postgres({.settings = {"max_prepared_transactions=100", "max_connections=100", "shared_buffers=128MB", "max_wal_size=2GB"}});
  RedisServer redis({.config = {"appendonly yes", "appendfsync everysec"}});
  create_profile_table(postgres, options.cursor);
  PollingHost host(postgres, redis, {.cursor = options.cursor});
  host.start();
  std::unique_ptr<NaivePoller> naive_now, naive_greatest;
  if (options.naive) {
    naive_now = std::make_unique<NaivePoller>(postgres, NaiveRule::now);
    naive_greatest = std::make_unique<NaivePoller>(postgres, NaiveRule::greatest_seen);
  }

  const auto start = steady_clock::now();
  Writers writers(postgres, options.writing);
  kill_meanwhile(options, writers, host, redis, result);
  result.seconds = seconds_since(start);
  result.writing = writers.counts();

  host.await_caught_up(catch_up);
  result.penstock = compare_every_key(postgres, redis);
  if (naive_now) {
    result.naive_now = lost_by(postgres, *naive_now);
    result.naive_greatest = lost_by(postgres, *naive_greatest);
  }
  host.stop();
  const HistorySums sums = host.sums();
  result.runs = sums.runs;
  result.runs_failed = sums.failed;
  result.runs_interrupted = sums.interrupted;
  result.read = sums.read;
  result.written = sums.written;
  result.unchanged = sums.unchanged;
  result.stale = sums.stale;
  result.rejected = sums.rejected;
  return result;
}

std::ostream& operator<<(std::ostream& out, const SoakResult& result) {
  const WriterCounts& writing = result.writing;
  const auto naive = [&](const char* rule, const std::optional<Difference>& lost) {
    if (lost) out << rule << lost->missing + lost->stale << " of " << lost->keys << " keys lost\n";
  };
  out << "seed           " << result.options.writing.seed << "\n"
      << "cursor         " << (result.options.cursor == TableCursor::xid ? "transaction id" : "timestamp") << "\n"
      << "writers        " << result.options.writing.writers << " for " << result.seconds << " s\n"
      << "row versions   " << writing.row_versions << "\n"
      << "transactions   " << writing.committed << " committed, " << writing.rolled_back << " rolled back, " << writing.prepared_committed
      << " prepared and committed, " << writing.prepared_rolled_back << " prepared and rolled back, " << writing.savepoints_rolled_back
      << " savepoints rolled back, " << writing.held_300ms << " held for 0.3 s and more\n"
      << "kills          " << result.host_kills << " of the host, " << result.redis_kills << " of Redis, which came back empty " << result.redis_wipes
      << " times and as it was before " << result.redis_rollbacks << " times\n"
      << "runs           " << result.runs << ": " << result.runs_failed << " failed, " << result.runs_interrupted << " interrupted\n"
      << "rows           read " << result.read << " = written " << result.written << " + unchanged " << result.unchanged << " + stale " << result.stale
      << " + rejected " << result.rejected << "\n"
      << "keys compared  " << result.penstock.keys << "\n"
      << "lost           " << result.penstock.missing << "\n"
      << "stale          " << result.penstock.stale << "\n"
      << "extra          " << result.penstock.extra << "\n";
  naive("naive, now()   ", result.naive_now);
  naive("naive, max()   ", result.naive_greatest);
  if (!result.penstock.none()) out << "first          " << result.penstock.first << "\n";
  return out;
}

}  // namespace penstock::test
