#include "fault/soak.hpp"

#include "fault/killer.hpp"
#include "fault/naive_poller.hpp"

#include <iostream>
#include <ostream>

namespace penstock::test {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point start) { return std::chrono::duration<double>(steady_clock::now() - start).count(); }

// Until the writers have ended.
void kill_meanwhile(Killer& killer, Writers& writers, const SoakResult& result) {
  auto told = steady_clock::now();
  while (!writers.wait(killer.pause())) {
    killer.kill();
    if (!result.options.shows_progress || seconds_since(told) < 10) continue;
    told = steady_clock::now();
    std::cerr << writers.row_versions() << " row versions, kills: " << result.host_kills << " host, " << result.redis_kills << " Redis, "
              << result.cuts << " connections, " << result.backend_kills << " backends\n";
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
  std::optional<RedisProxy> proxy;
  if (options.cut_connections) proxy.emplace(redis.port());
  PollingHost host(postgres, redis, {.store_url = proxy ? proxy->url() : redis.url(), .cursor = options.cursor});
  host.start();
  std::unique_ptr<NaivePoller> naive_now, naive_greatest;
  if (options.naive) {
    naive_now = std::make_unique<NaivePoller>(postgres, NaiveRule::now);
    naive_greatest = std::make_unique<NaivePoller>(postgres, NaiveRule::greatest_seen);
  }

  const auto start = steady_clock::now();
  Writers writers(postgres, options.writing);
  Killer killer(options, postgres, host, redis, proxy ? &*proxy : nullptr, result);
  kill_meanwhile(killer, writers, result);
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
      << " times and as it was before " << result.redis_rollbacks << " times, " << result.cuts << " of connections to Redis, " << result.backend_kills
      << " of backends of PostgreSQL\n"
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
