// Who may put code into the host: every way in which a file, its folder or a parent can be somebody else's.
#include "plugin/file_check.hpp"

#include "fixtures.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

using test::outcome;
using test::PluginFolder;

std::string open_directory(const std::filesystem::path& path) { return outcome(open_plugin_directory(path)); }

std::string open_file(const PluginFolder& folder, const std::string& name) {
  const auto directory = open_plugin_directory(folder.path());
  return directory ? outcome(open_plugin_file(*directory, name)) : outcome(directory);
}

TEST(PluginName, IsLowerCaseLettersDigitsDashesAndUnderscores) {
  std::vector<std::string> accepted;
  for (const char* name : {"a.so", "sink_redis-2.so", "0.so", ".so", "A.so", "a.so.1", "a b.so", "a/b.so", "a.b.so", "ä.so", "a.SO", "a"})
    if (is_plugin_name(name)) accepted.push_back(name);
  EXPECT_EQ(accepted, (std::vector<std::string>{"a.so", "sink_redis-2.so", "0.so"}));
}

// The folder is in /tmp: sticky and root's, so others cannot replace what is in it.
TEST(PluginDirectory, IsOpenedWhenNobodyElseMayWriteToIt) {
  const PluginFolder folder;
  EXPECT_EQ(open_directory(folder.path()), "OK");
}

TEST(PluginDirectory, MustBeAbsolute) { EXPECT_EQ(open_directory("plugins"), "the path is not absolute"); }

TEST(PluginDirectory, MustExist) { EXPECT_EQ(open_directory("/nowhere/plugins"), "\"/nowhere\": No such file or directory"); }

TEST(PluginDirectory, MustBeADirectory) {
  const PluginFolder folder;
  folder.write("a.so", "");
  EXPECT_EQ(open_directory(folder.file("a.so")), "\"" + folder.file("a.so").string() + "\" is not a directory");
}

TEST(PluginDirectory, MayNotBeWritableByOthers) {
  const PluginFolder folder;
  folder.set_mode("", 0777);
  EXPECT_EQ(open_directory(folder.path()), "\"" + folder.path().string() + "\" is writable by everyone (mode 0777); chmod go-w it");
  folder.set_mode("", 0770);
  EXPECT_EQ(open_directory(folder.path()), "\"" + folder.path().string() + "\" is writable by its group (mode 0770); chmod go-w it");
  // Sticky protects what is in it from being replaced, not from being joined by more.
  folder.set_mode("", 01777);
  EXPECT_EQ(open_directory(folder.path()), "\"" + folder.path().string() + "\" is writable by everyone (mode 1777); chmod go-w it");
}

TEST(PluginDirectory, MayNotBeBelowAFolderThatOthersMayWrite) {
  const PluginFolder folder;
  std::filesystem::create_directories(folder.file("open/plugins"));
  folder.set_mode("open", 0775);
  EXPECT_EQ(open_directory(folder.file("open/plugins")),
            "\"" + folder.file("open").string() + "\" is writable by its group (mode 0775); chmod go-w it");
}

TEST(PluginDirectory, MayNotBelongToAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a folder away";
  const PluginFolder folder;
  std::filesystem::create_directories(folder.file("theirs/plugins"));
  ASSERT_EQ(chown(folder.file("theirs").c_str(), 12345, 12345), 0);
  EXPECT_EQ(open_directory(folder.file("theirs/plugins")),
            "\"" + folder.file("theirs").string() + "\" belongs to user 12345, neither to root nor to this process's user (0)");
}

TEST(PluginDirectory, IsFoundThroughOurOwnSymbolicLinks) {
  const PluginFolder folder;
  std::filesystem::create_directories(folder.file("real/plugins"));
  std::filesystem::create_symlink("real", folder.file("relative"));
  std::filesystem::create_symlink(folder.file("relative"), folder.file("absolute"));
  EXPECT_EQ(open_directory(folder.file("absolute/../relative/./plugins")), "OK");
}

TEST(PluginDirectory, IsCheckedWhereASymbolicLinkLeads) {
  const PluginFolder folder;
  std::filesystem::create_directories(folder.file("open/plugins"));
  std::filesystem::create_symlink(folder.file("open/plugins"), folder.file("link"));
  folder.set_mode("open", 0777);
  EXPECT_EQ(open_directory(folder.file("link")),
            "\"" + folder.file("open").string() + "\" is writable by everyone (mode 0777); chmod go-w it");
}

TEST(PluginDirectory, IsNotReachedThroughALoopOfLinks) {
  const PluginFolder folder;
  std::filesystem::create_symlink("b", folder.file("a"));
  std::filesystem::create_symlink("a", folder.file("b"));
  EXPECT_THAT(open_directory(folder.file("a")), testing::EndsWith(": too many symbolic links"));
}

TEST(PluginDirectory, ListsItsLibrariesInOrder) {
  const PluginFolder folder;
  for (const char* name : {"b.so", "a.so", "README", "c.so.1", "Z.so"}) folder.write(name, "");
  const auto directory = open_plugin_directory(folder.path());
  EXPECT_EQ(*plugin_names(*directory), (std::vector<std::string>{"Z.so", "a.so", "b.so"}));
}

TEST(PluginFile, IsOpenedWhenNobodyElseMayWriteIt) {
  const PluginFolder folder;
  folder.write("a.so", "");
  EXPECT_EQ(open_file(folder, "a.so"), "OK");
}

TEST(PluginFile, MustHaveAPlainName) {
  const PluginFolder folder;
  EXPECT_EQ(open_file(folder, "Über.so"), "the file name is not made of a-z, 0-9, _ and - before \".so\"");
}

TEST(PluginFile, MustExist) {
  const PluginFolder folder;
  EXPECT_EQ(open_file(folder, "a.so"), "cannot be opened: No such file or directory");
}

TEST(PluginFile, MayNotBeWritableByOthers) {
  const PluginFolder folder;
  folder.write("a.so", "");
  folder.set_mode("a.so", 0666);
  EXPECT_EQ(open_file(folder, "a.so"), "the file is writable by everyone (mode 0666); chmod go-w it");
  folder.set_mode("a.so", 0664);
  EXPECT_EQ(open_file(folder, "a.so"), "the file is writable by its group (mode 0664); chmod go-w it");
}

TEST(PluginFile, MayNotBelongToAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  const PluginFolder folder;
  ASSERT_EQ(chown(folder.write("a.so", "").c_str(), 12345, 12345), 0);
  EXPECT_EQ(open_file(folder, "a.so"), "the file belongs to user 12345, neither to root nor to this process's user (0)");
}

TEST(PluginFile, MayNotBeASymbolicLink) {
  const PluginFolder folder;
  std::filesystem::create_symlink("real.so", folder.file("a.so"));
  EXPECT_EQ(open_file(folder, "a.so"), "is a symbolic link; put the file itself there");
}

TEST(PluginFile, MustBeARegularFile) {
  const PluginFolder folder;
  std::filesystem::create_directory(folder.file("folder.so"));
  ASSERT_EQ(mkfifo(folder.file("pipe.so").c_str(), 0600), 0);
  EXPECT_EQ(open_file(folder, "folder.so"), "is not a regular file");
  EXPECT_EQ(open_file(folder, "pipe.so"), "is not a regular file");
}

}  // namespace
}  // namespace penstock::host
