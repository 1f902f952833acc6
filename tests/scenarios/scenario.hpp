// What the scenarios share: the program, one PostgreSQL, one Redis, and a small view "items" of the table shop.items.
#pragma once

#include "e2e/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace penstock::test {

// The view under test. What a test does not say is the simplest thing that works.
struct Items {
  std::string keys = "\"id\"";
  std::string fields = "{ name = \"v\", type = \"int64\" }";
  std::string timestamp = "at";
  std::string source = {};                   // more lines of the batch source
  std::string view = {};                     // more lines of the view
  std::string host = {};                     // more lines of [host]
  std::string table = "schema = \"shop\"\ntable = \"items\"";  // or a query
  int version = 1;
  std::string store = {};                    // the url of another Redis
};

// What `materialize --json` said.
struct Ran {
  Finished finished;
  int64_t read() const { return json_number(finished.out, "read"); }
  int64_t written() const { return json_number(finished.out, "written"); }
  int64_t unchanged() const { return json_number(finished.out, "unchanged"); }
  int64_t stale() const { return json_number(finished.out, "stale"); }
  int64_t rejected() const { return json_number(finished.out, "rejected"); }
  int64_t most_memory() const { return json_number(finished.out, "max_resident_bytes"); }
  std::string from() const { return json_text(finished.out, "from"); }
  std::string to() const { return json_text(finished.out, "to"); }
};
void PrintTo(const Ran& ran, std::ostream* out);
// "read 5 = written 2 + unchanged 1 + stale 1 + rejected 1"
std::string counts(const Ran& ran);

using Profiles = std::map<std::string, std::string>;  // key -> value of one field; "-" when the profile has none

class Scenario : public testing::Test {
 protected:
  // Both are this program's and outlive its tests; every test finds them empty.
  static PostgresServer& postgres();
  static RedisServer& redis();

  Scenario();

  // shop.items with these columns; `database_sets_at`: with a trigger, so that the table is class A.
  void make_table(const std::string& columns = "id text, at timestamptz, v bigint", bool database_sets_at = false);
  void sql(const std::string& statement) { postgres().exec(statement); }
  std::string value(const std::string& query) { return postgres().value(query); }
  void configure(const Items& items = {}) { configure(world_, items); }
  static void configure(World& host, const Items& items);
  // The same view from a file items.csv instead.
  void configure_files(const std::string& csv, Items items);

  // A run to its end. materialize() wants it to complete, failing_run() to fail, whose text it returns.
  Ran run(std::vector<std::string> more = {});
  Ran materialize(std::vector<std::string> more = {});
  std::string failing_run(std::vector<std::string> more = {});
  // Runs until the view is true up to the present: a class A horizon is always a little behind.
  int64_t materialize_until_all_read();

  // Every profile of the view with the value of one field.
  Profiles stored(const std::string& field = "v", int version = 1);
  std::string status() { return world_.penstock({"status", "--json"}).out; }
  std::string rejects() { return world_.penstock({"history", "--rejects", "--json"}).out; }
  std::string marker(const std::string& field) { return redis().command({"HGET", "penstock:marker:items_v1", field}); }
  // What PostgreSQL thinks a time is, as the program writes positions.
  std::string instant(const std::string& timestamptz);

  World world_;
};

}  // namespace penstock::test
