// Who a file says it is, and every way in which it says nothing that the host can use. The files are copies of a good plugin
// with a few bytes changed.
#include "plugin/elf_note.hpp"

#include "fixtures.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

namespace penstock::host {
namespace {

using namespace std::string_literals;
using test::outcome;
using test::PluginFolder;

class ElfNote : public testing::Test {
 protected:
  // The bytes of a note's name and what follows: at +12 the two numbers, then "counting\0" and "1.2.3\0".
  size_t note_at() const { return bytes.find("Penstock\0"s); }
  void put_word(size_t at, uint32_t word) { std::memcpy(bytes.data() + at, &word, sizeof word); }

  Result<PluginNote> read() const {
    const int fd = open(folder.write("a.so", bytes).c_str(), O_RDONLY | O_CLOEXEC);
    auto note = read_plugin_note(fd);
    close(fd);
    return note;
  }

  PluginFolder folder;
  std::string bytes = test::read_bytes(test::built_plugin("counting"));
};

TEST_F(ElfNote, SaysAbiIdAndVersion) {
  const auto note = read();
  ASSERT_TRUE(note) << outcome(note);
  EXPECT_EQ(note->abi_major, uint32_t{PENSTOCK_ABI_MAJOR});
  EXPECT_EQ(note->abi_minor, uint32_t{PENSTOCK_ABI_MINOR});
  EXPECT_EQ(note->id, "counting");
  EXPECT_EQ(note->version, "1.2.3");
}

TEST_F(ElfNote, IsNotLookedForInOtherFiles) {
  bytes = "#!/bin/sh\n";
  EXPECT_EQ(outcome(read()), "is not a shared library (no ELF header)");
  bytes.clear();
  EXPECT_EQ(outcome(read()), "is not a shared library (no ELF header)");
}

TEST_F(ElfNote, IsNotLookedForInAProgram) {
  bytes[offsetof(Elf64_Ehdr, e_type)] = ET_EXEC;
  EXPECT_EQ(outcome(read()), "is not a shared library (ELF type 2)");
}

TEST_F(ElfNote, IsOfNoUseOnAnotherMachine) {
  bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_386;
  EXPECT_THAT(outcome(read()), testing::StartsWith("is built for another machine; this host runs on 64-bit "));
}

TEST_F(ElfNote, IsOfNoUseInA32BitLibrary) {
  bytes[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(outcome(read()), testing::StartsWith("is built for another machine; this host runs on 64-bit "));
}

TEST_F(ElfNote, IsMissingInAnyOtherLibrary) {
  bytes[note_at()] = 'p';
  EXPECT_EQ(outcome(read()), "is not a Penstock plugin (it has no .note.penstock)");
}

TEST_F(ElfNote, NamesAForeignAbi) {
  put_word(note_at() + 12, 2);
  EXPECT_EQ(outcome(read()), "is built for plugin ABI 2, this host speaks 1; rebuild it with this host's SDK");
}

// A later major may have other words behind the two numbers.
TEST_F(ElfNote, NamesAForeignAbiWhateverFollows) {
  put_word(note_at() + 12, 2);
  bytes.replace(note_at() + 20, 15, 15, '\xff');
  EXPECT_EQ(outcome(read()), "is built for plugin ABI 2, this host speaks 1; rebuild it with this host's SDK");
}

TEST_F(ElfNote, MayBeOfANewerMinor) {
  put_word(note_at() + 16, 9);
  const auto note = read();
  ASSERT_TRUE(note) << outcome(note);
  EXPECT_EQ(note->abi_minor, 9u);
}

TEST_F(ElfNote, MustHaveAPlainId) {
  bytes[note_at() + 20] = 'C';
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: the id is not 1 to 64 of a-z, 0-9, _ and -");
  bytes[note_at() + 20] = '\0';
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: the id is not 1 to 64 of a-z, 0-9, _ and -");
}

TEST_F(ElfNote, MustHaveAPlainVersion) {
  bytes[note_at() + 29] = '\n';
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: the version is not 1 to 64 visible ASCII characters");
}

TEST_F(ElfNote, MustEndItsTexts) {
  bytes.replace(note_at() + 20, 15, 15, 'x');
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: a text is not terminated");
}

TEST_F(ElfNote, MustHoldTheNumbers) {
  put_word(note_at() - 8, 4);
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: it is too short");
}

TEST_F(ElfNote, MayNotExceedItsSegment) {
  put_word(note_at() - 8, 0xffffffff);
  EXPECT_EQ(outcome(read()), "has a malformed .note.penstock: it exceeds its segment");
}

// The dynamic linker would map what is missing and the process would die when it touches it.
TEST_F(ElfNote, IsNotEnoughWhenTheFileIsCutShort) {
  bytes.resize(bytes.size() / 8);
  EXPECT_EQ(outcome(read()), "is cut short; copy it again");
  bytes.resize(sizeof(Elf64_Ehdr) + 10);
  EXPECT_EQ(outcome(read()), "is cut short; copy it again");
}

TEST_F(ElfNote, IsNotLookedForInTooManyHeaders) {
  put_word(offsetof(Elf64_Ehdr, e_phnum), 0xffff);
  EXPECT_THAT(outcome(read()), testing::StartsWith("is not a usable shared library (65535 program headers of 56 bytes)"));
}

// Whatever the bytes, there is an answer; the sanitizers watch.
TEST_F(ElfNote, SurvivesAnyOneByteChanged) {
  const std::string good = bytes;
  const size_t end = sizeof(Elf64_Ehdr) + 16 * sizeof(Elf64_Phdr);
  for (size_t at = 0; at < end; at += 3) {
    bytes = good.substr(0, 8192);
    bytes[at] = static_cast<char>(bytes[at] ^ 0xff);
    (void)read();
  }
}

}  // namespace
}  // namespace penstock::host
