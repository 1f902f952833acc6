#include "e2e/world.hpp"

#include <fstream>
#include <hiredis/hiredis.h>
#include <stdexcept>

namespace penstock::test {

World::World() { set_environment("PENSTOCK_TEST", "1"); }

void World::configure(const SeedConfiguration& seed) {
  configure_text("[host]\nplugin_dir = \"" PENSTOCK_BUILD_DIR "/plugins\"\nstate_dir = \"" + state_dir() + "\"\nhttp_port = 0\n" + seed.host +
                 "\n[warehouse.prod]\n" + seed.warehouse + "\n[store.profiles]\n" + seed.store +
                 "\n[[batch_source]]\nname = \"ecommerce_transaction_interactions_source\"\nwarehouse = \"prod\"\ndatabase = \"" + seed.database +
                 "\"\nschema = \"SIGNALS\"\ntable = \"" + kTable + "\"\ntimestamp_field = \"UPDATED_AT\"\n" + seed.source + "\n[[view]]\nname = \"" +
                 kView + "\"\nversion = 1\nentity = \"domain_userid\"\nowner = \"user@company.com\"\noffline = true\nonline = true\n"
                 "batch_source = \"ecommerce_transaction_interactions_source\"\nstore = \"profiles\"\nttl = \"365d\"\n" + seed.view +
                 "fields = [\n  { name = \"TOTAL_TRANSACTIONS\",      type = \"int32\" },\n  { name = \"TOTAL_REVENUE\",           type = \"int32\" },\n"
                 "  { name = \"AVG_TRANSACTION_REVENUE\", type = \"int32\" },\n]\n"
                 "\n[[service]]\nname = \"checkout\"\nviews = [ { name = \"" + kView + "\", version = 1 } ]\n");
}

void World::configure_text(const std::string& toml) { write_file(config_path(), toml); }

std::vector<std::string> World::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), PENSTOCK_BUILD_DIR "/penstock");
  arguments.push_back("-c");
  arguments.push_back(config_path());
  return arguments;
}

Finished World::penstock(std::vector<std::string> arguments) const { return run_process(command(std::move(arguments)), environment_); }

int64_t json_number(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  if (at == std::string::npos) throw std::runtime_error("no \"" + name + "\" in " + json);
  return std::stoll(json.substr(at + name.size() + 3));
}

std::string json_text(const std::string& json, const std::string& name) {
  const std::string start = "\"" + name + "\":\"";
  const size_t at = json.find(start);
  if (at == std::string::npos) throw std::runtime_error("no \"" + name + "\" in " + json);
  return json.substr(at + start.size(), json.find('"', at + start.size()) - at - start.size());
}

void create_seed_table(const PostgresServer& postgres) {
  postgres.exec(std::string("CREATE SCHEMA \"SIGNALS\"; CREATE TABLE \"SIGNALS\".\"") + kTable +
                "\" (\"DOMAIN_USERID\" text NOT NULL, \"UPDATED_AT\" timestamptz NOT NULL DEFAULT now(), \"TOTAL_TRANSACTIONS\" bigint, "
                "\"TOTAL_REVENUE\" bigint, \"AVG_TRANSACTION_REVENUE\" bigint); CREATE INDEX ON \"SIGNALS\".\"" + kTable +
                "\" (\"UPDATED_AT\"); GRANT USAGE ON SCHEMA \"SIGNALS\" TO penstock; GRANT SELECT ON ALL TABLES IN SCHEMA \"SIGNALS\" TO penstock");
}

void insert_users(const PostgresServer& postgres, int first, int count) {
  postgres.exec(std::string("INSERT INTO \"SIGNALS\".\"") + kTable + "\" SELECT 'u' || n, now() - interval '1 hour', 1 + n % 17, (1 + n % 17) * (10 + n % 90), 10 + n % 90 " +
                "FROM generate_series(" + std::to_string(first) + ", " + std::to_string(first + count - 1) + ") AS n");
}

namespace {

// Every key with this prefix -> the rows of an HMGET of its fields, joined by "|".
std::map<std::string, std::string> read_hashes(RedisServer& redis, const std::string& prefix, const std::vector<std::string>& fields) {
  redisContext* context = redisConnect("127.0.0.1", redis.port());
  if (context == nullptr || context->err != 0) throw std::runtime_error("cannot connect to Redis");
  const auto text = [](const redisReply* reply) { return reply->type == REDIS_REPLY_NIL ? std::string("-") : std::string(reply->str, reply->len); };
  auto* keys = static_cast<redisReply*>(redisCommand(context, "KEYS %s*", prefix.c_str()));
  for (size_t i = 0; i < keys->elements; ++i) {
    std::vector<const char*> words{"HMGET", keys->element[i]->str};
    std::vector<size_t> lengths{5, keys->element[i]->len};
    for (const std::string& field : fields) words.push_back(field.data()), lengths.push_back(field.size());
    redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(), lengths.data());
  }
  std::map<std::string, std::string> hashes;
  for (size_t i = 0; i < keys->elements; ++i) {
    redisReply* row = nullptr;
    redisGetReply(context, reinterpret_cast<void**>(&row));
    std::string& cells = hashes[text(keys->element[i]).substr(prefix.size())];
    for (size_t field = 0; field < row->elements; ++field) cells += (field == 0 ? "" : "|") + text(row->element[field]);
    freeReplyObject(row);
  }
  freeReplyObject(keys);
  redisFree(context);
  return hashes;
}

}  // namespace

std::map<std::string, std::string> redis_profiles(RedisServer& redis) {
  return read_hashes(redis, std::string("penstock:") + kView + "_v1:", {"TOTAL_TRANSACTIONS", "TOTAL_REVENUE", "AVG_TRANSACTION_REVENUE"});
}

std::map<std::string, std::string> redis_fields(RedisServer& redis, const std::string& prefix, const std::string& field) {
  return read_hashes(redis, prefix, {field});
}

std::map<std::string, std::string> expected_profiles(const PostgresServer& postgres) {
  std::map<std::string, std::string> profiles;
  for (const auto& row : postgres.rows(std::string("SELECT DISTINCT ON (\"DOMAIN_USERID\") \"DOMAIN_USERID\", coalesce(\"TOTAL_TRANSACTIONS\"::text, '-'), ") +
                                       "coalesce(\"TOTAL_REVENUE\"::text, '-'), coalesce(\"AVG_TRANSACTION_REVENUE\"::text, '-') FROM \"SIGNALS\".\"" + kTable +
                                       "\" ORDER BY \"DOMAIN_USERID\", \"UPDATED_AT\" DESC"))
    profiles[row[0]] = row[1] + "|" + row[2] + "|" + row[3];
  return profiles;
}

}  // namespace penstock::test
