#include "catalog_text.hpp"

#include <fstream>
#include <limits>
#include <sstream>

namespace penstock::host {
namespace {

TEST(Records, AreCanonicalJsonInTheOrderOfKindAndName) {
  Parts parts;
  parts.source +=
      "delimiter = \";\"\nlimit = 5\nstrict = true\nratio = 0.1\ncolumns = [\"x\"]\nmap = { b = \"2\", a = \"1\" "
      "}\ntoken = { env = \"TOKEN\" }\n";
  parts.more =
      "ttl = \"365d\"\ntags = { team = \"a \\\"b\\\"\" }\nbackfill_since = 2024-01-31T08:00:00Z\nmax_reject_ratio = "
      "0.1\n";
  parts.rest = "[[service]]\nname = \"checkout\"\nviews = [ { name = \"users\", version = 1 } ]\n";
  const auto records = to_records(configuration_of(parts));
  ASSERT_EQ(records.size(), 8U);
  EXPECT_EQ(records[0],
            (DefinitionRecord{
                "entity", "domain_sessionid", 0,
                R"({"description":"","keys":["domain_sessionid"],"name":"domain_sessionid","owner":"","ttl":null})"}));
  EXPECT_EQ(records[1].name, "domain_userid");
  EXPECT_EQ(records[2].name, "network_userid");
  EXPECT_EQ(records[3], (DefinitionRecord{"entity", "person", 0,
                                          R"({"description":"","keys":["PID"],"name":"person","owner":"","ttl":null})"}));
  EXPECT_EQ(records[4].name, "user_id");
  EXPECT_EQ(
      records[5],
      (DefinitionRecord{
          "batch_source", "orders", 0,
          R"({"created_timestamp_column":"","cursor":"timestamp","database":"","description":"","name":"orders",)"
          R"("options":{"columns":["x"],"delimiter":";","limit":5,"map":{"map":{"a":"1","b":"2"}},"ratio":{"double":"0.1"},)"
          R"("strict":true,"token":{"env":"TOKEN"}},"owner":"","query":"","schema":"S","table":"ORDERS","timestamp_field":"T",)"
          R"("warehouse":"prod"})"}));
  EXPECT_EQ(
      records[6],
      (DefinitionRecord{
          "view", "users", 1,
          R"({"backfill_since":"2024-01-31T08:00:00Z","batch_source":"orders","description":"","entity":"person",)"
          R"("fields":[{"column":"A","description":"","name":"A","type":"int32"},{"column":"B","description":"","name":"B","type":"string"}],)"
          R"("interval":null,"keys":["PID"],"lag":"0s","lookback":"0s","max_reject_ratio":"0.1","max_rows_per_second":0,"name":"users",)"
          R"("null_timestamp":"fail","offline":true,"on_reject":"keep","online":true,"order_by":[],"owner":"",)"
          R"("source":{"created_timestamp_column":"","cursor":"timestamp","database":"","query":"","schema":"S","table":"ORDERS",)"
          R"("timestamp_field":"T","warehouse":"prod"},"store":"profiles","tags":{"team":"a \"b\""},"timezone":"","ttl":"365d","version":1})"}));
  EXPECT_EQ(
      records[7],
      (DefinitionRecord{"service", "checkout", 0,
                        R"({"description":"","name":"checkout","owner":"","views":[{"name":"users","version":1}]})"}));
}

TEST(Records, SortVersionsAsNumbers) {
  const auto records =
      to_records(configuration_of("[[view]]\nname = \"v\"\nversion = 10\nentity = \"user_id\"\n"
                                  "[[view]]\nname = \"v\"\nversion = 9\nentity = \"user_id\"\n"));
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records[4].version, 9);
  EXPECT_EQ(records[5].version, 10);
}

TEST(Records, DoNotDependOnTheOrderInTheFile) {
  const std::string a = "[[view]]\nname = \"a\"\nentity = \"user_id\"\n";
  const std::string b = "[[view]]\nentity = \"user_id\"\nname = \"b\"\n";
  EXPECT_EQ(to_records(configuration_of(a + b)), to_records(configuration_of(b + a)));
}

// Everything a record holds, compared through the records made of it again; plus what a record could lose silently.
void expect_round_trip(const Configuration& configuration) {
  const auto records = to_records(configuration);
  Configuration empty;
  empty.warehouses = configuration.warehouses;
  empty.stores = configuration.stores;
  empty.host.workers = 7;
  const auto back = with_definitions(empty, records);
  ASSERT_TRUE(back.ok()) << back.failure().message;
  EXPECT_EQ(to_records(*back), records);
  EXPECT_EQ(back->host.workers, 7);
}

TEST(Records, OfTheReferenceComeBackAsTheyWere) {
  for (const std::string name : {"reference.toml", "examples/postgres-redis.toml"}) {
    const auto loaded = load_configuration(std::string(PENSTOCK_SOURCE_DIR) + "/config/" + name);
    ASSERT_TRUE(loaded.problems.empty());
    expect_round_trip(loaded.configuration);
  }
}

TEST(Records, GiveBackEveryMember) {
  Parts parts;
  parts.source =
      "name = \"orders\"\nquery = \"\"\"SELECT 'ä\"', \\u0001\n FROM x\"\"\"\ndatabase = \"D\"\ntimestamp_field = \"T\"\n"
      "created_timestamp_column = \"C\"\ncursor = \"xid\"\ndescription = \"d\"\nowner = \"o@x\"\n"
      "text = \"t\"\nwhole = -9223372036854775808\nratio = 0.1\ninfinite = -inf\nyes = true\nlist = [\"a\"]\nmap = { k = "
      "\"v\" }\n"
      "e = { env = \"E\" }\nf = { file = \"/f\" }\nc = { credential = \"c\" }\n";
  parts.source.replace(parts.source.find("\\u0001"), 6, "\t");
  parts.entity += "ttl = \"1h\"\ndescription = \"e\"\nowner = \"e@x\"\n";
  parts.version = "3";
  parts.fields = "[ { name = \"A\", column = \"Größe\", type = \"unix_timestamp_list\", description = \"fd\" } ]";
  parts.more =
      "owner = \"v@x\"\ndescription = \"vd\"\ntags = { k = \"v\" }\nttl = \"90m\"\ninterval = \"1500ms\"\nlookback = "
      "\"2s\"\nlag = \"3s\"\n"
      "order_by = [\"E\"]\nbackfill_since = 1969-12-31T23:59:59.999999999Z\nnull_timestamp = \"always\"\non_reject = "
      "\"fail\"\n"
      "max_reject_ratio = 0.30000000000000004\ntimezone = \"Europe/Berlin\"\nmax_rows_per_second = 99\n";
  parts.rest =
      "[[service]]\nname = \"s\"\nviews = [ { name = \"users\", version = 3 } ]\ndescription = \"sd\"\nowner = \"s@x\"\n";
  const Configuration configuration = configuration_of(parts);
  expect_round_trip(configuration);
  const auto back = with_definitions(configuration, to_records(configuration));
  ASSERT_TRUE(back.ok());

  const View& view = back->views.at(0);
  EXPECT_EQ(view.id, (ViewId{"users", 3}));
  EXPECT_EQ(view.entity, "person");
  EXPECT_EQ(view.batch_source, "orders");
  EXPECT_EQ(view.store, "profiles");
  EXPECT_TRUE(view.materialized());
  ASSERT_EQ(view.fields.size(), 1U);
  EXPECT_EQ(view.fields[0].column, "Größe");
  EXPECT_EQ(view.fields[0].type, (FieldType{Scalar::unix_timestamp, true}));
  EXPECT_EQ(view.fields[0].description, "fd");
  EXPECT_EQ(view.backfill_since_ns, -1);
  EXPECT_EQ(view.max_reject_ratio, 0.30000000000000004);
  EXPECT_EQ(view.interval, std::chrono::milliseconds(1500));
  EXPECT_EQ(view.null_timestamp, NullTimestamp::always);
  EXPECT_EQ(view.on_reject, OnReject::fail);
  EXPECT_EQ(view.tags, (std::map<std::string, std::string>{{"k", "v"}}));

  const BatchSource& source = back->batch_sources.at(0);
  EXPECT_EQ(source.query, configuration.batch_sources[0].query);
  EXPECT_EQ(source.cursor, CursorKind::xid);
  EXPECT_EQ(source.options.size(), 10U);
  for (const auto& [name, option] : configuration.batch_sources[0].options) {
    EXPECT_EQ(source.options.at(name).value.index(), option.value.index()) << name;
  }
  EXPECT_EQ(std::get<int64_t>(source.options.at("whole").value), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(std::get<double>(source.options.at("ratio").value), 0.1);
  EXPECT_EQ(std::get<double>(source.options.at("infinite").value), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(std::get<OptionInput::Map>(source.options.at("map").value), (OptionInput::Map{{"k", "v"}}));
  EXPECT_EQ(std::get<SecretReference>(source.options.at("f").value).kind, SecretReference::Kind::file);
  EXPECT_EQ(std::get<SecretReference>(source.options.at("f").value).name, "/f");
  EXPECT_EQ(back->services.at(0).views, (std::vector<ViewId>{{"users", 3}}));
}

TEST(Records, HoldNoWarehousesStoresOrHostSettings) {
  Configuration configuration = configuration_of(Parts{});
  for (const DefinitionRecord& record : to_records(configuration)) {
    EXPECT_EQ(record.json.find("postgres"), std::string::npos);
    EXPECT_EQ(record.json.find("redis"), std::string::npos);
  }
}

// What with_definitions says to one record, on top of an otherwise good configuration.
std::string failure_of(const DefinitionRecord& record) {
  const auto result = with_definitions(Configuration{}, {record});
  return result.ok() ? "" : result.failure().message;
}

TEST(WithDefinitions, NamesTheRecordThatCannotBeRead) {
  const std::string advice = "; apply the configuration again";
  EXPECT_EQ(failure_of({"entity", "e", 0, "{"}),
            "applied definition of entity \"e\": is not JSON: incomplete JSON" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, "[]"}), "applied definition of entity \"e\": is not an object" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, R"({"name":1})"}),
            "applied definition of entity \"e\": \"name\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, R"({"name":"e","ttl":"long"})"}),
            "applied definition of entity \"e\": \"ttl\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, R"({"name":"f"})"}),
            "applied definition of entity \"e\": is filed under another name" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, R"({"name":"e","colour":1})"}),
            "applied definition of entity \"e\": unknown member \"colour\"" + advice);
  EXPECT_EQ(failure_of({"wish", "e", 0, "{}"}),
            "applied definition of wish \"e\": is of a kind that this version does not know" + advice);
  EXPECT_EQ(failure_of({"view", "v", 2, R"({"name":"v","version":2,"fields":[{"name":"A","type":"int"}]})"}),
            "applied definition of view \"v\" v2: fields: \"type\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"view", "v", 2, R"({"name":"v","version":99999999999})"}),
            "applied definition of view \"v\" v2: \"version\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"view", "v", 1, R"({"name":"v","on_reject":"panic"})"}),
            "applied definition of view \"v\" v1: \"on_reject\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"batch_source", "b", 0, R"({"name":"b","options":{"x":{"env":1}}})"}),
            "applied definition of batch_source \"b\": \"x\" cannot be read" + advice);
  EXPECT_EQ(failure_of({"entity", "e", 0, std::string(100'000, '[')}),
            "applied definition of entity \"e\": is not JSON: too deep" + advice);
}

TEST(WithDefinitions, LeavesDefaultsWhereAnOlderVersionWroteNothing) {
  const auto result = with_definitions(
      Configuration{}, {{"entity", "e", 0, R"({"name":"e"})"}, {"view", "v", 1, R"({"name":"v","entity":"e"})"}});
  ASSERT_TRUE(result.ok()) << result.failure().message;
  EXPECT_EQ(result->views.at(0).max_reject_ratio, 1.0);
  EXPECT_EQ(result->views.at(0).null_timestamp, NullTimestamp::fail);
}

TEST(WithDefinitions, SaysWhatTheConfigurationNoLongerHas) {
  const Configuration configuration = configuration_of(Parts{});
  const auto records = to_records(configuration);
  Configuration without_store = configuration;
  without_store.stores.clear();
  EXPECT_EQ(with_definitions(without_store, records).failure().message,
            "view \"users\" v1 is applied, but its store \"profiles\" is not in the configuration: put it back, or apply "
            "the configuration");
  Configuration without_warehouse = configuration;
  without_warehouse.warehouses.clear();
  EXPECT_EQ(with_definitions(without_warehouse, records).failure().message,
            "batch_source \"orders\" is applied, but its warehouse \"prod\" is not in the configuration: put it back, or "
            "apply the configuration");
}

}  // namespace
}  // namespace penstock::host
