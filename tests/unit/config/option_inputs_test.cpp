#include "config/option_inputs.hpp"
#include "config_text.hpp"

namespace penstock::host {
namespace {

Texts store_problems(const std::string& line) { return problems_of("[store.s]\nplugin = \"x\"\n" + line + "\n"); }

TEST(OptionInputs, KeepEachKindOfValueAndItsPlace) {
  const auto loaded = parse_configuration({{"/etc/a.toml", R"([store.s]
plugin = "x"
text = "t"
whole = 7
number = 1.5
yes = true
list = ["a", "b"]
map = { k = "v", j = "w" }
from_env = { env = "NAME" }
from_file = { file = "secret" }
from_credential = { credential = "cred" }
empty = {}
none = []
)"}});
  ASSERT_EQ(texts(loaded.problems), Texts{});
  const auto& options = loaded.configuration.stores.at(0).options;
  EXPECT_EQ(options.size(), 11U);
  EXPECT_EQ(std::get<std::string>(options.at("text").value), "t");
  EXPECT_EQ(std::get<int64_t>(options.at("whole").value), 7);
  EXPECT_EQ(std::get<double>(options.at("number").value), 1.5);
  EXPECT_EQ(std::get<bool>(options.at("yes").value), true);
  EXPECT_EQ(std::get<std::vector<std::string>>(options.at("list").value), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(std::get<OptionInput::Map>(options.at("map").value), (OptionInput::Map{{"j", "w"}, {"k", "v"}}));
  EXPECT_EQ(std::get<SecretReference>(options.at("from_env").value).kind, SecretReference::Kind::env);
  EXPECT_EQ(std::get<SecretReference>(options.at("from_env").value).name, "NAME");
  EXPECT_EQ(std::get<SecretReference>(options.at("from_file").value).kind, SecretReference::Kind::file);
  EXPECT_EQ(std::get<SecretReference>(options.at("from_file").value).name, "/etc/secret");
  EXPECT_EQ(std::get<SecretReference>(options.at("from_credential").value).kind, SecretReference::Kind::credential);
  EXPECT_EQ(std::get<SecretReference>(options.at("from_credential").value).name, "cred");
  EXPECT_EQ(std::get<OptionInput::Map>(options.at("empty").value), OptionInput::Map{});
  EXPECT_EQ(std::get<std::vector<std::string>>(options.at("none").value), std::vector<std::string>{});
  EXPECT_EQ(options.at("number").where.file, "/etc/a.toml");
  EXPECT_EQ(options.at("number").where.line, 5U);
  EXPECT_EQ(options.at("number").where.column, 1U);
}

TEST(OptionInputs, OfABatchSourceAreItsUnknownKeys) {
  const auto loaded = parse_configuration({{"a.toml", kSource + "delimiter = \";\"\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  const auto& options = loaded.configuration.batch_sources.at(0).options;
  ASSERT_EQ(options.size(), 1U);
  EXPECT_EQ(std::get<std::string>(options.at("delimiter").value), ";");
}

TEST(OptionInputs, RefuseWhatNoPluginCanTake) {
  EXPECT_EQ(store_problems("a = 2024-01-01"),
            Texts{"a.toml:3:1: store \"s\": a: expected a string, number, boolean, list or table, found a date or time"});
  EXPECT_EQ(store_problems("a = [1]"),
            Texts{"a.toml:3:1: store \"s\": a: expected strings in the list, found an integer"});
  EXPECT_EQ(store_problems("a = { b = 1 }"),
            Texts{"a.toml:3:1: store \"s\": a: \"b\": expected a string, found an integer"});
  EXPECT_EQ(store_problems("a = \"x\\u0000y\""), Texts{"a.toml:3:1: store \"s\": a: holds a NUL character"});
  EXPECT_EQ(store_problems("\"a b\" = 1"),
            Texts{"a.toml:3:1: store \"s\": \"a b\" is not the name of an option: use A-Z a-z 0-9 _"});
}

TEST(OptionInputs, RefuseReferencesThatCannotWork) {
  EXPECT_EQ(store_problems("a = { env = \"1 X\" }"),
            Texts{"a.toml:3:1: store \"s\": a: env: not the name of an environment variable: use A-Z a-z 0-9 _"});
  EXPECT_EQ(store_problems("a = { file = \"\" }"), Texts{"a.toml:3:1: store \"s\": a: file: not a path"});
  for (const std::string name : {"", "../x", "a/b", ".."})
    EXPECT_EQ(
        store_problems("a = { credential = \"" + name + "\" }"),
        Texts{"a.toml:3:1: store \"s\": a: credential: not the name of a credential: a file name without a folder"});
}

TEST(OptionInputs, RefusePasswordsInConnectionStringsWithoutRepeatingThem) {
  const std::string advice =
      "holds a password: secrets are written by reference only: a = { env = \"NAME\" }, { file = \"/path\" } "
      "or { credential = \"name\" }";
  for (const std::string value : {"\"redis://u:hunter2@h:6379/0\"", "\"host=h PASSWORD = hunter2\"",
                                  "[\"redis://:hunter2@h\"]", "{ k = \"Server=h;Pwd=hunter2\" }"})
    EXPECT_EQ(store_problems("a = " + value), Texts{"a.toml:3:1: store \"s\": a: " + advice}) << value;
}

TEST(Passwords, AreSeenInUrlsAndParameters) {
  for (const auto* text :
       {"redis://user:secret@host:6379/0", "redis://:secret@host", "postgresql://u:p@ss@host/db", "rediss://u:s@[::1]",
        "host=h password=secret", "password = 'secret'", "postgresql://host/db?user=u&password=secret",
        "Driver=x;PWD=secret;", "sslpassword=secret", "x://a y://u:p@h"})
    EXPECT_TRUE(holds_password(text)) << text;
}

TEST(Passwords, AreNotSeenWhereThereAreNone) {
  for (const auto* text : {"", "redis://127.0.0.1:6379/0", "redis://user@host:6379", "redis://[::1]:6379",
                           "redis://user:@host", "host=h dbname=d", "https://host/a:b@c", "the password is elsewhere",
                           "password=", "Driver=x;PWD=;Server=y", "user:secret@host", "passfile=/etc/x"})
    EXPECT_FALSE(holds_password(text)) << text;
}

}  // namespace
}  // namespace penstock::host
