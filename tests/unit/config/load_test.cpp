#include "config_text.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

class LoadConfiguration : public testing::Test {
 protected:
  LoadConfiguration() {
    std::string pattern = std::filesystem::temp_directory_path() / "penstock-config-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~LoadConfiguration() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

  std::filesystem::path folder_;
};

TEST_F(LoadConfiguration, ReadsAFile) {
  write("x.conf", "[host]\nstate_dir = \"state\"\n");
  const auto loaded = load_configuration(path("x.conf"));
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.configuration.host.state_dir, folder_ / "state");
  EXPECT_EQ(loaded.configuration.host.where.file, path("x.conf"));
}

TEST_F(LoadConfiguration, FindsRelativeFoldersNextToTheFileFromAnyWorkingFolder) {
  write("x.toml", "[host]\nstate_dir = \"state\"\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const auto loaded = load_configuration("x.toml");
  std::filesystem::current_path(before);
  EXPECT_EQ(loaded.configuration.host.state_dir, folder_ / "state");
  EXPECT_EQ(loaded.configuration.host.where.file, "x.toml");
}

TEST_F(LoadConfiguration, MergesTheTomlFilesOfAFolder) {
  write("b.toml", "[[view]]\nname = \"v\"\nentity = \"thing\"\n");
  write("a.toml", "[[entity]]\nname = \"thing\"\n");
  write("notes.txt", "not TOML");
  write(".hidden.toml", "not TOML");
  const auto loaded = load_configuration(folder_);
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(loaded.configuration.views.size(), 1U);
}

TEST_F(LoadConfiguration, NamesBothPlacesOfADuplicateName) {
  write("a.toml", "[[entity]]\nname = \"thing\"\n");
  write("b.toml", "\n[[entity]]\nname = \"thing\"\n");
  EXPECT_EQ(texts(load_configuration(folder_).problems),
            Texts{path("b.toml") + ":2:1: entity \"thing\": is already defined at " + path("a.toml") + ":1:1"});
}

TEST_F(LoadConfiguration, SaysWhatCannotBeRead) {
  EXPECT_EQ(texts(load_configuration(path("none.toml")).problems),
            Texts{path("none.toml") + ": cannot be read: there is no such file or folder"});
  EXPECT_EQ(texts(load_configuration(folder_).problems), Texts{folder_.string() + ": the folder holds no *.toml file"});
  ASSERT_EQ(mkfifo(path("pipe.toml").c_str(), 0600), 0);
  EXPECT_EQ(texts(load_configuration(path("pipe.toml")).problems),
            Texts{path("pipe.toml") + ": cannot be read: it is not a regular file"});
  EXPECT_EQ(texts(load_configuration(folder_).problems),
            Texts{path("pipe.toml") + ": cannot be read: it is not a regular file"});
}

TEST_F(LoadConfiguration, RefusesAFileAboveTheLimit) {
  write("x.toml", std::string((4 << 20) + 1, '\n'));
  EXPECT_EQ(texts(load_configuration(path("x.toml")).problems),
            Texts{path("x.toml") + ": is larger than 4 MiB, the limit for a configuration file"});
}

TEST_F(LoadConfiguration, RefusesTooManyFiles) {
  for (int i = 0; i < 1001; ++i) write(std::to_string(i) + ".toml", "");
  EXPECT_EQ(texts(load_configuration(folder_).problems),
            Texts{folder_.string() + ": the folder holds more than 1000 *.toml files"});
}

}  // namespace
}  // namespace penstock::host
