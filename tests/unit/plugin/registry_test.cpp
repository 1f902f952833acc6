// From a file to a component that can be opened, and every reason why not. Each refusal is one message that names the file.
#include "plugin/registry.hpp"

#include "fixtures.hpp"
#include "plugin/file_check.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <thread>

namespace penstock::host {
namespace {

using namespace std::string_literals;
using test::Heard;
using test::messages;
using test::outcome;
using test::PluginFolder;

std::string load(const PluginFolder& folder, const std::string& plugin) {
  Registry registry({});
  const std::string file = folder.add(plugin, "a.so");
  std::string message = outcome(registry.load_file(file));
  const std::string named = "plugin \"" + file + "\": ";
  return message.starts_with(named) ? message.substr(named.size()) : message;
}

TEST(Registry, LoadsAFolderInNameOrder) {
  const PluginFolder folder;
  folder.add("counting_back", "b.so");
  folder.add("counting", "c.so");
  folder.add("variant", "a.so");
  Registry registry({});
  EXPECT_EQ(messages(registry.load_directory(folder.path())), std::vector<std::string>{});
  std::vector<std::string> loaded;
  for (const auto& plugin : registry.plugins()) loaded.push_back(plugin->path.filename().string() + " " + plugin->module->id);
  EXPECT_EQ(loaded, (std::vector<std::string>{"a.so variant", "b.so counting_back", "c.so counting"}));
  EXPECT_EQ(registry.ids(PENSTOCK_KIND_SOURCE), (std::vector<std::string>{"counting", "counting_back", "variant"}));
  EXPECT_EQ(registry.ids(PENSTOCK_KIND_SINK), std::vector<std::string>{});
  EXPECT_STREQ(registry.find(PENSTOCK_KIND_SOURCE, "counting")->declared->title, "Counting");
  EXPECT_EQ(registry.find(PENSTOCK_KIND_SINK, "counting"), nullptr);
  EXPECT_EQ(registry.find(PENSTOCK_KIND_SOURCE, "other"), nullptr);
}

TEST(Registry, LoadsTheOthersWhenOneFileIsRefused) {
  const PluginFolder folder;
  folder.write("a.so", "not a library");
  folder.add("counting", "b.so");
  folder.add("counting_back", "Backwards.so");
  folder.add("variant", "c.so");
  folder.set_mode("c.so", 0666);
  Registry registry({});
  const std::string at = folder.path().string();
  EXPECT_EQ(messages(registry.load_directory(folder.path())),
            (std::vector{"plugin \"" + at + "/Backwards.so\": the file name is not made of a-z, 0-9, _ and - before \".so\"",
                         "plugin \"" + at + "/a.so\": is not a shared library (no ELF header)",
                         "plugin \"" + at + "/c.so\": the file is writable by everyone (mode 0666); chmod go-w it"}));
  EXPECT_EQ(registry.ids(PENSTOCK_KIND_SOURCE), std::vector<std::string>{"counting"});
}

TEST(Registry, RefusesAnUnsafeFolderAsAWhole) {
  const PluginFolder folder;
  folder.add("counting", "a.so");
  folder.set_mode("", 0777);
  Registry registry({});
  const std::string at = folder.path().string();
  EXPECT_EQ(messages(registry.load_directory(folder.path())),
            std::vector{"plugin directory \"" + at + "\": \"" + at + "\" is writable by everyone (mode 0777); chmod go-w it"});
  EXPECT_EQ(outcome(registry.load_file(folder.file("a.so"))),
            "plugin \"" + at + "/a.so\": \"" + at + "\" is writable by everyone (mode 0777); chmod go-w it");
  folder.set_mode("", 0700);
  EXPECT_EQ(messages(registry.load_directory("plugins")), std::vector{"plugin directory \"plugins\": the path is not absolute"s});
  EXPECT_EQ(messages(registry.load_directory(at + "/none")),
            std::vector{"plugin directory \"" + at + "/none\": \"" + at + "/none\": No such file or directory"});
}

class ConstructorMark : public testing::Test {
 protected:
  ConstructorMark() { setenv("PENSTOCK_TEST_MARK", mark.c_str(), 1); }
  ~ConstructorMark() override { unsetenv("PENSTOCK_TEST_MARK"); }
  PluginFolder folder;
  std::string mark = folder.file("mark");
};

// The library's constructors run when it is loaded: whoever it says it is has to be known before.
TEST_F(ConstructorMark, IsNotLeftByAPluginOfAnotherAbi) {
  std::string bytes = test::read_bytes(test::built_plugin("variant_constructor"));
  bytes[bytes.find("Penstock\0"s) + 12] = 2;
  const std::string file = folder.write("a.so", bytes);
  Registry registry({});
  EXPECT_EQ(outcome(registry.load_file(file)),
            "plugin \"" + file + "\": is built for plugin ABI 2, this host speaks 1; rebuild it with this host's SDK");
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(ConstructorMark, IsNotLeftByAFileThatOthersMayWrite) {
  const std::string file = folder.add("variant_constructor", "a.so");
  folder.set_mode("a.so", 0666);
  Registry registry({});
  EXPECT_FALSE(registry.load_file(file));
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST_F(ConstructorMark, IsLeftByAPluginThatIsLoaded) {
  Registry registry({});
  EXPECT_EQ(outcome(registry.load_file(folder.add("variant_constructor", "a.so"))), "OK");
  EXPECT_TRUE(std::filesystem::exists(mark));
}

TEST(Registry, ReportsTheDynamicLinkersWords) {
  EXPECT_EQ(load(PluginFolder(), "variant_undefined_symbol"),
            "cannot be loaded: undefined symbol: penstock_test_nobody_defines_this");
}

TEST(Registry, RefusesAModuleThatIsNotOne) {
  const PluginFolder folder;
  EXPECT_EQ(load(folder, "variant_no_export"), "does not export penstock_module_v1");
  EXPECT_EQ(load(folder, "variant_returns_null"), "penstock_module_v1 returned NULL");
  EXPECT_EQ(load(folder, "variant_magic"), "the module's magic number is wrong");
  EXPECT_EQ(load(folder, "variant_small_module"), "the module: struct_size is 72, ABI 1.0 has 88");
  EXPECT_EQ(load(folder, "variant_module_major"), "the module says ABI 2.0, its note says 1.0");
  EXPECT_EQ(load(folder, "variant_module_version"), "the module says it is \"variant\" 1.0.1, its note says \"variant\" 1.0.0");
  EXPECT_EQ(load(folder, "variant_no_components"), "the module has 0 components, allowed are 1 to 64");
  EXPECT_EQ(load(folder, "variant_null_component"), "component 1 is NULL");
}

TEST(Registry, RefusesAComponentThatIsIncomplete) {
  const PluginFolder folder;
  EXPECT_EQ(load(folder, "variant_unknown_kind"), "component 0: unknown kind 7");
  EXPECT_EQ(load(folder, "variant_component_id"), "component 0: the id is not 1 to 64 of a-z, 0-9, _ and -");
  EXPECT_EQ(load(folder, "variant_same_component_twice"), "source \"variant\" is there twice");
  EXPECT_EQ(load(folder, "variant_small_vtab"), "source \"variant\": struct_size is 64, ABI 1.0 has 80");
  EXPECT_EQ(load(folder, "variant_null_slot"), "source \"variant\": slot horizon is NULL");
  EXPECT_EQ(load(folder, "variant_no_validate"), "source \"variant\": validate is NULL");
}

TEST(Registry, RefusesOptionsThatMakeNoSense) {
  const PluginFolder folder;
  EXPECT_EQ(load(folder, "variant_option_type"), "source \"variant\": option \"speed\": unknown type 99");
  EXPECT_EQ(load(folder, "variant_option_name"), "source \"variant\": an option's name is not [a-z][a-z0-9_]*");
  EXPECT_EQ(load(folder, "variant_option_default"), "source \"variant\": option \"speed\": the default \"quick\" does not fit the type");
  EXPECT_THAT(load(folder, "variant_option_range"), testing::StartsWith("source \"variant\": option \"wait\": the default: "));
  EXPECT_EQ(load(folder, "variant_option_key"), "source \"variant\": option \"plugin\": the name is a key of [warehouse]");
  EXPECT_EQ(load(folder, "variant_option_secret"), "source \"variant\": option \"password\": a secret or required option has a default");
  EXPECT_EQ(load(folder, "variant_option_twice"), "source \"variant\": two options are named \"speed\"");
}

TEST(Registry, RefusesAModuleThatCannotStart) {
  EXPECT_EQ(load(PluginFolder(), "variant_init_fails"), "variant: init: the licence has expired");
}

TEST(Registry, RefusesTheSameModuleFromTwoFiles) {
  const PluginFolder folder;
  folder.add("counting", "a.so");
  folder.add("counting", "b.so");
  Registry registry({});
  const std::string at = folder.path().string();
  EXPECT_EQ(messages(registry.load_directory(folder.path())),
            std::vector{"plugin \"" + at + "/b.so\": the module \"counting\" is already loaded from \"" + at + "/a.so\""});
}

// A component of a newer ABI minor's kind: this host cannot use it, and need not.
TEST(Registry, SkipsKindsOfANewerMinor) {
  const PluginFolder folder;
  std::string bytes = test::read_bytes(test::built_plugin("variant_unknown_kind"));
  bytes[bytes.find("Penstock\0"s) + 16] = 1;
  // The module's head: magic, struct_size, abi_major, abi_minor.
  const std::string head = "PSTK"s + "\x58\0\0\0"s + "\1\0\0\0"s;
  bytes[bytes.find(head) + head.size()] = 1;
  Registry registry({});
  EXPECT_EQ(outcome(registry.load_file(folder.write("a.so", bytes))), "OK");
  EXPECT_EQ(registry.ids(PENSTOCK_KIND_SOURCE), std::vector<std::string>{});
}

TEST(Registry, RefusesAComponentThatAnotherFileProvides) {
  const PluginFolder folder;
  folder.add("variant", "a.so");
  folder.add("variant_other_module", "b.so");
  Registry registry({});
  const std::string at = folder.path().string();
  EXPECT_EQ(messages(registry.load_directory(folder.path())),
            std::vector{"plugin \"" + at + "/b.so\": source \"variant\" is already provided by \"" + at + "/a.so\""});
}

TEST(Registry, StartsAModuleOnceAProcess) {
  const PluginFolder folder;
  const std::string file = folder.add("variant", "a.so");
  Heard first, second;
  Registry one(first.hooks());
  EXPECT_EQ(outcome(one.load_file(file)), "OK");
  Registry two(second.hooks());
  EXPECT_EQ(outcome(two.load_file(file)), "OK");
  EXPECT_EQ(first.metrics(), (std::map<std::string, double>{{"variant.inits", 1}}));
  EXPECT_EQ(second.metrics(), (std::map<std::string, double>{}));
  EXPECT_EQ(one.plugins()[0]->module, two.plugins()[0]->module);
}

TEST(Registry, EndsModulesWhenItShutsDown) {
  const PluginFolder folder;
  const std::string file = folder.add("variant", "a.so");
  const std::string trace = folder.file("trace");
  setenv("PENSTOCK_TEST_DEINIT", trace.c_str(), 1);
  Registry registry({});
  ASSERT_EQ(outcome(registry.load_file(file)), "OK");
  registry.shut_down();
  registry.shut_down();
  unsetenv("PENSTOCK_TEST_DEINIT");
  EXPECT_EQ(test::read_bytes(trace), "deinit\n");
  EXPECT_EQ(registry.find(PENSTOCK_KIND_SOURCE, "variant"), nullptr);
  Registry another({});
  EXPECT_EQ(outcome(another.load_file(file)), "plugin \"" + file + "\": was shut down; it cannot start again in this process");
}

// glibc knows a library by the name it was loaded under. Were that the number of a descriptor that is used again, the second
// file would be taken for the first.
TEST(Registry, TellsFilesApartThatAreLoadedOneAfterTheOther) {
  const PluginFolder folder;
  Registry one({}), two({});
  ASSERT_EQ(outcome(one.load_file(folder.add("counting", "a.so"))), "OK");
  ASSERT_EQ(outcome(two.load_file(folder.add("counting_back", "a-back.so"))), "OK");
  EXPECT_STREQ(one.plugins()[0]->module->id, "counting");
  EXPECT_STREQ(two.plugins()[0]->module->id, "counting_back");
}

size_t open_descriptors() {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST(Registry, KeepsNoDescriptorWhenALibraryIsLoadedAgain) {
  const PluginFolder folder;
  const std::string file = folder.add("counting", "a.so");
  const auto load_again = [&] { EXPECT_EQ(outcome(Registry({}).load_file(file)), "OK"); };
  load_again();
  const size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) load_again();
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Registry, AsksTheComponentAboutItsOptions) {
  const PluginFolder folder;
  Registry registry({});
  ASSERT_EQ(outcome(registry.load_file(folder.add("variant", "a.so"))), "OK");
  const Component& component = *registry.find(PENSTOCK_KIND_SOURCE, "variant");
  const auto with_speed = [&](int64_t speed) {
    return std::move(*resolve_options("test", {{"speed", {speed, {}}}}, component.declared->options, component.declared->n_options));
  };
  EXPECT_EQ(outcome(registry.validate(component, with_speed(3))), "OK");
  EXPECT_EQ(outcome(registry.validate(component, with_speed(9))), "variant: options: speed 9 needs another engine");
}

TEST(Registry, IsReadByManyThreadsAtOnce) {
  const PluginFolder folder;
  folder.add("counting", "a.so");
  folder.add("counting_back", "b.so");
  Registry registry({});
  ASSERT_EQ(registry.load_directory(folder.path()).size(), 0u);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const Component* component = registry.find(PENSTOCK_KIND_SOURCE, t % 2 == 0 ? "counting" : "counting_back");
        const auto source = registry.open_source(*component, ResolvedOptions(), {});
        const auto horizon = (*source)->horizon({}, {}, {});
        if (horizon && horizon->position.ordinal == (t % 2 == 0 ? 6 : -6)) ++good;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

}  // namespace
}  // namespace penstock::host
