#include "state/schema.hpp"

#include <array>

namespace penstock::host {
namespace {

// "PnSt", so that another program's database is not taken for a state.
constexpr int64_t kApplicationId = 0x506e5374;

// kMigrations[n] makes schema n + 1 of schema n. Never change one that was released: append.
//
// No foreign key ties rejects to runs: each has its own limit, and a reject outlives the run that met it.
constexpr std::array<const char*, 3> kMigrations = {
    R"sql(
  CREATE TABLE position (
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    detail BLOB NOT NULL,
    text TEXT NOT NULL,
    store TEXT NOT NULL,
    store_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    committed_at_ns INTEGER NOT NULL,
    PRIMARY KEY (view, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of the starts: the clock may jump back
    run_id TEXT NOT NULL UNIQUE,
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    started_at_ns INTEGER NOT NULL,
    finished_at_ns INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'completed', 'failed', 'cancelled', 'interrupted')),
    position_from TEXT NOT NULL,
    position_to TEXT NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_written INTEGER NOT NULL,
    rows_unchanged INTEGER NOT NULL,
    rows_stale INTEGER NOT NULL,
    rows_rejected INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    guarantee TEXT NOT NULL,
    guarantee_why TEXT NOT NULL,
    holder TEXT NOT NULL
  ) STRICT;
  CREATE INDEX run_of_view ON run (view, version, number);
  CREATE INDEX run_running ON run (outcome) WHERE outcome = 'running';

  CREATE TABLE reject (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    view TEXT NOT NULL,
    version INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    value_class TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ns INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX reject_of_view ON reject (view, version, number);

  CREATE TABLE definition (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    json TEXT NOT NULL,
    applied_at_ns INTEGER NOT NULL,
    UNIQUE (kind, name, version)
  ) STRICT;

  CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO counter (name, value) VALUES ('definitions', 0);
)sql",
    // A reject with a content is to be tried again. The content comes last: the other columns are then read without it.
    R"sql(
  ALTER TABLE run ADD COLUMN rows_retried INTEGER NOT NULL DEFAULT 0;

  ALTER TABLE reject ADD COLUMN store TEXT NOT NULL DEFAULT '';
  ALTER TABLE reject ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE reject ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE reject ADD COLUMN retry_at_ns INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE reject ADD COLUMN order_key BLOB NOT NULL DEFAULT x'';
  ALTER TABLE reject ADD COLUMN content BLOB;
  CREATE INDEX reject_to_retry ON reject (view, version, store, number) WHERE content IS NOT NULL;
  CREATE INDEX reject_to_replace ON reject (view, version, key) WHERE content IS NOT NULL;
)sql",
    R"sql(
  ALTER TABLE position ADD COLUMN retried_fence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE run ADD COLUMN rows_without_cursor INTEGER NOT NULL DEFAULT 0;
)sql"};
constexpr int64_t kSchemaVersion = kMigrations.size();

Result<int64_t> read_number(Database& database, const char* sql) {
  Query query(database, sql);
  const int64_t number = query.next() ? query.integer(0) : 0;
  if (auto read = query.outcome(); !read) return read.failure();
  return number;
}

struct Identity {
  int64_t application_id = 0;
  int64_t schema = 0;
  int64_t tables = 0;
};

Result<Identity> identify(Database& database) {
  auto application = read_number(database, "PRAGMA application_id");
  if (!application) return application.failure();
  auto schema = read_number(database, "PRAGMA user_version");
  if (!schema) return schema.failure();
  auto tables = read_number(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.failure();
  return Identity{*application, *schema, *tables};
}

Failure refused(std::string message) {
  return {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER, std::move(message)};
}

Failure newer(const Database& database, int64_t schema) {
  return refused("it was written by a newer penstock (schema " + std::to_string(schema) + ", this program knows " +
                 std::to_string(kSchemaVersion) + "): run that version or a later one, or move " + database.path().string() +
                 " away; positions are then taken from the markers in the stores");
}

Failure foreign() { return refused("this is another program's database: point state_dir elsewhere"); }

bool is_empty(const Identity& identity) { return identity.tables == 0 && identity.schema == 0; }

}  // namespace

Result<void> migrate(Database& database) {
  return database.in_transaction([&]() -> Result<void> {
    auto identity = identify(database);
    if (!identity) return identity.failure();
    if (!is_empty(*identity) && identity->application_id != kApplicationId) return foreign();
    if (identity->schema > kSchemaVersion) return newer(database, identity->schema);
    if (identity->schema == kSchemaVersion) return {};
    for (int64_t next = identity->schema; next < kSchemaVersion; ++next) {
      if (auto made = database.execute(kMigrations[static_cast<size_t>(next)]); !made) return made;
    }
    const std::string marks = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                              "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
    return database.execute(marks.c_str());
  });
}

Result<void> check_schema(Database& database) {
  auto identity = identify(database);
  if (!identity) return identity.failure();
  if (is_empty(*identity)) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "nothing was recorded yet"};
  if (identity->application_id != kApplicationId) return foreign();
  if (identity->schema > kSchemaVersion) return newer(database, identity->schema);
  if (identity->schema < kSchemaVersion) {
    return refused("it was written by an older penstock: start the host once to bring it up to date");
  }
  return {};
}

}  // namespace penstock::host
