#include "config/options.hpp"

#include "config/wipe.hpp"
#include "config_text.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <penstock/options.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace penstock::host {
namespace {

using namespace std::chrono_literals;

constexpr const char* kModes[] = {"fast", "safe", nullptr};
constexpr penstock_option_desc kUrl = string_option("url", "Where", nullptr, kRequired);
constexpr penstock_option_desc kPassword = string_option("password", "Secret", nullptr, kSecret);
constexpr penstock_option_desc kMode = choice_option("mode", "How", "safe", kModes);
constexpr penstock_option_desc kPort = int_option("port", "Port", "6379", 1, 65535);
constexpr penstock_option_desc kRatio = option(PENSTOCK_OPTION_DOUBLE, "ratio", "Ratio", "0.5");
constexpr penstock_option_desc kTls = bool_option("tls", "TLS", "false");
constexpr penstock_option_desc kTimeout = duration_option("timeout", "Timeout", "5s", 1ms, 1h);
constexpr penstock_option_desc kBuffer = size_option("buffer", "Buffer", "64KiB", 1024, 1 << 20);
constexpr penstock_option_desc kHosts = option(PENSTOCK_OPTION_STRING_LIST, "hosts", "Hosts", "[a, b]");
constexpr penstock_option_desc kHeaders = option(PENSTOCK_OPTION_STRING_MAP, "headers", "Headers", "x = 1, y = 2");
constexpr penstock_option_desc kNote = string_option("note", "Note");
constexpr std::array kAll = {&kUrl,     &kPassword, &kMode,  &kPort,    &kRatio, &kTls,
                             &kTimeout, &kBuffer,   &kHosts, &kHeaders, &kNote};

OptionInputs inputs(const std::string& lines) {
  auto loaded = parse_configuration({{"a.toml", "[store.s]\nplugin = \"x\"\n" + lines + "\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  return loaded.configuration.stores.at(0).options;
}

Texts check(const std::string& lines) {
  return texts(check_options("store \"s\"", {"a.toml", 1, 1}, inputs("url = \"u\"\n" + lines), kAll.data(), kAll.size()));
}

Result<ResolvedOptions> resolve(const OptionInputs& given) {
  return resolve_options("store \"s\"", given, kAll.data(), kAll.size());
}

class Environment {
 public:
  explicit Environment(const char* name, const char* value)
      : name_(name) {
    setenv(name, value, 1);
  }
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(CheckOptions, AcceptsWhatIsDeclared) {
  EXPECT_EQ(check("password = { env = \"NOT_SET\" }\nmode = \"fast\"\nport = 1\nratio = 1\ntls = true\ntimeout = "
                  "\"1h\"\nbuffer = \"1MiB\"\n"
                  "hosts = []\nheaders = { a = \"b\" }\nnote = { file = \"/none\" }"),
            Texts{});
  EXPECT_EQ(check("buffer = 2048"), Texts{});
}

TEST(CheckOptions, RefusesUnknownOptions) {
  EXPECT_EQ(check("prot = 1"), Texts{"a.toml:4:1: store \"s\": unknown option \"prot\" (did you mean \"port\"?)"});
  EXPECT_EQ(check("colour = 1"), Texts{"a.toml:4:1: store \"s\": unknown option \"colour\""});
}

TEST(CheckOptions, SuggestsTheKeysOfTheSectionToo) {
  const auto given = inputs("url = \"u\"\ntimestamp_feild = \"T\"");
  EXPECT_EQ(
      texts(check_options("batch_source \"b\"", {}, given, kAll.data(), kAll.size(), {"timestamp_field"})),
      Texts{"a.toml:4:1: batch_source \"b\": unknown option \"timestamp_feild\" (did you mean \"timestamp_field\"?)"});
}

TEST(CheckOptions, NeedsRequiredOptions) {
  EXPECT_EQ(texts(check_options("store \"s\"", {"a.toml", 1, 8}, {}, kAll.data(), kAll.size())),
            Texts{"a.toml:1:8: store \"s\": option \"url\" is missing"});
}

TEST(CheckOptions, ChecksTypes) {
  EXPECT_EQ(check("mode = 1\nport = \"1\"\nratio = \"x\"\ntls = 1\ntimeout = 5\nbuffer = true\nhosts = \"a\"\nheaders = "
                  "[\"a\"]\nnote = {}"),
            (Texts{"a.toml:4:1: store \"s\": mode: expected a string, found an integer",
                   "a.toml:5:1: store \"s\": port: expected an integer, found a string",
                   "a.toml:6:1: store \"s\": ratio: expected a number, found a string",
                   "a.toml:7:1: store \"s\": tls: expected true or false, found an integer",
                   "a.toml:8:1: store \"s\": timeout: expected a duration like \"5m\", found an integer",
                   "a.toml:9:1: store \"s\": buffer: expected a size like \"8MiB\", found a boolean",
                   "a.toml:10:1: store \"s\": hosts: expected a list of strings, found a string",
                   "a.toml:11:1: store \"s\": headers: expected a table of strings, found a list",
                   "a.toml:12:1: store \"s\": note: expected a string, found a table"}));
  EXPECT_EQ(check("headers = { env = \"HEADERS\" }"),
            Texts{"a.toml:4:1: store \"s\": headers: expected a table of strings, found a reference"});
  EXPECT_EQ(check("ratio = inf"), Texts{"a.toml:4:1: store \"s\": ratio: is not a finite number"});
  EXPECT_EQ(check("port = { env = \"PORT\" }"),
            Texts{"a.toml:4:1: store \"s\": port: expected an integer, found a reference"});
}

TEST(CheckOptions, ChecksRangesAndChoicesAndForms) {
  EXPECT_EQ(check("port = 70000\ntimeout = \"2h\"\nbuffer = \"1B\"\nmode = \"save\""),
            (Texts{"a.toml:4:1: store \"s\": port: 70000 is out of range: 1 to 65535",
                   "a.toml:5:1: store \"s\": timeout: 2h is out of range: 1ms to 1h",
                   "a.toml:6:1: store \"s\": buffer: 1B is out of range: 1KiB to 1MiB",
                   "a.toml:7:1: store \"s\": mode: \"save\" is not one of \"fast\", \"safe\" (did you mean \"safe\"?)"}));
  EXPECT_EQ(check("timeout = \"soon\"\nbuffer = \"big\""),
            (Texts{"a.toml:4:1: store \"s\": timeout: \"soon\" is not a duration: write it like \"500ms\", \"90s\", "
                   "\"5m\", \"1h\" or \"365d\"",
                   "a.toml:5:1: store \"s\": buffer: \"big\" is not a size: write it like \"512B\", \"64KiB\", \"8MiB\" "
                   "or \"1GiB\""}));
}

TEST(CheckOptions, RefusesALiteralSecretWithoutRepeatingIt) {
  const Texts expected{
      "a.toml:4:1: store \"s\": password: a secret is written by reference only: password = { env = \"NAME\" }, "
      "password = { file = \"/path\" } or password = { credential = \"name\" }"};
  for (const std::string value : {"\"hunter2\"", "42", "[\"hunter2\"]", "{ a = \"hunter2\" }", "true"})
    EXPECT_EQ(check("password = " + value), expected) << value;
}

TEST(CheckOptions, ReportsADefaultThatThePluginDoesNotAllow) {
  const penstock_option_desc wrong = int_option("n", "N", "many", 1, 2);
  const penstock_option_desc* declared[] = {&wrong};
  EXPECT_EQ(texts(check_options("store \"s\"", {"a.toml", 1, 1}, {}, declared, 1)),
            Texts{"a.toml:1:1: store \"s\": n: the plugin declares a default that it does not allow itself"});
}

TEST(ResolveOptions, GivesDefaultsAndNothingForTheRest) {
  const auto resolved = resolve(inputs("url = \"u\""));
  ASSERT_TRUE(resolved.ok()) << resolved.failure().message;
  const Options options(resolved->get());
  EXPECT_EQ(options.text("url"), "u");
  EXPECT_FALSE(options.has("password"));
  EXPECT_FALSE(options.has("note"));
  EXPECT_EQ(options.text("mode"), "safe");
  EXPECT_EQ(options.integer("port"), 6379);
  EXPECT_EQ(options.number("ratio"), 0.5);
  EXPECT_FALSE(options.boolean("tls"));
  EXPECT_EQ(options.duration("timeout"), 5s);
  EXPECT_EQ(options.size("buffer"), 65536);
  EXPECT_EQ(options.list("hosts"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.map("headers"), (std::vector<std::pair<std::string, std::string>>{{"x", "1"}, {"y", "2"}}));
}

TEST(ResolveOptions, GivesWhatWasWritten) {
  const auto resolved =
      resolve(inputs("url = \"u\"\nmode = \"fast\"\nport = 1\nratio = 2\ntls = true\ntimeout = \"90s\"\nbuffer = 4096\n"
                     "hosts = [\"c\"]\nheaders = { k = \"v\" }\nnote = \"\""));
  ASSERT_TRUE(resolved.ok()) << resolved.failure().message;
  const Options options(resolved->get());
  EXPECT_EQ(options.text("mode"), "fast");
  EXPECT_EQ(options.integer("port"), 1);
  EXPECT_EQ(options.number("ratio"), 2);
  EXPECT_TRUE(options.boolean("tls"));
  EXPECT_EQ(options.duration("timeout"), 90s);
  EXPECT_EQ(options.size("buffer"), 4096);
  EXPECT_EQ(options.list("hosts"), (std::vector<std::string>{"c"}));
  EXPECT_EQ(options.map("headers"), (std::vector<std::pair<std::string, std::string>>{{"k", "v"}}));
  EXPECT_EQ(options.text("note"), "");
}

TEST(ResolveOptions, ReadsSecretsNow) {
  const auto given = inputs("url = { env = \"PENSTOCK_TEST_URL\" }\npassword = { env = \"PENSTOCK_TEST_PASSWORD\" }");
  const Environment url("PENSTOCK_TEST_URL", "redis://h");
  {
    const Environment password("PENSTOCK_TEST_PASSWORD", "first");
    EXPECT_EQ(Options(resolve(given)->get()).text("password"), "first");
  }
  const Environment password("PENSTOCK_TEST_PASSWORD", "second");
  const auto resolved = resolve(given);
  EXPECT_EQ(Options(resolved->get()).text("password"), "second");
  EXPECT_EQ(Options(resolved->get()).text("url"), "redis://h");
}

TEST(ResolveOptions, StaysValidWhenMoved) {
  auto resolved = resolve(inputs("url = \"u\"\nhosts = [\"long enough to be on the heap, one would think\"]"));
  ResolvedOptions moved;
  moved = std::move(*resolved);
  EXPECT_EQ(Options(moved.get()).list("hosts"),
            (std::vector<std::string>{"long enough to be on the heap, one would think"}));
}

TEST(ResolveOptions, NamesTheReferenceAndNotTheValueWhenASecretIsMissing) {
  const auto resolved = resolve(inputs("url = \"u\"\npassword = { env = \"PENSTOCK_TEST_NOT_SET\" }"));
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.failure().message,
            "store \"s\": password: environment variable \"PENSTOCK_TEST_NOT_SET\" is not set");
  EXPECT_EQ(resolved.failure().status, PENSTOCK_STATUS_NOT_FOUND);
}

TEST(ResolveOptions, RefusesAReferenceOutsideTheChoicesWithoutRepeatingIt) {
  const Environment mode("PENSTOCK_TEST_MODE", "hunter2");
  const auto resolved = resolve(inputs("url = \"u\"\nmode = { env = \"PENSTOCK_TEST_MODE\" }"));
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.failure().message, "store \"s\": mode: the value of the reference is not one of the choices");
}

TEST(ResolveOptions, FailsOnOptionsThatWereNotChecked) {
  EXPECT_EQ(resolve({}).failure().message, "store \"s\": option \"url\" is missing");
  EXPECT_EQ(resolve(inputs("url = 1")).failure().message, "store \"s\": url: expected a string, found an integer");
}

class ReadSecret : public testing::Test {
 protected:
  ReadSecret() {
    std::string pattern = std::filesystem::temp_directory_path() / "penstock-secret-XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~ReadSecret() override { std::filesystem::remove_all(folder_); }

  Result<std::string> read(const std::string& content) const {
    std::ofstream(folder_ / "s", std::ios::binary) << content;
    return read_secret({SecretReference::Kind::file, folder_ / "s"});
  }
  std::string file() const { return "secret file \"" + (folder_ / "s").string() + "\""; }

  std::filesystem::path folder_;
};

TEST_F(ReadSecret, TakesAFileWithoutItsLastLineEnd) {
  EXPECT_EQ(read("hunter2").value(), "hunter2");
  EXPECT_EQ(read("hunter2\n").value(), "hunter2");
  EXPECT_EQ(read("hunter2\r\n").value(), "hunter2");
  EXPECT_EQ(read(" hunter2 \n\n").value(), " hunter2 \n");
  EXPECT_EQ(read(std::string(65536, 'x') + "\n").value(), std::string(65536, 'x'));
}

TEST_F(ReadSecret, RefusesFilesThatHoldNoSecret) {
  EXPECT_EQ(read("").failure().message, file() + " is empty");
  EXPECT_EQ(read("\n").failure().message, file() + " is empty");
  EXPECT_EQ(read(std::string(65537, 'x')).failure().message, file() + " is larger than 64 KiB");
  EXPECT_EQ(read(std::string("a\0b", 3)).failure().message, file() + " holds a NUL byte");
}

TEST_F(ReadSecret, FailsForMissingFilesFoldersAndPipes) {
  EXPECT_EQ(read_secret({SecretReference::Kind::file, folder_ / "s"}).failure().message,
            file() + ": No such file or directory");
  EXPECT_EQ(read_secret({SecretReference::Kind::file, folder_}).failure().message,
            "secret file \"" + folder_.string() + "\" is not a regular file");
  ASSERT_EQ(mkfifo((folder_ / "s").c_str(), 0600), 0);
  EXPECT_EQ(read_secret({SecretReference::Kind::file, folder_ / "s"}).failure().message,
            file() + " is not a regular file");
}

TEST_F(ReadSecret, FindsCredentialsInSystemdsFolder) {
  std::ofstream(folder_ / "db") << "hunter2\n";
  EXPECT_EQ(read_secret({SecretReference::Kind::credential, "db"}).failure().message,
            "credential \"db\": CREDENTIALS_DIRECTORY is not set; systemd sets it for units with LoadCredential=");
  const Environment directory("CREDENTIALS_DIRECTORY", folder_.c_str());
  EXPECT_EQ(read_secret({SecretReference::Kind::credential, "db"}).value(), "hunter2");
  EXPECT_EQ(read_secret({SecretReference::Kind::credential, "none"}).failure().message,
            "credential \"none\": No such file or directory");
}

TEST_F(ReadSecret, RefusesAnEmptyVariable) {
  const Environment variable("PENSTOCK_TEST_EMPTY", "");
  EXPECT_EQ(read_secret({SecretReference::Kind::env, "PENSTOCK_TEST_EMPTY"}).failure().message,
            "environment variable \"PENSTOCK_TEST_EMPTY\" is empty");
}

TEST(Wipe, LeavesNothingBehind) {
  std::string secret = "a secret long enough to be on the heap";
  const char* bytes = secret.data();
  const size_t size = secret.size();
  wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

static_assert(!std::is_copy_constructible_v<ResolvedOptions>);

}  // namespace
}  // namespace penstock::host
