#include "templates/project.hpp"

#include <algorithm>
#include <filesystem>
#include <gmock/gmock.h>
#include <set>

namespace penstock::host::templates {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> paths_of(const std::vector<ProjectFile>& files) {
  std::vector<std::string> paths;
  for (const ProjectFile& file : files) paths.push_back(file.path);
  return paths;
}

TEST(Project, HasTheTemplatesOfItsLanguageAndItsKind) {
  const TemplateFile templates[] = {{"any/any/z", ""},     {"c/any/a", ""},   {"c/sink/b", ""},      {"c/source/c", ""},
                                    {"cpp/any/d", ""}, {"cpp/sink/e/f", ""}, {"cpp/source/g", ""}, {"any/source/h", ""}};
  EXPECT_THAT(paths_of(project_files({"x", Kind::source, Language::c}, templates)), ElementsAre("a", "c", "h", "z"));
  EXPECT_THAT(paths_of(project_files({"x", Kind::sink, Language::cpp}, templates)), ElementsAre("d", "e/f", "z"));
  EXPECT_THAT(paths_of(project_files({"x", Kind::both, Language::cpp}, templates)), ElementsAre("d", "e/f", "g", "h", "z"));
}

TEST(Project, IsNamedInPathsAndTextsWhereverTheMarkIs) {
  const TemplateFile templates[] = {{"any/any/@NAME@.toml", "@NAME@ and @NAME@\n@OTHER@ stays\n"}};
  EXPECT_THAT(project_files({"my-source_2", Kind::source, Language::c}, templates),
              ElementsAre(ProjectFile{"my-source_2.toml", "my-source_2 and my-source_2\n@OTHER@ stays\n"}));
}

TEST(Project, HasTheLinesWhoseMarksAllHold) {
  const TemplateFile templates[] = {{"any/any/f", "all\n@source@source\n@sink@sink\n@both@both\n@single@single\n@c@@source@c source\n"
                                                  "@cpp@@sink@cpp sink\n@c@\n"}};
  EXPECT_EQ(project_files({"x", Kind::source, Language::c}, templates)[0].text, "all\nsource\nsingle\nc source\n\n");
  EXPECT_EQ(project_files({"x", Kind::sink, Language::cpp}, templates)[0].text, "all\nsink\nsingle\ncpp sink\n");
  EXPECT_EQ(project_files({"x", Kind::both, Language::cpp}, templates)[0].text, "all\nsource\nsink\nboth\ncpp sink\n");
}

TEST(Project, OfEveryKindAndLanguageHasWhatAProjectNeedsAndNoMarkIsLeft) {
  for (const Kind kind : {Kind::source, Kind::sink, Kind::both})
    for (const Language language : {Language::c, Language::cpp}) {
      const std::vector<ProjectFile> files = project_files({"hello", kind, language});
      for (const char* path : {".gitignore", "CMakeLists.txt", "README.md", "hello.check.toml"})
        EXPECT_THAT(paths_of(files), testing::Contains(path));
      for (const ProjectFile& file : files)
        for (const char* mark : {"@NAME@", "@source@", "@sink@", "@both@", "@single@", "@c@", "@cpp@"})
          EXPECT_THAT(file.path + file.text, Not(HasSubstr(mark))) << file.path;
    }
}

// Folders that no project takes from would be templates that nobody sees.
TEST(Project, TakesEveryTemplateIntoSomeProject) {
  std::set<std::string> taken;
  for (const Kind kind : {Kind::source, Kind::sink, Kind::both})
    for (const Language language : {Language::c, Language::cpp})
      for (const TemplateFile& file : template_files())
        if (!project_files({"hello", kind, language}, std::span(&file, 1)).empty()) taken.emplace(file.path);
  EXPECT_EQ(taken.size(), template_files().size());
}

TEST(ProjectName, IsThatOfAPlugin) {
  for (const char* name : {"hello", "my-source_2", "2nd", "_x", "x-"}) EXPECT_TRUE(check_project_name(name)) << name;
  for (const char* name : {"", "Hello", "a b", "a.b", "a/b", "\xc3\xa4", "a\n"}) EXPECT_FALSE(check_project_name(name)) << name;
  EXPECT_TRUE(check_project_name(std::string(64, 'x')));
  EXPECT_FALSE(check_project_name(std::string(65, 'x')));
  EXPECT_EQ(check_project_name("a\x1b").failure().message,
            "a connector cannot be called \"a\\x1b\": its name is made of a-z, 0-9, _ and -, at most 64 of them");
}

TEST(ProjectName, IsNoOption) {
  EXPECT_EQ(check_project_name("-x").failure().message, "a connector cannot be called \"-x\": programs would take the name for an option");
}

TEST(ProjectName, IsNotThatOfAConnectorThatComesWithTheHost) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(PENSTOCK_SOURCE_DIR "/plugins"))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  ASSERT_FALSE(names.empty());
  for (const std::string& module : names) {
    EXPECT_FALSE(check_project_name(module)) << module;
    EXPECT_FALSE(check_project_name(module.substr(module.find('_') + 1))) << module;
  }
  EXPECT_EQ(check_project_name("redis").failure().message,
            "a connector cannot be called \"redis\": a connector of this name comes with penstock");
}

TEST(ProjectName, IsNoTargetOfCMake) {
  EXPECT_EQ(check_project_name("test").failure().message, "a connector cannot be called \"test\": CMake has a target of this name");
}

}  // namespace
}  // namespace penstock::host::templates
