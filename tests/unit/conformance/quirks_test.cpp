#include "conformance/quirks.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <penstock/module.h>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

class QuirksFile : public testing::Test {
 protected:
  QuirksFile() : folder_(std::filesystem::temp_directory_path() / ("penstock-quirks-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~QuirksFile() override { std::filesystem::remove_all(folder_); }

  LoadedQuirks load(const std::string& text) {
    std::ofstream(folder_ / "hello.check.toml") << text;
    return load_quirks(folder_ / "hello.check.toml", {"source.list_tables", "sink.ttl"});
  }
  std::vector<std::string> problems(const std::string& text) {
    std::vector<std::string> out;
    for (const Problem& problem : load(text).problems) out.push_back(problem.text().substr((folder_ / "").string().size()));
    return out;
  }

  std::filesystem::path folder_;
};

TEST_F(QuirksFile, SaysWhatThePluginIsTriedOn) {
  const auto [quirks, problems] = load(R"(
[warehouse.here]
plugin = "hello"
greeting = "Hi"
[[batch_source]]
name = "users"
table = "users"
timestamp_field = "updated_at"
[store.there]
plugin = "shelf"
[check]
keys = ["user_id"]
rows = 12
timezone = "Europe/Berlin"
lag = "2s"
server = { host = "address", port = "port" }
[check.skip]
"sink.ttl" = "profiles on a shelf do not expire"
)");
  ASSERT_THAT(problems, ElementsAre());
  ASSERT_NE(quirks.connection(PENSTOCK_KIND_SOURCE, "hello"), nullptr);
  EXPECT_EQ(quirks.connection(PENSTOCK_KIND_SOURCE, "hello")->options.count("greeting"), 1u);
  EXPECT_EQ(quirks.connection(PENSTOCK_KIND_SOURCE, "shelf"), nullptr);
  EXPECT_EQ(quirks.connection(PENSTOCK_KIND_SINK, "shelf")->name, "there");
  ASSERT_NE(quirks.batch_source("hello"), nullptr);
  EXPECT_EQ(quirks.batch_source("hello")->timestamp_field, "updated_at");
  EXPECT_EQ(quirks.batch_source("shelf"), nullptr);
  EXPECT_THAT(quirks.keys, ElementsAre("user_id"));
  EXPECT_EQ(quirks.rows, 12);
  EXPECT_EQ(quirks.timezone, "Europe/Berlin");
  EXPECT_EQ(quirks.lag, std::chrono::seconds(2));
  EXPECT_EQ(quirks.server.host, "address");
  EXPECT_TRUE(quirks.server.given());
  EXPECT_EQ(quirks.skip.at("sink.ttl"), "profiles on a shelf do not expire");
}

TEST_F(QuirksFile, AnEmptyOneSaysNothing) {
  const auto [quirks, problems] = load("");
  EXPECT_THAT(problems, ElementsAre());
  EXPECT_FALSE(quirks.server.given());
}

TEST_F(QuirksFile, ACheckThatIsNotThereIsAProblemAtItsPlace) {
  EXPECT_THAT(problems("[check.skip]\n\"source.list_table\" = \"no\"\n"),
              ElementsAre("hello.check.toml:1:8: [check]: skip: there is no check \"source.list_table\" (did you mean \"source.list_tables\"?)"));
}

TEST_F(QuirksFile, AReasonIsAskedFor) {
  EXPECT_THAT(problems("[check.skip]\n\"sink.ttl\" = \"\"\n"),
              ElementsAre("hello.check.toml:1:8: [check]: skip: \"sink.ttl\": say why the plugin does not promise it"));
}

TEST_F(QuirksFile, AServerIsNamedByHostAndPortOrByUrl) {
  EXPECT_THAT(problems("[check]\nserver = { host = \"h\" }\n"), ElementsAre(EndsWith("or the one that holds both, { url = \"url\" }")));
  EXPECT_THAT(problems("[check]\nserver = { url = \"u\", host = \"h\", port = \"p\" }\n"), ElementsAre(EndsWith("{ url = \"url\" }")));
  EXPECT_THAT(problems("[check]\nserver = { uri = \"u\" }\n"), testing::Contains(testing::HasSubstr("\"uri\" is none of \"host\", \"port\" and \"url\"")));
}

TEST_F(QuirksFile, WhatTheConfigurationDoesNotKnowIsAProblemHereToo) {
  EXPECT_THAT(problems("[chek]\nkeys = [\"id\"]\n"), testing::SizeIs(1));
  EXPECT_THAT(problems("[check]\nkey = [\"id\"]\n"), testing::SizeIs(1));
  EXPECT_THAT(problems("check = 1\n"), ElementsAre(EndsWith("[check]: expected a table written [check], found an integer")));
}

TEST_F(QuirksFile, StandsBesideThePlugin) { EXPECT_EQ(quirks_beside("/a/hello.so"), "/a/hello.check.toml"); }

}  // namespace
}  // namespace penstock::host::conformance
