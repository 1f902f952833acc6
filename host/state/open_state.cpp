// Opening state.db: who may, in which mode, and whether it is sound.
#include "state/directory.hpp"
#include "state/schema.hpp"
#include "state/sqlite.hpp"
#include "state/sqlite_state.hpp"

#include <cerrno>
#include <ctime>
#include <sqlite3.h>

namespace penstock::host {
namespace {

using std::filesystem::path;

constexpr const char* kFileName = "state.db";
// Checked completely whenever it is opened up to this size; above it only after a host that did not end in order.
constexpr uintmax_t kAlwaysCheckedBytes = 64 << 20;

// SQLite does not wait for a lock where waiting could be for ever: two processes that make the same database at the same time.
Result<void> set_write_ahead_log(Database& database) {
  constexpr int kTries = 250;
  constexpr timespec kPause{0, 20'000'000};
  for (int i = 1;; ++i) {
    Query query(database, "PRAGMA journal_mode = WAL");
    const std::string mode = query.next() ? query.text(0) : std::string();
    auto outcome = query.run();  // to its end: the change is committed after the answer
    if (outcome.ok() && mode == "wal") return {};
    if (outcome.ok()) {
      return Failure{PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER,
                     "its file system does not do write-ahead logging: put state_dir on a local disk"};
    }
    if ((outcome.failure().vendor_code & 0xff) != SQLITE_BUSY || i == kTries) return outcome;
    nanosleep(&kPause, nullptr);
  }
}

Result<void> check_content(Database& database) {
  Query query(database, "PRAGMA quick_check(1)");
  const bool answered = query.next();
  const int system_error = errno;  // a page that cannot be read is an answer like one that is damaged
  const std::string answer = answered ? query.text(0) : std::string();
  if (auto outcome = query.outcome(); !outcome) return outcome;
  if (answer == "ok") return {};
  Failure damaged = database.failure(SQLITE_CORRUPT, system_error);
  damaged.details.emplace_back("quick_check", answer);
  return damaged;
}

// What a host that did not end in order left in the log is perhaps in memory only: a sync that failed may have dropped it, and
// what is appended to it is lost with it in a power cut. Written into the database, it is on disk, and the log starts anew.
Result<void> save_log(Database& database) { return Query(database, "PRAGMA wal_checkpoint(PASSIVE)").run(); }

uintmax_t size_or_zero(const path& file) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

path wal_of(const path& file) { return file.string() + "-wal"; }

Result<std::unique_ptr<Database>> open_for_writing(const path& file) {
  for (const path& each : {file, wal_of(file), path(file.string() + "-shm")}) {
    std::error_code error;
    const bool there = each == file || std::filesystem::exists(std::filesystem::symlink_status(each, error));
    if (!there) continue;
    auto checked = check_file(each, Missing::make);
    if (!checked) return checked.failure();
  }
  const bool check = size_or_zero(wal_of(file)) > 0 || size_or_zero(file) <= kAlwaysCheckedBytes;

  auto database = Database::open(file, Database::Access::write);
  if (!database) return database;
  if (auto set = set_write_ahead_log(**database); !set) return set.failure();
  auto set = (*database)->execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                                  "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216");
  if (!set) return set.failure();
  if (check) {
    if (auto checked = check_content(**database); !checked) return checked.failure();
  }
  if (auto saved = save_log(**database); !saved) return saved.failure();
  if (auto migrated = migrate(**database); !migrated) return migrated.failure();
  return database;
}

Result<std::unique_ptr<Database>> open_for_reading(const path& file) {
  if (auto checked = check_file(file, Missing::refuse); !checked) return checked.failure();
  auto database = Database::open(file, Database::Access::read);
  auto usable = database.ok() ? check_schema(**database) : Result<void>(database.failure());
  if (usable.ok()) return database;

  // On a read-only file system SQLite cannot make the files through which readers and writers agree; where there is no
  // log either, nothing can change under us.
  const int code = usable.failure().vendor_code & 0xff;
  if ((code != SQLITE_CANTOPEN && code != SQLITE_READONLY) || size_or_zero(wal_of(file)) > 0) return usable.failure();
  database = Database::open(file, Database::Access::read_unchanging);
  if (!database) return database;
  if (usable = check_schema(**database); !usable) return usable.failure();
  return database;
}

Failure about(const path& file, Failure failure) { return std::move(failure).in("state \"" + file.string() + "\""); }

}  // namespace

Result<std::unique_ptr<State>> open_state(const path& directory, const StateLimits& limits) {
  auto checked = check_directory(directory, Missing::make);
  if (!checked) return std::move(checked.failure()).in("state");
  const path file = *checked / kFileName;
  auto database = open_for_writing(file);
  if (!database) return about(file, std::move(database.failure()));
  return make_sqlite_state(std::move(*database), limits);
}

Result<std::unique_ptr<State>> open_state_read_only(const path& directory) {
  auto checked = check_directory(directory, Missing::refuse);
  if (!checked) return std::move(checked.failure()).in("state");
  const path file = *checked / kFileName;
  auto database = open_for_reading(file);
  if (!database) return about(file, std::move(database.failure()));
  return make_sqlite_state(std::move(*database), StateLimits{});
}

}  // namespace penstock::host
