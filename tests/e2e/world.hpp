// What the end-to-end tests share: the program, a folder, the seed view's configuration.
#pragma once

#include "support/postgres_server.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"

#include <map>
#include <string>
#include <vector>

namespace penstock::test {

// The seed view of the README; the table and field names are the warehouse's.
inline constexpr const char* kView = "ecommerce_transaction_interactions_attributes";
inline constexpr const char* kTable = "SNOWPLOW_ECOMMERCE_TRANSACTION_INTERACTIONS_FEATURES";

// The configuration of the seed view with these two connections. `host` and `view`: more lines for [host] and for the view.
struct SeedConfiguration {
  std::string warehouse;  // lines of [warehouse.prod]
  std::string store;      // lines of [store.profiles]
  std::string database = "postgres";
  std::string host = {};
  std::string view = {};
  std::string source = {};
};

class World {
 public:
  World();

  const TemporaryFolder& folder() const { return folder_; }
  std::string config_path() const { return folder_ / "penstock.toml"; }
  std::string state_dir() const { return folder_ / "state"; }

  void configure(const SeedConfiguration& seed);
  void configure_text(const std::string& toml);
  void set_environment(const std::string& name, const std::string& value) { environment_[name] = value; }
  const Environment& environment() const { return environment_; }

  // penstock COMMAND… -c <config>
  Finished penstock(std::vector<std::string> arguments) const;
  std::vector<std::string> command(std::vector<std::string> arguments) const;

 private:
  TemporaryFolder folder_;
  Environment environment_;
};

// A number in a flat place of a JSON text: the first "name":N.
int64_t json_number(const std::string& json, const std::string& name);
// The same for a text without escapes: the first "name":"…".
std::string json_text(const std::string& json, const std::string& name);

// The seed table in the database "postgres": schema SIGNALS, quoted upper-case names.
void create_seed_table(const PostgresServer& postgres);
// Users u<first> … with believable numbers, all at the same time.
void insert_users(const PostgresServer& postgres, int first, int count);

// Every profile of the store as key -> "TOTAL_TRANSACTIONS|TOTAL_REVENUE|AVG_TRANSACTION_REVENUE" ("-" for null).
std::map<std::string, std::string> redis_profiles(RedisServer& redis);
// Of every profile whose key begins with `prefix` one field as the rest of the key -> its bytes ("-" for null).
std::map<std::string, std::string> redis_fields(RedisServer& redis, const std::string& prefix, const std::string& field);
// What the table says they must be: of each user the row with the greatest UPDATED_AT.
std::map<std::string, std::string> expected_profiles(const PostgresServer& postgres);

}  // namespace penstock::test
