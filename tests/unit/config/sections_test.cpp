#include "config_text.hpp"

namespace penstock::host {
namespace {

TEST(Host, KeepsDefaultsForWhatIsNotSaid) {
  const auto loaded = parse_configuration({{"a.toml", "[host]\nworkers = 8\nbatch_bytes = \"64KiB\"\njitter = 0\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.configuration.host.workers, 8);
  EXPECT_EQ(loaded.configuration.host.batch_bytes, 65536);
  EXPECT_EQ(loaded.configuration.host.jitter, 0);
  EXPECT_EQ(loaded.configuration.host.interval, std::chrono::minutes(5));
}

TEST(Host, FindsRelativeFoldersNextToTheFile) {
  const auto loaded =
      parse_configuration({{"/etc/penstock/a.toml", "[host]\nplugin_dir = \"plugins\"\nstate_dir = \"../state\"\n"}});
  EXPECT_EQ(loaded.configuration.host.plugin_dir, "/etc/penstock/plugins");
  EXPECT_EQ(loaded.configuration.host.state_dir, "/etc/state");
}

TEST(Host, ChecksTypesAndRanges) {
  EXPECT_EQ(
      problems_of(
          "[host]\nplugin_dir = 1\nworkers = 0\nbatch_rows = 1.5\nbatch_bytes = 100\nqueue_batches = -1\nhttp = \"yes\"\n"
          "http_port = 70000\njitter = 2\nlog_level = \"inof\"\nlog_format = \"xml\"\ninterval = \"1ms\"\n"),
      (Texts{"a.toml:2:1: [host]: plugin_dir: expected a string, found an integer",
             "a.toml:3:1: [host]: workers: 0 is out of range: 1 to 256",
             "a.toml:4:1: [host]: batch_rows: expected an integer, found a number",
             "a.toml:5:1: [host]: batch_bytes: expected a size like \"8MiB\", found an integer",
             "a.toml:6:1: [host]: queue_batches: -1 is out of range: 1 to 1024",
             "a.toml:7:1: [host]: http: expected true or false, found a string",
             "a.toml:8:1: [host]: http_port: 70000 is out of range: 0 to 65535",
             "a.toml:9:1: [host]: jitter: 2 is out of range: 0 to 1",
             "a.toml:10:1: [host]: log_level: \"inof\" is not one of \"trace\", \"debug\", \"info\", \"warn\", \"error\" "
             "(did you mean \"info\"?)",
             "a.toml:11:1: [host]: log_format: \"xml\" is not one of \"text\", \"json\"",
             "a.toml:12:1: [host]: interval: \"1ms\" is too short: at least 100ms"}));
}

TEST(Host, ChecksSizes) {
  EXPECT_EQ(problems_of("[host]\nbatch_bytes = \"8MB\"\n"),
            Texts{"a.toml:2:1: [host]: batch_bytes: \"8MB\" is not a size: write it like \"512B\", \"64KiB\", \"8MiB\" "
                  "or \"1GiB\""});
  EXPECT_EQ(problems_of("[host]\nmemory_limit = \"1MiB\"\n"),
            Texts{"a.toml:2:1: [host]: memory_limit: \"1MiB\" is out of range: 8MiB to 1TiB"});
  EXPECT_EQ(problems_of("[host]\nbatch_bytes = \"8GiB\"\n"),
            Texts{"a.toml:2:1: [host]: batch_bytes: \"8GiB\" is out of range: 4KiB to 1GiB"});
}

TEST(Host, RefusesRetryDelaysInTheWrongOrder) {
  EXPECT_EQ(problems_of("[host]\nretry_delay = \"2m\"\n"),
            Texts{"a.toml:2:1: [host]: retry_delay: retry_delay is longer than retry_delay_max"});
}

TEST(Host, RefusesToServeTheNetwork) {
  EXPECT_EQ(problems_of("[host]\nhttp_address = \"0.0.0.0\"\n"),
            Texts{"a.toml:2:1: [host]: http_address: \"0.0.0.0\" is not a loopback address: without TLS and tokens, "
                  "which are not "
                  "available yet, the profiles would be open to the network; use \"127.0.0.1\" or \"::1\""});
  for (const std::string address : {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
    EXPECT_EQ(problems_of("[host]\nhttp_address = \"" + address + "\"\n"), Texts{}) << address;
  EXPECT_EQ(problems_of("[host]\nhttp_address = \"127.evil.example\"\n").size(), 1U);
}

TEST(Host, RefusesUnknownKeys) {
  EXPECT_EQ(problems_of("[host]\nintervall = \"5m\"\n"),
            Texts{"a.toml:2:1: [host]: unknown key \"intervall\" (did you mean \"interval\"?)"});
}

TEST(Host, IsOneSection) {
  EXPECT_EQ(problems_of("host = 3\n"), Texts{"a.toml:1:1: host: expected a table written [host], found an integer"});
  EXPECT_EQ(texts(parse_configuration({{"a.toml", "[host]\n"}, {"b.toml", "[host]\n"}}).problems),
            Texts{"b.toml:1:1: [host]: is already defined at a.toml:1:1"});
}

TEST(Sections, OfUnknownNameAreRefused) {
  EXPECT_EQ(problems_of("[[views]]\nname = \"a\"\n"),
            Texts{"a.toml:1:3: unknown key \"views\" (did you mean \"view\"?)"});
}

TEST(Sections, AreWrittenTheRightWay) {
  EXPECT_EQ(problems_of("[view]\nname = \"a\"\n"),
            Texts{"a.toml:1:2: view: expected tables written [[view]], found a table"});
  EXPECT_EQ(problems_of("service = [1]\n"),
            Texts{"a.toml:1:1: service: expected tables written [[service]], found an integer"});
  EXPECT_EQ(problems_of("[[store]]\nplugin = \"redis\"\n"),
            Texts{"a.toml:1:3: store: expected tables written [store.NAME], found an array"});
  EXPECT_EQ(problems_of("[warehouse]\nplugin = \"x\"\n"),
            Texts{"a.toml:2:1: warehouse: expected tables written [warehouse.NAME], found a string"});
}

TEST(Connection, NeedsAPlugin) {
  EXPECT_EQ(problems_of("[store.profiles]\nurl = \"x\"\n"),
            Texts{"a.toml:1:8: store \"profiles\": key \"plugin\" is missing"});
  EXPECT_EQ(problems_of("[store.profiles]\nplugn = \"redis\"\n"),
            Texts{"a.toml:1:8: store \"profiles\": key \"plugin\" is missing (is \"plugn\" meant to be it?)"});
  EXPECT_EQ(problems_of("[store.profiles]\nplugin = \"../redis\"\n"),
            Texts{"a.toml:2:1: store \"profiles\": plugin: \"../redis\" is not the name of a plugin: use 1 to 128 of a-z "
                  "0-9 _ -"});
}

TEST(Connection, HasAName) {
  EXPECT_EQ(problems_of("[warehouse.\"my db\"]\nplugin = \"x\"\n"),
            Texts{"a.toml:1:12: warehouse \"my db\": \"my db\" is not a name: use 1 to 128 of A-Z a-z 0-9 _"});
}

TEST(Connection, IsDefinedOnceInAllFiles) {
  EXPECT_EQ(texts(parse_configuration(
                      {{"b.toml", "[store.x]\nplugin = \"redis\"\n"}, {"a.toml", "\n[store.x]\nplugin = \"redis\"\n"}})
                      .problems),
            Texts{"a.toml:2:8: store \"x\": is already defined at b.toml:1:8"});
}

TEST(BatchSource, NeedsANameAndATable) {
  EXPECT_EQ(problems_of("[warehouse.w]\nplugin = \"x\"\n[[batch_source]]\n"),
            (Texts{"a.toml:3:1: [[batch_source]]: key \"name\" is missing",
                   "a.toml:3:1: [[batch_source]]: key \"table\" or \"query\" is missing"}));
  EXPECT_EQ(
      problems_of("[warehouse.w]\nplugin = \"x\"\n[[batch_source]]\nname = \"a\"\ntabel = \"T\"\n"),
      Texts{"a.toml:3:1: batch_source \"a\": key \"table\" or \"query\" is missing (is \"tabel\" meant to be it?)"});
}

// Line 5 is the first of `lines`.
Texts source_problems(const std::string& lines) {
  return problems_of("[warehouse.prod]\nplugin = \"x\"\n[[batch_source]]\nname = \"a\"\n" + lines);
}

TEST(BatchSource, HasEitherATableOrAQuery) {
  EXPECT_EQ(source_problems("table = \"T\"\nquery = \"SELECT 1\"\n"),
            Texts{"a.toml:6:1: batch_source \"a\": query: the batch source has a table too: give one of the two"});
  EXPECT_EQ(source_problems("schema = \"S\"\nquery = \"SELECT 1\"\n"),
            Texts{"a.toml:5:1: batch_source \"a\": schema: has no meaning with a query: name the schema in the query"});
}

TEST(BatchSource, HasAQueryWithoutASemicolon) {
  EXPECT_EQ(source_problems("query = \"\"\"\nSELECT 1; \n\"\"\"\n"),
            Texts{"a.toml:5:1: batch_source \"a\": query: ends with a semicolon: it becomes part of a larger statement; "
                  "leave the semicolon out"});
  EXPECT_EQ(source_problems("query = \" \"\n"), Texts{"a.toml:5:1: batch_source \"a\": query: is empty"});
  EXPECT_EQ(source_problems("query = \"\"\"\nSELECT ';'\n\"\"\"\n"), Texts{});
  EXPECT_EQ(source_problems("query = \"" + std::string(65537, 'x') + "\"\n"),
            Texts{"a.toml:5:1: batch_source \"a\": query: is longer than 65536 bytes"});
}

TEST(BatchSource, RefersToAWarehouse) {
  EXPECT_EQ(
      source_problems("table = \"T\"\nwarehouse = \"prd\"\n"),
      Texts{"a.toml:6:1: batch_source \"a\": warehouse: warehouse \"prd\" is not defined (did you mean \"prod\"?)"});
  EXPECT_EQ(
      source_problems("table = \"T\"\n[warehouse.other]\nplugin = \"x\"\n"),
      Texts{"a.toml:3:1: batch_source \"a\": key \"warehouse\" is missing: there are several, \"other\", \"prod\""});
  EXPECT_EQ(problems_of("[[batch_source]]\nname = \"a\"\ntable = \"T\"\n"),
            Texts{"a.toml:1:1: batch_source \"a\": needs a warehouse: there is no [warehouse.NAME]"});
}

TEST(BatchSource, TakesTheOnlyWarehouse) {
  const auto loaded = parse_configuration({{"a.toml", kSource}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.configuration.batch_sources.at(0).warehouse, "prod");
}

TEST(BatchSource, ChecksItsCursorAndColumns) {
  EXPECT_EQ(source_problems("table = \"T\"\ncursor = \"xmin\"\ntimestamp_field = 1\ncreated_timestamp_column = \"\"\n"),
            (Texts{"a.toml:6:1: batch_source \"a\": cursor: \"xmin\" is not one of \"timestamp\", \"xid\"",
                   "a.toml:7:1: batch_source \"a\": timestamp_field: expected a string, found an integer",
                   "a.toml:8:1: batch_source \"a\": created_timestamp_column: is empty"}));
}

TEST(BatchSource, IsDefinedOnce) {
  EXPECT_EQ(source_problems("table = \"T\"\n[[batch_source]]\nname = \"a\"\ntable = \"U\"\n"),
            Texts{"a.toml:6:1: batch_source \"a\": is already defined at a.toml:3:1"});
}

TEST(Entity, HasABuiltInSetWithTheirNamesAsKeys) {
  const auto loaded = parse_configuration({{"a.toml", ""}});
  std::vector<std::pair<std::string, std::vector<std::string>>> entities;
  for (const Entity& entity : loaded.configuration.entities) entities.emplace_back(entity.name, entity.keys);
  EXPECT_EQ(entities, (decltype(entities){{"domain_userid", {"domain_userid"}},
                                          {"domain_sessionid", {"domain_sessionid"}},
                                          {"user_id", {"user_id"}},
                                          {"network_userid", {"network_userid"}}}));
}

TEST(Entity, MayRedefineABuiltInOne) {
  const auto loaded =
      parse_configuration({{"a.toml", "[[entity]]\nname = \"user_id\"\nkeys = [\"UID\", \"REGION\"]\nttl = \"1d\"\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  ASSERT_EQ(loaded.configuration.entities.size(), 4U);
  EXPECT_EQ(loaded.configuration.entities[0].keys, (std::vector<std::string>{"UID", "REGION"}));
  EXPECT_EQ(loaded.configuration.entities[0].ttl, std::chrono::hours(24));
}

TEST(Entity, IsChecked) {
  EXPECT_EQ(
      problems_of(
          "[[entity]]\nname = \"a\"\nkeys = []\nttl = \"-1s\"\nkey = \"A\"\n[[entity]]\nname = \"a\"\n[[entity]]\n"),
      (Texts{"a.toml:3:1: entity \"a\": keys: holds 0 columns: 1 to 16",
             "a.toml:4:1: entity \"a\": ttl: \"-1s\" is not a duration: write it like \"500ms\", \"90s\", \"5m\", \"1h\" "
             "or \"365d\"",
             "a.toml:5:1: entity \"a\": unknown key \"key\" (did you mean \"keys\"?)",
             "a.toml:6:1: entity \"a\": is already defined at a.toml:1:1",
             "a.toml:8:1: [[entity]]: key \"name\" is missing"}));
}

TEST(Service, PinsViewsByNameAndVersion) {
  const auto loaded = parse_configuration(
      {{"a.toml", kView + "[[service]]\nname = \"s\"\nviews = [ { name = \"users\", version = 1 } ]\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.configuration.services.at(0).views, (std::vector<ViewId>{{"users", 1}}));
}

// Line 17 is that of the views.
Texts service_problems(const std::string& views) {
  return problems_of(kView + "[[service]]\nname = \"s\"\nviews = " + views + "\n");
}

TEST(Service, RefersToViewsThatExist) {
  EXPECT_EQ(service_problems("[ { name = \"user\", version = 1 } ]"),
            Texts{"a.toml:18:1: service \"s\": views: view \"user\" v1 is not defined (did you mean \"users\"?)"});
  EXPECT_EQ(service_problems("[ { name = \"users\", version = 2 } ]"),
            Texts{"a.toml:18:1: service \"s\": views: view \"users\" v2 is not defined (defined: v1)"});
}

TEST(Service, IsComplete) {
  EXPECT_EQ(service_problems("[ { name = \"users\" } ]"),
            Texts{"a.toml:18:11: service \"s\": views: key \"version\" is missing: a service pins its views"});
  EXPECT_EQ(service_problems("[ { version = 1 } ]"),
            Texts{"a.toml:18:11: service \"s\": views: key \"name\" is missing"});
  EXPECT_EQ(
      service_problems("[ \"users\" ]"),
      Texts{
          "a.toml:18:11: service \"s\": views: expected a table like { name = \"users\", version = 1 }, found a string"});
  EXPECT_EQ(service_problems("[ { name = \"users\", version = 1, x = 1 } ]"),
            Texts{"a.toml:18:42: service \"s\": unknown key \"x\""});
  EXPECT_EQ(problems_of("[[service]]\n"), (Texts{"a.toml:1:1: [[service]]: key \"name\" is missing",
                                                 "a.toml:1:1: [[service]]: key \"views\" is missing"}));
}

TEST(Service, HasOneToAHundredViewsEachOnce) {
  EXPECT_EQ(service_problems("[]"), Texts{"a.toml:18:1: service \"s\": views: 0 views: 1 to 100"});
  std::string many;
  for (int i = 0; i < 101; ++i) many += "{ name = \"users\", version = 1 },";
  EXPECT_EQ(service_problems("[" + many + "]"), Texts{"a.toml:18:1: service \"s\": views: 101 views: 1 to 100"});
  EXPECT_EQ(service_problems("[ { name = \"users\", version = 1 }, { name = \"users\", version = 1 } ]"),
            Texts{"a.toml:18:44: service \"s\": views: view \"users\" v1 is listed twice"});
}

TEST(Service, RefusesViewsWithACommonFieldName) {
  EXPECT_EQ(problems_of(
                "[[view]]\nname = \"a\"\nentity = \"user_id\"\nfields = [ { name = \"X\", type = \"int32\" } ]\n"
                "[[view]]\nname = \"b\"\nentity = \"user_id\"\nfields = [ { name = \"X\", type = \"int32\" } ]\n"
                "[[service]]\nname = \"s\"\nviews = [ { name = \"a\", version = 1 }, { name = \"b\", version = 1 } ]\n"),
            Texts{"a.toml:11:1: service \"s\": views: field \"X\" is in both view \"a\" v1 and view \"b\" v1"});
}

TEST(Service, IsDefinedOnceInAllFiles) {
  const std::string service = "[[service]]\nname = \"s\"\nviews = [ { name = \"users\", version = 1 } ]\n";
  EXPECT_EQ(texts(parse_configuration({{"a.toml", kView + service}, {"b.toml", service}}).problems),
            Texts{"b.toml:1:1: service \"s\": is already defined at a.toml:16:1"});
}

}  // namespace
}  // namespace penstock::host
