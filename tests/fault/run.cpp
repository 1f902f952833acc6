// The long form of soak_test.cpp, as a command.
#include "fault/soak.hpp"

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace {

using namespace penstock::test;

constexpr const char* kUsage =
    "tests/fault/run [--rows N] [--writers N] [--seed N] [--kill-host] [--kill-redis] [--roll-back-redis]\n"
    "                [--cut-connections] [--kill-backends] [--xid] [--naive]\n"
    "\n"
    "Writers commit N row versions to a private PostgreSQL while `penstock run` polls every 200 ms into a private Redis; then every\n"
    "key is compared. Ends with 0 when nothing is lost or stale.\n"
    "\n"
    "  --rows N           row versions to commit (1000000)\n"
    "  --writers N        connections that write (32)\n"
    "  --seed N           of the writers' choices and of the kills (1)\n"
    "  --kill-host        kill the host at random times, and start another\n"
    "  --kill-redis       kill Redis at random times, and start it again from its append-only file\n"
    "  --roll-back-redis  so too, but it often comes back with older data, or without any\n"
    "  --cut-connections  to Redis, in the middle of script calls, while host and Redis live on\n"
    "  --kill-backends    terminate the host's sessions in PostgreSQL\n"
    "  --xid              a transaction id as the cursor\n"
    "  --naive            with naive pollers beside, which lose rows\n";

// False: wrong usage.
bool parse(int argc, char** argv, SoakOptions& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--kill-host") {
      options.kill_host = true;
    } else if (word == "--kill-redis") {
      options.kill_redis = true;
    } else if (word == "--roll-back-redis") {
      options.roll_back_redis = true;
    } else if (word == "--cut-connections") {
      options.cut_connections = true;
    } else if (word == "--kill-backends") {
      options.kill_backends = true;
    } else if (word == "--xid") {
      options.cursor = TableCursor::xid;
      options.writing.back_dates = false;
    } else if (word == "--naive") {
      options.naive = true;
    } else if (i + 1 < argc && (word == "--rows" || word == "--writers" || word == "--seed")) {
      const long long value = std::atoll(argv[++i]);
      if (value < 1) return false;
      if (word == "--rows") options.writing.rows = value;
      if (word == "--writers") options.writing.writers = static_cast<int>(value);
      if (word == "--seed") options.writing.seed = static_cast<uint64_t>(value);
    } else {
      return false;
    }
  }
  return options.writing.writers <= 90 && !(options.naive && options.cursor == TableCursor::xid);
}

}  // namespace

int main(int argc, char** argv) {
  SoakOptions options{.writing = {.writers = 32, .rows = 1'000'000}, .shows_progress = true};
  if (!parse(argc, argv, options)) {
    std::cerr << kUsage;
    return 2;
  }
  try {
    const SoakResult result = soak(options, std::chrono::minutes(5));
    std::cout << result;
    return result.penstock.none() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
