// Who may see the state directory.
#include "unit/state/state_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace penstock::host {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// What all three ways in say about a directory that is not to be used.
void expect_refused(const std::filesystem::path& directory, const ::testing::Matcher<std::string>& message) {
  const auto opened = open_state(directory, {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(opened.failure().message, message);
  const auto read = open_state_read_only(directory);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.failure().message, message);
  const auto locked = lock_state(directory);
  ASSERT_FALSE(locked.ok());
  EXPECT_THAT(locked.failure().message, message);
  EXPECT_EQ(lock_holder(directory), 0);
}

TEST(StateDirectory, IsMadeWithItsParentsAndClosedToOthersWhateverTheUmask) {
  const StateFolder folder;
  const auto directory = folder.root() / "var" / "lib" / "penstock";
  const mode_t before = umask(0);
  {
    auto state = open_or_throw(directory);
    auto lock = lock_state(directory);
    ASSERT_TRUE(state->forget_position({"users", 1}).ok());

    EXPECT_EQ(mode_of(directory), 0700u);
    for (const char* file : {"state.db", "state.db-wal", "state.db-shm", "lock"}) EXPECT_EQ(mode_of(directory / file), 0600u) << file;
  }
  umask(before);
}

TEST(StateDirectory, HasTheModesOfItsFilesSetRight) {
  const StateFolder folder;
  auto held = open_or_throw(folder.directory());
  for (const char* file : {"state.db", "state.db-wal", "state.db-shm"}) ASSERT_EQ(chmod((folder.directory() / file).c_str(), 0644), 0);

  auto state = open_or_throw(folder.directory());

  for (const char* file : {"state.db", "state.db-wal", "state.db-shm"}) EXPECT_EQ(mode_of(folder.directory() / file), 0600u) << file;
}

TEST(StateDirectory, IsRefusedWhenOthersCanEnterIt) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  const std::string name = folder.directory().string();
  for (const mode_t mode : {0710, 0701, 0777}) {
    ASSERT_EQ(chmod(name.c_str(), mode), 0);
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode));
    expect_refused(name, "state: \"" + name + "\" is open to other users (mode " + octal + "): chmod 700 \"" + name + "\"");
  }
  ASSERT_EQ(chmod(name.c_str(), 0700), 0);
  EXPECT_TRUE(open_state(name, {}).ok());
}

TEST(StateDirectory, IsRefusedWhenItIsASymbolicLinkEvenWithASlashBehindIt) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  const auto link = folder.root() / "link";
  std::filesystem::create_directory_symlink(folder.directory(), link);
  const auto message = "state: \"" + link.string() + "\" is a symbolic link: set state_dir to the directory itself";

  expect_refused(link, message);
  expect_refused(link.string() + "/", message);
}

TEST(StateDirectory, IsRefusedWhenItIsAFile) {
  const StateFolder folder;
  std::ofstream(folder.directory()) << "not a directory";
  expect_refused(folder.directory(), EndsWith("is not a directory"));
}

TEST(StateDirectory, IsRefusedWhenItBelongsToAnotherUser) {
  const StateFolder folder;
  std::filesystem::path foreign = "/";  // root's, where the tests do not run as root
  if (geteuid() == 0) {
    foreign = folder.directory();
    open_or_throw(foreign);
    ASSERT_EQ(chown(foreign.c_str(), 65534, 65534), 0);
  }
  expect_refused(foreign, AllOf(HasSubstr("belongs to user"), HasSubstr("run it as the owner, or set another state_dir")));
}

TEST(StateDirectory, IsRefusedWhenItHasNoName) {
  const auto opened = open_state("", {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.failure().status, PENSTOCK_STATUS_INVALID_ARGUMENT);
}

TEST(StateDirectory, IsRefusedWhenItsParentCannotBeMade) {
  const StateFolder folder;
  std::ofstream(folder.root() / "file") << "x";
  const auto opened = open_state(folder.root() / "file" / "state" / "deeper", {});
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.failure().message, StartsWith("state: cannot "));
}

TEST(StateDirectory, IsNotMadeByThoseWhoOnlyLook) {
  const StateFolder folder;

  const auto read = open_state_read_only(folder.directory());

  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.failure().status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_THAT(read.failure().message, EndsWith("does not exist: no host has run with it yet"));
  EXPECT_EQ(lock_holder(folder.directory()), 0);
  EXPECT_FALSE(std::filesystem::exists(folder.directory()));

  std::filesystem::create_directory(folder.directory());
  ASSERT_EQ(chmod(folder.directory().c_str(), 0700), 0);
  EXPECT_EQ(open_state_read_only(folder.directory()).failure().status, PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_TRUE(std::filesystem::is_empty(folder.directory()));
}

TEST(StateDirectory, MayNotHoldADatabaseThatIsALinkOrAFolder) {
  const StateFolder folder;
  open_or_throw(folder.directory());
  std::filesystem::rename(folder.file(), folder.root() / "elsewhere.db");
  std::filesystem::create_symlink(folder.root() / "elsewhere.db", folder.file());
  EXPECT_THAT(open_state(folder.directory(), {}).failure().message, HasSubstr("is not a regular file: move it away"));
  EXPECT_THAT(open_state_read_only(folder.directory()).failure().message, HasSubstr("is not a regular file: move it away"));

  std::filesystem::remove(folder.file());
  std::filesystem::create_directory(folder.file());
  EXPECT_THAT(open_state(folder.directory(), {}).failure().message, HasSubstr("is not a regular file: move it away"));
}

TEST(StateDirectory, MayHaveAnyNameInItsPath) {
  const StateFolder folder;
  const auto directory = folder.root() / "a?b#c%41 d'é" / "state";
  open_or_throw(directory);
  EXPECT_TRUE(std::filesystem::exists(directory / "state.db"));
  EXPECT_TRUE(open_state_read_only(directory).ok());
}

}  // namespace
}  // namespace penstock::host
