#include "fault/writers.hpp"

#include <random>
#include <stdexcept>

namespace penstock::test {
namespace {

constexpr int kHotUsers = 50;
constexpr int kLongHoldMs = 300;
// Longer than a horizon waits for prepared transactions, and than the margin that would hide a horizon that forgot them.
constexpr int kLongPreparedMs = 900;

// One connection's transactions.
class Writer {
 public:
  Writer(int number, const std::string& dsn, const Writers::Options& options)
      : prefix_("w" + std::to_string(number) + "-"), session_(dsn), random_(options.seed * 1000 + static_cast<uint64_t>(number)),
        rows_(options.rows_per_transaction), back_dates_(options.back_dates), long_prepared_percent_(100 / options.writers) {}

  void transaction();
  const WriterCounts& counts() const { return counts_; }

 private:
  int up_to(int greatest) { return std::uniform_int_distribution<int>(0, greatest)(random_); }
  bool chance(int percent) { return up_to(99) < percent; }
  // How long something is kept waiting: mostly not at all or a few milliseconds, sometimes for hundreds.
  int hold_ms() { return chance(30) ? 0 : chance(70) ? up_to(40) : chance(90) ? up_to(250) : kLongHoldMs + up_to(300); }
  void hold(int ms) {
    if (ms > 0) session_.exec("SELECT pg_sleep(" + std::to_string(ms) + " / 1000.0)");
  }
  int64_t changed(const std::string& statement) { return std::stoll(session_.value("WITH changed AS (" + statement + " RETURNING 1) SELECT count(*) FROM changed")); }
  int64_t insert(int count);
  int64_t update_own();
  int64_t update_hot();
  int64_t try_savepoint();
  void end(int64_t rows);
  void end_prepared(int64_t rows);

  const std::string prefix_;
  PostgresSession session_;
  std::mt19937_64 random_;
  const int rows_;
  const bool back_dates_;
  const int long_prepared_percent_;  // few enough that the horizon is not frozen most of the time
  WriterCounts counts_;
  int next_user_ = 0;                            // never used again, also when its insert was rolled back
  int prepared_ = 0;
  std::vector<std::pair<int, int>> inserted_;    // first and last, of this transaction
  std::vector<std::pair<int, int>> committed_;   // of all
};

int64_t Writer::insert(int count) {
  const int first = next_user_;
  next_user_ += count;
  inserted_.emplace_back(first, next_user_ - 1);
  const bool names_the_time = back_dates_ && chance(10);
  return changed("INSERT INTO " + profile_table() + " (\"DOMAIN_USERID\", \"TOTAL_TRANSACTIONS\", \"TOTAL_REVENUE\", \"AVG_TRANSACTION_REVENUE\"" +
                 (names_the_time ? ", \"UPDATED_AT\"" : "") + ") SELECT '" + prefix_ + "' || n, nextval('\"SIGNALS\".versions'), n, n % 97" +
                 (names_the_time ? ", now() - interval '1 day'" : "") + " FROM generate_series(" + std::to_string(first) + ", " +
                 std::to_string(next_user_ - 1) + ") AS n");
}

int64_t Writer::update_own() {
  if (committed_.empty()) return 0;
  const auto [first, last] = committed_[static_cast<size_t>(up_to(static_cast<int>(committed_.size()) - 1))];
  return changed("UPDATE " + profile_table() + " SET \"TOTAL_TRANSACTIONS\" = nextval('\"SIGNALS\".versions') WHERE \"DOMAIN_USERID\" = ANY (ARRAY(SELECT '" +
                 prefix_ + "' || n FROM generate_series(" + std::to_string(first) + ", " + std::to_string(last) + ", 2) AS n))");
}

// One a transaction, so that writers wait for each other but never in a circle.
int64_t Writer::update_hot() {
  return changed("INSERT INTO " + profile_table() + " (\"DOMAIN_USERID\", \"TOTAL_TRANSACTIONS\", \"TOTAL_REVENUE\") VALUES ('hot-" +
                 std::to_string(up_to(kHotUsers - 1)) + "', nextval('\"SIGNALS\".versions'), 1) ON CONFLICT (\"DOMAIN_USERID\") DO UPDATE SET "
                 "\"TOTAL_TRANSACTIONS\" = EXCLUDED.\"TOTAL_TRANSACTIONS\"");
}

int64_t Writer::try_savepoint() {
  session_.exec("SAVEPOINT part");
  const size_t before = inserted_.size();
  const int64_t rows = insert(1 + up_to(rows_ / 4)) + update_own();
  if (chance(50)) {
    session_.exec("RELEASE SAVEPOINT part");
    return rows;
  }
  session_.exec("ROLLBACK TO SAVEPOINT part");
  inserted_.resize(before);
  ++counts_.savepoints_rolled_back;
  return 0;
}

void Writer::transaction() {
  inserted_.clear();
  const int before = hold_ms(), after = hold_ms();
  counts_.held_300ms += before + after >= kLongHoldMs;
  session_.exec("BEGIN");
  // Its time is fixed from here on, though nobody sees a transaction id yet.
  session_.exec("SELECT now()");
  hold(before);
  int64_t rows = insert(1 + up_to(rows_));
  if (chance(40)) rows += try_savepoint();
  if (chance(40)) rows += update_own();
  if (chance(20)) rows += update_hot();
  hold(after);
  end(rows);
}

void Writer::end(int64_t rows) {
  if (chance(8)) return end_prepared(rows);
  if (chance(8)) {
    session_.exec("ROLLBACK");
    ++counts_.rolled_back;
    return;
  }
  session_.exec("COMMIT");
  ++counts_.committed;
  counts_.row_versions += rows;
  committed_.insert(committed_.end(), inserted_.begin(), inserted_.end());
}

void Writer::end_prepared(int64_t rows) {
  const std::string id = "'" + prefix_ + std::to_string(++prepared_) + "'";
  session_.exec("PREPARE TRANSACTION " + id);
  hold(chance(long_prepared_percent_) ? kLongPreparedMs : hold_ms());
  if (chance(25)) {
    session_.exec("ROLLBACK PREPARED " + id);
    ++counts_.prepared_rolled_back;
    return;
  }
  session_.exec("COMMIT PREPARED " + id);
  ++counts_.prepared_committed;
  counts_.row_versions += rows;
  committed_.insert(committed_.end(), inserted_.begin(), inserted_.end());
}

}  // namespace

WriterCounts& WriterCounts::operator+=(const WriterCounts& other) {
  row_versions += other.row_versions;
  committed += other.committed;
  rolled_back += other.rolled_back;
  prepared_committed += other.prepared_committed;
  prepared_rolled_back += other.prepared_rolled_back;
  savepoints_rolled_back += other.savepoints_rolled_back;
  held_300ms += other.held_300ms;
  return *this;
}

Writers::Writers(const PostgresServer& postgres, Options options) : options_(options), running_(options.writers) {
  for (int i = 0; i < options.writers; ++i) threads_.emplace_back([this, i, dsn = postgres.dsn()] { write(i, dsn); });
}

Writers::~Writers() {
  row_versions_ = options_.rows;  // they end after the transaction that they are in
  for (std::thread& thread : threads_) thread.join();
}

void Writers::write(int number, const std::string& dsn) {
  WriterCounts counts;
  std::string error;
  try {
    Writer writer(number, dsn, options_);
    while (row_versions_ < options_.rows) {
      const int64_t before = writer.counts().row_versions;
      writer.transaction();
      row_versions_ += writer.counts().row_versions - before;
    }
    counts = writer.counts();
  } catch (const std::exception& exception) {
    error = exception.what();
  }
  const std::lock_guard lock(mutex_);
  counts_ += counts;
  if (!error.empty()) error_ = error;
  --running_;
  ended_.notify_all();
}

bool Writers::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, limit, [&] { return running_ == 0; });
}

WriterCounts Writers::counts() {
  const std::lock_guard lock(mutex_);
  if (!error_.empty()) throw std::runtime_error("a writer failed: " + error_);
  return counts_;
}

}  // namespace penstock::test
