#include "templates/project_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <unistd.h>

namespace penstock::host::templates {
namespace {

class ProjectFolder : public testing::Test {
 protected:
  ProjectFolder() : root_(std::filesystem::temp_directory_path() / ("penstock-project-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(root_);
  }
  ~ProjectFolder() override { std::filesystem::remove_all(root_); }

  std::string read(const std::string& path) {
    std::ifstream file(root_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path root_;
};

TEST_F(ProjectFolder, IsMadeWithEveryFolderAboveAndBelowIt) {
  ASSERT_TRUE(write_project(root_ / "a" / "b", {{"README.md", "read\n"}, {"src/module.c", ""}}));
  EXPECT_EQ(read("a/b/README.md"), "read\n");
  EXPECT_TRUE(std::filesystem::exists(root_ / "a/b/src/module.c"));
}

TEST_F(ProjectFolder, MayBeThereEmpty) {
  ASSERT_TRUE(write_project(root_, {{"README.md", "read\n"}}));
  EXPECT_EQ(read("README.md"), "read\n");
}

TEST_F(ProjectFolder, IsNotTouchedWhenSomethingIsInIt) {
  std::ofstream(root_ / "README.md") << "mine";
  const auto written = write_project(root_, {{"README.md", "read\n"}, {"CMakeLists.txt", ""}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().message, "the folder " + root_.string() + " is not empty; name another one with --dir");
  EXPECT_EQ(read("README.md"), "mine");
  EXPECT_FALSE(std::filesystem::exists(root_ / "CMakeLists.txt"));
}

TEST_F(ProjectFolder, CannotBeMadeWhereAFileIs) {
  std::ofstream(root_ / "file") << "mine";
  const auto written = write_project(root_ / "file" / "x", {{"README.md", ""}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.failure().message, "cannot make the folder " + (root_ / "file" / "x").string() + ": Not a directory");
  EXPECT_FALSE(write_project(root_ / "file", {{"README.md", ""}}));
  EXPECT_EQ(read("file"), "mine");
}

}  // namespace
}  // namespace penstock::host::templates
