#include "scenarios/scenario.hpp"

namespace penstock::test {

void PrintTo(const Ran& ran, std::ostream* out) { *out << "exit code " << ran.finished.exit_code << "\n" << ran.finished.out << ran.finished.err; }

std::string counts(const Ran& ran) {
  return "read " + std::to_string(ran.read()) + " = written " + std::to_string(ran.written()) + " + unchanged " + std::to_string(ran.unchanged()) +
         " + stale " + std::to_string(ran.stale()) + " + rejected " + std::to_string(ran.rejected());
}

PostgresServer& Scenario::postgres() {
  static PostgresServer server;
  return server;
}

RedisServer& Scenario::redis() {
  static RedisServer server;
  return server;
}

Scenario::Scenario() {
  sql("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop; GRANT USAGE ON SCHEMA shop TO PUBLIC");
  redis().flush_all();
}

void Scenario::make_table(const std::string& columns, bool database_sets_at) {
  sql("CREATE TABLE shop.items (" + columns + ")");
  if (!database_sets_at) return;
  sql("CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at := now(); RETURN NEW; END $$;"
      "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON shop.items FOR EACH ROW EXECUTE FUNCTION shop.touch()");
}

void Scenario::configure(World& host, const Items& items) {
  host.set_environment("WAREHOUSE_DSN", postgres().dsn("penstock"));
  host.configure_text("[host]\nplugin_dir = \"" PENSTOCK_BUILD_DIR "/plugins\"\nstate_dir = \"" + host.state_dir() +
                      "\"\nhttp_port = 0\nmax_retries = 0\n" + items.host +
                      "\n[warehouse.prod]\nplugin = \"postgres\"\ndsn = { env = \"WAREHOUSE_DSN\" }\nmargin = \"1ms\"\n"
                      "[store.profiles]\nplugin = \"redis\"\nurl = \"" + (items.store.empty() ? redis().url() : items.store) +
                      "\"\n[[entity]]\nname = \"item\"\nkeys = [" + items.keys + "]\n[[batch_source]]\nname = \"items_source\"\n" + items.table +
                      "\ntimestamp_field = '" + items.timestamp + "'\n" + items.source + "\n[[view]]\nname = \"items\"\nversion = " +
                      std::to_string(items.version) + "\nentity = \"item\"\noffline = true\nonline = true\nbatch_source = \"items_source\"\n" + items.view +
                      "\nfields = [ " + items.fields + " ]\n");
}

void Scenario::configure_files(const std::string& csv, Items items) {
  write_file(world_.folder().path() / "warehouse" / "items.csv", csv);
  items.table = "table = \"items\"";
  configure(items);
  std::string toml = read_file(world_.config_path());
  const size_t at = toml.find("plugin = \"postgres\"");
  toml.replace(at, toml.find("[store") - at, "plugin = \"file\"\npath = \"" + (world_.folder() / "warehouse") + "\"\nsettle = \"0s\"\n");
  world_.configure_text(toml);
}

Ran Scenario::run(std::vector<std::string> more) {
  more.insert(more.begin(), {"materialize", "--json"});
  return {world_.penstock(std::move(more))};
}

Ran Scenario::materialize(std::vector<std::string> more) {
  Ran ran = run(std::move(more));
  EXPECT_EQ(ran.finished.exit_code, 0) << testing::PrintToString(ran);
  return ran;
}

std::string Scenario::failing_run(std::vector<std::string> more) {
  const Ran ran = run(std::move(more));
  EXPECT_EQ(ran.finished.exit_code, 1) << testing::PrintToString(ran);
  return ran.finished.err;
}

int64_t Scenario::materialize_until_all_read() {
  const std::string end = instant("clock_timestamp()");
  int64_t read = 0;
  EXPECT_TRUE(eventually([&] {
    const Ran ran = materialize();
    read += ran.read();
    return ran.to() > end;
  }));
  return read;
}

Profiles Scenario::stored(const std::string& field, int version) {
  return redis_fields(redis(), "penstock:items_v" + std::to_string(version) + ":", field);
}

std::string Scenario::instant(const std::string& timestamptz) {
  return value("SELECT to_char((" + timestamptz + ") AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
}

}  // namespace penstock::test
