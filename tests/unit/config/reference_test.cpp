#include "config/keys.hpp"
#include "config/toml_reader.hpp"
#include "config_text.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <random>
#include <regex>
#include <set>
#include <sstream>

namespace penstock::host {
namespace {

const std::string kFolder = std::string(PENSTOCK_SOURCE_DIR) + "/config/";

std::string content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  EXPECT_TRUE(stream.good()) << path;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The keys of every table of a section: "view" has those of all [[view]], "view.fields" those of their fields.
void collect_keys(const TomlNode& node, const std::string& section, std::map<std::string, std::set<std::string>>& keys) {
  if (const auto* array = node.array()) {
    for (const TomlNode& element : *array) collect_keys(element, section, keys);
  }
  if (const auto* table = node.table()) {
    for (const TomlEntry& entry : *table) {
      keys[section].insert(entry.key);
      // One level up for [warehouse.NAME].
      const bool named = section == "warehouse" || section == "store";
      collect_keys(entry.node, section.empty() ? entry.key : named ? section : section + "." + entry.key, keys);
    }
  }
}

TEST(Reference, HasNoProblems) {
  const auto loaded = load_configuration(kFolder + "reference.toml");
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(texts(loaded.warnings), Texts{});
}

TEST(Reference, ShowsTheDefaultsOfTheHost) {
  const HostSettings written = load_configuration(kFolder + "reference.toml").configuration.host;
  const HostSettings built_in;
  EXPECT_EQ(written.plugin_dir, built_in.plugin_dir);
  EXPECT_EQ(written.state_dir, built_in.state_dir);
  EXPECT_EQ(written.interval, built_in.interval);
  EXPECT_EQ(written.jitter, built_in.jitter);
  EXPECT_EQ(written.workers, built_in.workers);
  EXPECT_EQ(written.batch_rows, built_in.batch_rows);
  EXPECT_EQ(written.batch_bytes, built_in.batch_bytes);
  EXPECT_EQ(written.queue_batches, built_in.queue_batches);
  EXPECT_EQ(written.memory_limit, built_in.memory_limit);
  EXPECT_EQ(written.max_retries, built_in.max_retries);
  EXPECT_EQ(written.retry_delay, built_in.retry_delay);
  EXPECT_EQ(written.retry_delay_max, built_in.retry_delay_max);
  EXPECT_EQ(written.call_timeout, built_in.call_timeout);
  EXPECT_EQ(written.stop_timeout, built_in.stop_timeout);
  EXPECT_EQ(written.history_runs, built_in.history_runs);
  EXPECT_EQ(written.rejects_kept, built_in.rejects_kept);
  EXPECT_EQ(written.http, built_in.http);
  EXPECT_EQ(written.http_address, built_in.http_address);
  EXPECT_EQ(written.http_port, built_in.http_port);
  EXPECT_EQ(written.log_level, built_in.log_level);
  EXPECT_EQ(written.log_format, built_in.log_format);
}

TEST(Reference, ShowsTheDefaultsOfAView) {
  const View written = load_configuration(kFolder + "reference.toml").configuration.views.at(0);
  const View built_in;
  EXPECT_EQ(written.id.version, built_in.id.version);
  EXPECT_EQ(written.lookback, built_in.lookback);
  EXPECT_EQ(written.lag, built_in.lag);
  EXPECT_EQ(written.null_timestamp, built_in.null_timestamp);
  EXPECT_EQ(written.on_reject, built_in.on_reject);
  EXPECT_EQ(written.max_reject_ratio, built_in.max_reject_ratio);
  EXPECT_EQ(written.max_rows_per_second, built_in.max_rows_per_second);
}

TEST(Reference, NamesEveryKey) {
  std::vector<Problem> problems;
  const auto root = read_toml("reference.toml", content(kFolder + "reference.toml"), problems);
  ASSERT_TRUE(root.has_value());
  std::map<std::string, std::set<std::string>> keys;
  collect_keys(*root, "", keys);
  size_t count = 0;
  for (const SectionKeys& section : known_sections()) {
    for (const Key& key : section.keys) {
      EXPECT_TRUE(keys[std::string(section.section)].contains(std::string(key.name))) << section.section << ": " << key.name;
      ++count;
    }
  }
  EXPECT_GT(count, 60U);
}

// What the reference says of a key, or of a section: its text without the word "example", and what stands for its value.
struct Said {
  std::string doc, literal = {};
  bool required = false;
  bool example = false;
};

// Cuts `prefix` off the front.
bool take(std::string& text, const std::string& prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

// "view.ttl" and, for a section itself, "view". Of sections written twice the first counts.
std::map<std::string, Said> said_in_reference() {
  std::map<std::string, Said> result;
  std::istringstream lines(content(kFolder + "reference.toml"));
  std::string section, list, above;
  const std::regex heading(R"(\[\[?(\w+)(\.\w+)?\]?\])"), pair(R"((\w+) *= (.*?) *# (.*))"), member(R"(  # (\w+)(, required)?: (.*))");
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, heading)) {
      section = match[1];
      result.emplace(section, Said{.doc = above});
    } else if (std::regex_match(line, match, member)) {
      result[section + "." + list + "." + match[1].str()] = {.doc = match[3], .required = match[2].matched};
    } else if (std::regex_match(line, match, pair)) {
      Said said{.doc = match[3], .literal = match[2]};
      said.example = take(said.doc, "example");
      said.required = take(said.doc, ", required");
      if (said.example) take(said.doc, ": ");
      if (said.literal == "[") list = match[1];
      result.emplace(section + "." + match[1].str(), said);
    }
    above = take(line, "# ") ? above + (above.empty() ? "" : " ") + line : "";
  }
  return result;
}

TEST(Reference, SaysOfEachKeyWhatEditorsShow) {
  const auto said = said_in_reference();
  for (const SectionKeys& section : known_sections()) {
    const std::string name(section.section);
    if (name.find('.') == std::string::npos) { EXPECT_EQ(said.at(name).doc, section.doc); }
    for (const Key& key : section.keys) {
      const auto found = said.find(name + "." + std::string(key.name));
      ASSERT_NE(found, said.end()) << name << ": " << key.name;
      EXPECT_EQ(found->second.doc, key.doc) << name << ": " << key.name;
      EXPECT_EQ(found->second.required, key.required) << name << ": " << key.name;
    }
  }
}

TEST(Reference, SaysTheDefaultsThatEditorsShow) {
  for (const auto& [place, said] : said_in_reference()) {
    const size_t dot = place.rfind('.');
    if (dot == std::string::npos || said.literal.empty()) continue;
    for (const SectionKeys& section : known_sections()) {
      if (section.section != place.substr(0, dot) || section.find(place.substr(dot + 1)) == nullptr) continue;
      const bool is_default = !said.example && said.doc.find("default:") == std::string::npos;
      EXPECT_EQ(section.find(place.substr(dot + 1))->standard, is_default ? said.literal : "") << place;
    }
  }
}

// Without the line of a key that must be there, the reference is no configuration.
TEST(Reference, IsRefusedWithoutARequiredKey) {
  const std::string reference = content(kFolder + "reference.toml");
  size_t count = 0;
  for (const SectionKeys& section : known_sections()) {
    for (const Key& key : section.keys) {
      if (!key.required || key.type == KeyType::tables || section.section.find('.') != std::string_view::npos) continue;
      const size_t heading = reference.find(section.open && section.section != "batch_source" ? "\n[" + std::string(section.section) + "."
                                                                                             : "\n[[" + std::string(section.section) + "]]");
      const size_t line = reference.find("\n" + std::string(key.name) + " ", heading) + 1;
      std::string without = reference;
      without.erase(line, reference.find('\n', line) + 1 - line);
      EXPECT_THAT(texts(parse_configuration({{"a.toml", without}}).problems),
                  testing::Contains(testing::HasSubstr("key \"" + std::string(key.name) + "\" is missing")))
          << section.section;
      ++count;
    }
  }
  EXPECT_GE(count, 7U);
}

// Every type of key is read as what it is: a value of another type is refused as such.
TEST(Reference, RefusesAValueOfAnotherType) {
  const std::string reference = content(kFolder + "reference.toml");
  for (const SectionKeys& section : known_sections()) {
    for (const Key& key : section.keys) {
      if (section.section.find('.') != std::string_view::npos || key.type == KeyType::tables) continue;
      const size_t heading = reference.find("[" + std::string(section.section));
      const size_t line = reference.find("\n" + std::string(key.name) + " ", heading) + 1;
      const std::string wrong = std::string(key.name) + " = " + (key.type == KeyType::boolean ? "1" : "true");
      std::string changed = reference;
      changed.replace(line, reference.find('\n', line) - line, wrong);
      EXPECT_THAT(texts(parse_configuration({{"a.toml", changed}}).problems),
                  testing::Contains(testing::HasSubstr(std::string(key.name) + ": expected ")))
          << section.section;
    }
  }
}

TEST(Examples, HaveNoProblems) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder + "examples")) {
    const auto loaded = load_configuration(entry.path());
    EXPECT_EQ(texts(loaded.problems), Texts{}) << entry.path();
    EXPECT_EQ(texts(loaded.warnings), Texts{}) << entry.path();
    ++count;
  }
  EXPECT_GE(count, 1U);
}

// Changes a few bytes, or moves a piece, at places that the seed decides.
std::string mutated(std::string text, std::mt19937& random) {
  static const std::string kPieces[] = {"[",
                                        "]",
                                        "[[",
                                        "{",
                                        "}",
                                        "\"",
                                        "'",
                                        "\"\"\"",
                                        "'''",
                                        ".",
                                        "=",
                                        ",",
                                        "\n",
                                        "#",
                                        "\\",
                                        "\xff",
                                        std::string(1, 0),
                                        "nan",
                                        "-1",
                                        "99999999999999999999",
                                        "2024-01-01T00:00:00",
                                        "true",
                                        "a.b.c",
                                        "\xc3\xa4",
                                        "1e400",
                                        "_o",
                                        "0x"};
  const auto below = [&](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random); };
  for (size_t edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
    const size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(20));
        break;
      case 2:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), 1 + below(200)));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST(Fuzz, MutatedTextIsReadOrRefusedWithAPlace) {
  const std::string reference = content(kFolder + "reference.toml");
  std::mt19937 random(20240131);
  size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto loaded = parse_configuration({{"a.toml", mutated(reference, random)}});
    refused += loaded.problems.empty() ? 0 : 1;
    for (const Problem& problem : loaded.problems) {
      EXPECT_EQ(problem.where.file, "a.toml") << "round " << round;
      EXPECT_FALSE(problem.message.empty()) << "round " << round;
    }
  }
  EXPECT_GT(refused, 1000U);
  EXPECT_LT(refused, 3000U);
}

}  // namespace
}  // namespace penstock::host
