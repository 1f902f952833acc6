#include "fault/polling_host.hpp"

#include <csignal>
#include <stdexcept>

namespace penstock::test {
namespace {

int64_t sum_of(const std::string& json, const std::string& name) {
  int64_t sum = 0;
  const std::string quoted = "\"" + name + "\":";
  for (size_t at = json.find(quoted); at != std::string::npos; at = json.find(quoted, at + 1)) sum += std::stoll(json.substr(at + quoted.size(), 20));
  return sum;
}

int64_t count_of(const std::string& text, const std::string& part) {
  int64_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

PollingHost::PollingHost(const PostgresServer& postgres, RedisServer& redis, const Settings& settings)
    : postgres_(postgres), redis_(redis), cursor_(settings.cursor) {
  world_.set_environment("WAREHOUSE_DSN", postgres.dsn("penstock"));
  world_.configure({.warehouse = "plugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\n" + settings.warehouse,
                    .store = "plugin = \"redis\"\nurl = \"" + (settings.store_url.empty() ? redis.url() : settings.store_url) + "\"\n" + settings.store,
                    .host = "interval = \"200ms\"\nretry_delay = \"100ms\"\nretry_delay_max = \"500ms\"\nhistory_runs = 100000\n" + settings.host,
                    .view = settings.view,
                    .source = settings.cursor == TableCursor::xid ? "cursor = \"xid\"\n" : ""});
}

void PollingHost::start() {
  if (process_) log_ += process_->err();
  process_ = std::make_unique<Process>(world_.command({"run"}), world_.environment());
}

void PollingHost::kill9() {
  process_->signal(SIGKILL);
  process_->wait();
}

void PollingHost::stop() {
  process_->signal(SIGTERM);
  if (const int code = process_->wait(); code != 0) throw std::runtime_error("the host ended with " + std::to_string(code) + ":\n" + log());
}

void PollingHost::await_caught_up(std::chrono::seconds limit, RedisServer* store) {
  RedisServer& redis = store != nullptr ? *store : redis_;
  upsert_users(postgres_, "bell-", ++bell_, 1);
  const std::string ordinal = cursor_ == TableCursor::xid ? "\"UPDATED_AT\"::text" : "floor(extract(epoch FROM \"UPDATED_AT\") * 1000000)::int8 * 1000";
  const int64_t wanted =
      std::stoll(postgres_.value("SELECT " + ordinal + " FROM " + profile_table() + " WHERE \"DOMAIN_USERID\" = 'bell-" + std::to_string(bell_) + "'"));
  const auto passed = [&] {
    if (!running()) throw std::runtime_error("the host ended by itself:\n" + log());
    const std::string now = redis.command({"HGET", std::string("penstock:marker:") + kView + "_v1", "ordinal"});
    return !now.empty() && now[0] != '(' && std::stoll(now) >= wanted;
  };
  if (!eventually(passed, limit)) throw std::runtime_error("the host did not catch up:\n" + status() + log());
}

std::string PollingHost::output(std::vector<std::string> arguments) const {
  const Finished run = world_.penstock(std::move(arguments));
  if (run.exit_code != 0) throw std::runtime_error(run.out + run.err);
  return run.out;
}

HistorySums PollingHost::sums() const {
  const std::string json = history();
  return {.runs = count_of(json, "\"run_id\":"),
          .failed = count_of(json, "\"outcome\":\"failed\""),
          .interrupted = count_of(json, "\"outcome\":\"interrupted\""),
          .read = sum_of(json, "read"),
          .written = sum_of(json, "written"),
          .unchanged = sum_of(json, "unchanged"),
          .stale = sum_of(json, "stale"),
          .rejected = sum_of(json, "rejected")};
}

}  // namespace penstock::test
