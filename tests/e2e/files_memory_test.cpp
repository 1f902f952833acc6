// The seed view, unchanged but for the connections, from files and into memory.
#include "e2e/world.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::test {
namespace {

using testing::HasSubstr;

class FilesToMemory : public testing::Test {
 protected:
  void SetUp() override {
    write_file(table(), "DOMAIN_USERID,UPDATED_AT,TOTAL_TRANSACTIONS,TOTAL_REVENUE,AVG_TRANSACTION_REVENUE\n"
                        "u1,2026-01-01T00:00:00Z,3,300,100\nu2,2026-01-02T00:00:00Z,1,50,50\nu1,2026-01-03T00:00:00Z,4,360,90\n");
    configure();
  }
  std::filesystem::path table() const { return world_.folder().path() / "warehouse" / "SIGNALS" / (std::string(kTable) + ".csv"); }
  void configure(const std::string& host = "interval = \"100ms\"\n", const std::string& view = {}) {
    world_.configure({.warehouse = "plugin = \"file\"\npath = \"" + (world_.folder() / "warehouse") + "\"\nsettle = \"0s\"\n",
                      .store = "plugin = \"memory\"\n",
                      .host = host,
                      .view = view});
  }
  void append(const std::string& rows) const { write_file(table(), read_file(table()) + rows); }
  std::string get(const std::string& key) const { return world_.penstock({"get", kView, key, "--json"}).out; }

  World world_;
};

TEST_F(FilesToMemory, TheDaemonServesProfilesAndPicksUpAppendedRows) {
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"TOTAL_REVENUE\":360") != std::string::npos; })) << host.err();
  EXPECT_THAT(get("u2"), HasSubstr("\"TOTAL_TRANSACTIONS\":1"));
  EXPECT_THAT(get("nobody"), HasSubstr("\"state\":\"missing\""));
  append("u2,2026-01-04T00:00:00Z,2,70,35\n");
  ASSERT_TRUE(eventually([&] { return get("u2").find("\"TOTAL_REVENUE\":70") != std::string::npos; })) << host.err();
  EXPECT_THAT(world_.penstock({"history", "--json"}).out, HasSubstr("\"read\":1,\"written\":1,"));
  host.signal(SIGINT);
  EXPECT_EQ(host.wait(), 0);
}

TEST_F(FilesToMemory, AStoreThatForgetsIsFilledAgainByTheNextHost) {
  for (int life = 0; life < 2; ++life) {
    Process host(world_.command({"run"}), world_.environment());
    ASSERT_TRUE(eventually([&] { return get("u1").find("\"TOTAL_REVENUE\":360") != std::string::npos; })) << "life " << life << host.err();
    host.signal(SIGKILL);
    host.wait();
  }
}

TEST_F(FilesToMemory, ASecondHostOnTheSameStateIsRefused) {
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"state\":\"found\"") != std::string::npos; })) << host.err();
  for (const char* command : {"run", "materialize"}) {
    const Finished second = world_.penstock({command});
    EXPECT_EQ(second.exit_code, 3);
    EXPECT_THAT(second.err, HasSubstr(std::to_string(host.pid())));
  }
}

TEST_F(FilesToMemory, ASecondTickOfAppliedDefinitionsIsPickedUpByTheRunningHost) {
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"state\":\"found\"") != std::string::npos; })) << host.err();
  // Another version of the view, applied by another process.
  std::string toml = read_file(world_.config_path());
  toml += std::string("\n[[view]]\nname = \"") + kView +
          "\"\nversion = 2\nentity = \"domain_userid\"\noffline = true\nonline = true\nbatch_source = \"ecommerce_transaction_interactions_source\"\n"
          "fields = [ { name = \"TOTAL_REVENUE\", type = \"int64\" } ]\n";
  world_.configure_text(toml);
  const Finished applied = world_.penstock({"apply"});
  EXPECT_EQ(applied.exit_code, 0) << applied.err;
  EXPECT_THAT(applied.out, HasSubstr(std::string("added view \"") + kView + "\" v2"));
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"version\":2,\"entity\":\"domain_userid\",\"key\":\"u1\",\"state\":\"found\"") != std::string::npos; }))
      << get("u1") << host.err();
}

TEST_F(FilesToMemory, HangupReadsTheConfigurationAgainAndKeepsTheOldOneWhenTheNewOneIsBad) {
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"state\":\"found\"") != std::string::npos; })) << host.err();
  const std::string good = read_file(world_.config_path());

  world_.configure_text(good + "\n[[view]]\nnmae = \"x\"\n");
  host.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return host.err().find("configuration not reloaded") != std::string::npos; })) << host.err();
  EXPECT_THAT(host.err(), HasSubstr("did you mean \"name\"?"));
  append("u1,2026-02-01T00:00:00Z,5,500,100\n");
  world_.configure_text(good);
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"TOTAL_REVENUE\":500") != std::string::npos; })) << host.err();

  configure("interval = \"100ms\"\n", "description = \"more\"\n");
  host.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return host.err().find("configuration reloaded") != std::string::npos; })) << host.err();
  append("u1,2026-03-01T00:00:00Z,6,660,110\n");
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"TOTAL_REVENUE\":660") != std::string::npos; })) << host.err();
}

TEST_F(FilesToMemory, Usr1RunsEveryViewNow) {
  configure("interval = \"1h\"\n");
  Process host(world_.command({"run"}), world_.environment());
  ASSERT_TRUE(eventually([&] { return get("u1").find("\"state\":\"found\"") != std::string::npos; })) << host.err();
  append("u9,2026-02-01T00:00:00Z,5,500,100\n");
  // A file that has just changed may be held back for the length of a clock tick, so ask until it is there.
  ASSERT_TRUE(eventually([&] {
    host.signal(SIGUSR1);
    return get("u9").find("\"state\":\"found\"") != std::string::npos;
  })) << host.err();
}

TEST_F(FilesToMemory, APublishedVersionCannotBeChanged) {
  ASSERT_EQ(world_.penstock({"apply"}).exit_code, 0);
  std::string toml = read_file(world_.config_path());
  const size_t at = toml.find("TOTAL_REVENUE\",           type = \"int32\"");
  ASSERT_NE(at, std::string::npos);
  toml.replace(toml.find("int32", at), 5, "int64");
  world_.configure_text(toml);
  for (const char* command : {"apply", "materialize", "run"}) {
    const Finished refused = world_.penstock({command});
    EXPECT_EQ(refused.exit_code, 78) << command;
    EXPECT_THAT(refused.err, HasSubstr("TOTAL_REVENUE"));
    EXPECT_THAT(refused.err, HasSubstr("int32 -> int64"));
    EXPECT_THAT(refused.err, HasSubstr("version 2"));
  }
}

TEST_F(FilesToMemory, ApplyTwiceChangesNothing) {
  EXPECT_THAT(world_.penstock({"apply"}).out, HasSubstr("Applied."));
  EXPECT_THAT(world_.penstock({"apply"}).out, HasSubstr("Nothing to change."));
}

TEST_F(FilesToMemory, EveryCommandHasHelpByExampleAndCompletionNamesTheViews) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"validate"}, {"plan"}, {"apply"}, {"run"}, {"materialize"}, {"status"}, {"history"}, {"get"}, {"plugins", "list"}, {"plugins", "info"}, {"plugins", "schema"},
           {"plugins", "check"}, {"plugins", "new"}}) {
    std::vector<std::string> argv{PENSTOCK_BUILD_DIR "/penstock"};
    argv.insert(argv.end(), command.begin(), command.end());
    argv.push_back("--help");
    const Finished help = run_process(argv);
    EXPECT_EQ(help.exit_code, 0) << command[0];
    EXPECT_THAT(help.out, HasSubstr("penstock " + command[0])) << command[0];
  }
  EXPECT_EQ(world_.penstock({"completion", "--words", "views"}).out, std::string(kView) + "_v1\n");
  const Finished script = run_process({PENSTOCK_BUILD_DIR "/penstock", "completion", "bash"});
  write_file(world_.folder().path() / "completion.bash", script.out);
  const Finished words = run_process({"/bin/bash", "-c",
                                      "source '" + (world_.folder() / "completion.bash") + "'; COMP_WORDS=(penstock mat); COMP_CWORD=1; _penstock; echo \"${COMPREPLY[*]}\""});
  EXPECT_EQ(words.out, "materialize\n") << words.err;
  const Finished formats = run_process({"/bin/bash", "-c",
                                        "source '" + (world_.folder() / "completion.bash") + "'; COMP_WORDS=(penstock plugins info file --format m); COMP_CWORD=5; "
                                        "_penstock; echo \"${COMPREPLY[*]}\""});
  EXPECT_EQ(formats.out, "markdown\n") << formats.err;
  const Finished kinds = run_process({"/bin/bash", "-c",
                                      "source '" + (world_.folder() / "completion.bash") + "'; COMP_WORDS=(penstock plugins new s); COMP_CWORD=3; "
                                      "_penstock; echo \"${COMPREPLY[*]}\""});
  EXPECT_EQ(kinds.out, "source sink\n") << kinds.err;
}

TEST_F(FilesToMemory, WrongUsageIsExitCodeTwo) {
  EXPECT_EQ(world_.penstock({"materialise"}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"materialize", "no_such_view"}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"materialize", "--from", "yesterday"}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"get", kView}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"plugins", "info", "reddis"}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"plugins", "info", "redis", "--format", "yaml"}).exit_code, 2);
  EXPECT_EQ(run_process({PENSTOCK_BUILD_DIR "/penstock", "plugins", "new", "table", "hello"}).exit_code, 2);
  EXPECT_EQ(run_process({PENSTOCK_BUILD_DIR "/penstock", "plugins", "new", "source", "hello", "--lang", "rust"}).exit_code, 2);
  EXPECT_EQ(world_.penstock({"plugins", "info", "redis", "--format", "toml", "--json"}).exit_code, 2);
}

TEST_F(FilesToMemory, ACommandThatDoesNotExistIsNamedWithTheOneThatWasMeant) {
  const auto said = [](std::vector<std::string> words) {
    words.insert(words.begin(), PENSTOCK_BUILD_DIR "/penstock");
    return run_process(words).err;
  };
  EXPECT_THAT(said({"materialise"}), HasSubstr("there is no command \"penstock materialise\" (did you mean \"materialize\"?)"));
  EXPECT_THAT(said({"plugins", "lst"}), HasSubstr("there is no command \"penstock plugins lst\" (did you mean \"list\"?)"));
}

TEST_F(FilesToMemory, StatusHasALineForEveryViewAlsoBeforeAnythingRan) {
  EXPECT_EQ(world_.penstock({"status"}).out, "host: not running\n" + std::string(kView) + "_v1: never ran\n");
  EXPECT_THAT(world_.penstock({"status", "--json"}).out, HasSubstr("\"version\":1,\"state\":\"never ran\""));
  EXPECT_FALSE(std::filesystem::exists(world_.state_dir())) << "looking changes nothing";
}

TEST_F(FilesToMemory, PluginsListAndInfoSayWhatThereIs) {
  const Finished list = world_.penstock({"plugins", "list", "--json"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  for (const char* id : {"\"file\"", "\"postgres\"", "\"memory\"", "\"redis\""}) EXPECT_THAT(list.out, HasSubstr(id));
  const Finished info = world_.penstock({"plugins", "info", "redis"});
  EXPECT_THAT(info.out, HasSubstr("options of [store.NAME]"));
  EXPECT_THAT(info.out, HasSubstr("key_prefix"));
  for (const auto& [format, begin] : {std::pair("table", "sink_redis "), {"markdown", "## Options of `[store.NAME]`"}, {"toml", "# "}, {"schema", "{\n"}}) {
    const Finished told = world_.penstock({"plugins", "info", "redis", "--format", format});
    EXPECT_EQ(told.exit_code, 0) << told.err;
    EXPECT_THAT(told.out, testing::AllOf(testing::StartsWith(begin), HasSubstr("key_prefix")));
  }
}

TEST_F(FilesToMemory, TheSchemaHasThePluginsThatAreThere) {
  const Finished all = world_.penstock({"plugins", "schema"});
  EXPECT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.out, testing::AllOf(HasSubstr("\"warehouse.file\""), HasSubstr("\"store.redis\"")));
  const std::filesystem::path folder = world_.folder().path() / "plugins";
  std::filesystem::create_directory(folder);
  const Finished none = world_.penstock({"plugins", "schema", "--plugin-dir", folder});
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_THAT(none.out, testing::Not(HasSubstr("\"warehouse.")));
  std::filesystem::copy(PENSTOCK_BUILD_DIR "/plugins/sink_memory.so", folder);
  write_file(folder / "broken.so", "no plugin");
  const Finished one = world_.penstock({"plugins", "schema", "--plugin-dir", folder});
  EXPECT_EQ(one.exit_code, 78) << "what is refused is not in it";
  EXPECT_THAT(one.out, testing::AllOf(HasSubstr("\"store.memory\""), testing::Not(HasSubstr("\"store.redis\""))));
  EXPECT_THAT(one.err, HasSubstr("broken.so"));
}

}  // namespace
}  // namespace penstock::test
