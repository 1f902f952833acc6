#include "config/toml_reader.hpp"
#include "config_text.hpp"

namespace penstock::host {
namespace {

TEST(Toml, ReportsTheFirstSyntaxErrorOfAFile) {
  EXPECT_EQ(
      problems_of("[host]\ninterval = soon\n"),
      Texts{"a.toml:2:12: not valid TOML: value: could not determine value type (text is written in double quotes)"});
  EXPECT_EQ(problems_of("[host\n"), Texts{"a.toml:1:6: not valid TOML: table header: expected ']', saw '\\n'"});
}

TEST(Toml, ReportsTheErrorsOfOtherFilesToo) {
  EXPECT_EQ(
      texts(
          parse_configuration({{"b.toml", "x = \n"}, {"a.toml", "[host]\nworker = 1\n"}, {"c.toml", "= 1\n"}}).problems),
      (Texts{"a.toml:2:1: [host]: unknown key \"worker\" (did you mean \"workers\"?)",
             "b.toml:1:5: not valid TOML: key-value pair: expected value, saw '\\n'",
             "c.toml:1:1: not valid TOML: root table: expected keys, tables, whitespace or comments, saw '='"}));
}

TEST(Toml, DoesNotReportReferencesIntoAFileThatCannotBeRead) {
  EXPECT_EQ(texts(parse_configuration({{"a.toml", "x = \n"},
                                       {"b.toml", "[[batch_source]]\nname = \"a\"\ntable = \"T\"\nwarehouse = \"w\"\n"}})
                      .problems)
                .size(),
            1U);
}

TEST(Toml, NeverRepeatsAValueThatMayBeAPassword) {
  for (const std::string text : {"[store.a]\npassword = 12345678901234567890123", "[store.a]\npassword = 1e999999",
                                 "[store.a]\npassword = hunter2", "[store.a]\npassword = 99hunter2",
                                 "[store.a]\npassword = 0x99999999999999999999"}) {
    const auto problems = problems_of(text);
    ASSERT_EQ(problems.size(), 1U) << text;
    EXPECT_EQ(problems[0].find("hunter"), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("123456"), std::string::npos) << problems[0];
    EXPECT_EQ(problems[0].find("99999"), std::string::npos) << problems[0];
  }
}

TEST(Toml, RefusesFilesAboveTheLimit) {
  EXPECT_EQ(problems_of(std::string(kMaxConfigurationFileBytes + 1, '\n')),
            Texts{"a.toml: is larger than 4 MiB, the limit for a configuration file"});
}

TEST(Toml, RefusesDeepNesting) {
  std::string dotted = "a";
  for (int i = 0; i < 200'000; ++i) dotted += ".a";
  EXPECT_EQ(problems_of(dotted + " = 1"), Texts{"a.toml:1:32: a key has more than 16 parts"});
  EXPECT_EQ(problems_of("[" + dotted + "]"), Texts{"a.toml:1:33: a key has more than 16 parts"});
  EXPECT_EQ(problems_of("a = " + std::string(200'000, '[')), Texts{"a.toml:1:22: values are nested more than 16 deep"});
  EXPECT_EQ(problems_of("# x\na = [ \"]\", " + std::string(17, '[')),
            Texts{"a.toml:2:28: values are nested more than 16 deep"});
}

TEST(Toml, DoesNotCountBracketsAndDotsInTextAndComments) {
  const std::string dots(100, '.');
  const std::string brackets(100, '[');
  for (const std::string& text :
       {"\"" + dots + "\\\"" + brackets + "\"", "'" + brackets + "\\'", "\"\"\"\n\"\"" + brackets + dots + "\"\"\"\"\"",
        "'''\n''" + brackets + dots + "'''", "\"\" # " + brackets + dots}) {
    EXPECT_EQ(find_excess_depth("a.toml", "x = " + text + "\n"), std::nullopt) << text;
  }
  // Where the text ends, counting goes on.
  for (const std::string text :
       {"\"x\"", "'x'", "\"\"\"x\"\"\"", "'''x'''", "\"\"", "''", "\"\"\"x\"\"\"\"\"", "\"\"\"\\\"\"\"\""}) {
    EXPECT_NE(find_excess_depth("a.toml", "x = [" + text + ", " + brackets), std::nullopt) << text;
  }
}

bool operator_equal(const Location& a, const Location& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

TEST(Toml, CountsColumnsInCharacters) {
  const auto loaded = parse_configuration({{"a.toml", "[store.a]\nplugin = \"x\"\nm = { \"ä\" = \"ö\", b = 1 }\n"}});
  ASSERT_EQ(loaded.problems.size(), 1U);
  EXPECT_TRUE(operator_equal(loaded.problems[0].where, {"a.toml", 3, 1}));
}

TEST(Problems, AreSortedByFileAndPlace) {
  EXPECT_EQ(texts(parse_configuration({{"b.toml", "y = 1\n"}, {"a.toml", "\nx = 1\nw = 1\n"}}).problems),
            (Texts{"a.toml:2:1: unknown key \"x\"", "a.toml:3:1: unknown key \"w\"", "b.toml:1:1: unknown key \"y\""}));
}

TEST(Problems, AreLimited) {
  std::string text = "[host]\n";
  for (int i = 0; i < 20'000; ++i) text += "key" + std::to_string(i) + " = 1\n";
  const auto problems = problems_of(text);
  ASSERT_EQ(problems.size(), 501U);
  EXPECT_EQ(problems.back(), "there are more problems: only the first 500 are shown");
}

TEST(Problems, OfManyReferencesAreFoundQuickly) {
  std::string text = "[warehouse.w]\nplugin = \"x\"\n";
  for (int i = 0; i < 2000; ++i) {
    const std::string number = std::to_string(i);
    text += "[[batch_source]]\nname = \"" + std::string(110, 's') + number + "\"\ntable = \"T\"\n";
    text += "[[view]]\nname = \"v" + number + "\"\nentity = \"user_id\"\nbatch_source = \"" + std::string(110, 's') +
            "x" + number + "\"\n";
  }
  EXPECT_EQ(problems_of(text).size(), 501U);
}

}  // namespace
}  // namespace penstock::host
