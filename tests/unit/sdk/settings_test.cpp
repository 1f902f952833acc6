#include <penstock/penstock.hpp>
#include <penstock/testing/fake_options.hpp>
#include <penstock/testing/source_driver.hpp>
#include <penstock/testing/validate.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;
using Given = std::map<std::string, std::string>;

enum class Mode { fast, safe };
constexpr Choice<Mode> kModes[] = {{"fast", Mode::fast}, {"safe", Mode::safe}};
constexpr const char* kColours[] = {"red", "green"};

struct Settings {
  std::string path;
  std::string colour;
  Mode mode = Mode::fast;
  uint16_t port = 0;
  int64_t offset = 0;
  std::optional<int> pool;
  bool tls = false;
  double ratio = 0;
  std::chrono::nanoseconds timeout{};
  std::chrono::duration<int64_t, std::milli> pause{};
  ByteCount buffer;
  std::optional<std::string> password;
  std::vector<std::string> hosts;
  std::map<std::string, std::string> types;
};

// A source that has nothing but options.
class Configured final : public Source {
 public:
  static constexpr ComponentInfo kInfo{"configured", "Configured", "For the tests of options."};
  static constexpr auto kOptions = options_of(
      bound<&Settings::path>({.name = "path", .doc = "Where.", .required = true}),
      bound<&Settings::colour>({.name = "colour", .doc = "Which.", .default_value = "red", .choices = kColours}),
      bound<&Settings::mode>({.name = "mode", .doc = "How.", .default_value = "safe", .choices = kModes}),
      bound<&Settings::port>({.name = "port", .doc = "Port.", .default_value = "6379", .min = 1}),
      bound<&Settings::offset>({.name = "offset", .doc = "Offset.", .default_value = "-5"}),
      bound<&Settings::pool>({.name = "pool", .doc = "Connections.", .max = 8}),
      bound<&Settings::tls>({.name = "tls", .doc = "TLS.", .default_value = "true"}),
      bound<&Settings::ratio>({.name = "ratio", .doc = "Ratio.", .default_value = "0.5"}),
      bound<&Settings::timeout>({.name = "timeout", .doc = "Timeout.", .default_value = "5s", .min = 1ms, .max = 1h}),
      bound<&Settings::pause>({.name = "pause", .doc = "Pause.", .default_value = "20ms"}),
      bound<&Settings::buffer>({.name = "buffer", .doc = "Buffer.", .default_value = "64KiB", .min = 1024, .max = 1 << 20}),
      bound<&Settings::password>({.name = "password", .doc = "Secret.", .secret = true}),
      bound<&Settings::hosts>({.name = "hosts", .doc = "Hosts."}), bound<&Settings::types>({.name = "types", .doc = "Types."}));

  Configured(const Call&, const Settings& settings) : settings_(settings) {}
  static void validate(const Settings& settings) {
    if (settings.path.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "path is empty");
  }
  Schema describe(const Call&, const Table&) override { return {{settings_.path, Type::utf8}}; }
  Horizon horizon(const Call&, const Table&, const Cursor&) override { return {}; }
  std::unique_ptr<RowStream> scan(const Call&, const Scan&, const std::string&, ScanInfo&) override { return nullptr; }

 private:
  Settings settings_;
};

const penstock_component& configured() { return *source<Configured>(); }

Settings settings(const Given& given) {
  return Configured::kOptions.read(Options(testing::FakeOptions(configured().options, configured().n_options, given).get()));
}

const penstock_option_desc& declared(std::string_view name) {
  for (uint64_t i = 0; i < configured().n_options; ++i)
    if (name == configured().options[i]->name) return *configured().options[i];
  throw std::runtime_error("not declared");
}

TEST(Settings, AreFilledFromDefaults) {
  const Settings s = settings({{"path", "/x"}});
  EXPECT_EQ(s.path, "/x");
  EXPECT_EQ(s.colour, "red");
  EXPECT_EQ(s.mode, Mode::safe);
  EXPECT_EQ(s.port, 6379);
  EXPECT_EQ(s.offset, -5);
  EXPECT_EQ(s.pool, std::nullopt);
  EXPECT_TRUE(s.tls);
  EXPECT_EQ(s.ratio, 0.5);
  EXPECT_EQ(s.timeout, 5s);
  EXPECT_EQ(s.pause, 20ms);
  EXPECT_EQ(s.buffer, 65536);
  EXPECT_EQ(s.password, std::nullopt);
  EXPECT_TRUE(s.hosts.empty() && s.types.empty());
}

TEST(Settings, AreFilledFromWhatIsGiven) {
  const Settings s = settings({{"path", "/x"},
                               {"mode", "fast"},
                               {"port", "1"},
                               {"pool", "3"},
                               {"tls", "false"},
                               {"pause", "2s"},
                               {"password", "p"},
                               {"hosts", "a,b"},
                               {"types", "k=v"}});
  EXPECT_EQ(s.mode, Mode::fast);
  EXPECT_EQ(s.port, 1);
  EXPECT_EQ(s.pool, 3);
  EXPECT_FALSE(s.tls);
  EXPECT_EQ(s.pause, 2s);
  EXPECT_EQ(s.password, "p");
  EXPECT_EQ(s.hosts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(s.types, (Given{{"k", "v"}}));
}

TEST(Settings, MakeTheTableThatTheHostSees) {
  EXPECT_EQ(configured().n_options, 14u);
  EXPECT_EQ(declared("path").flags, PENSTOCK_OPTION_REQUIRED);
  EXPECT_EQ(declared("password").flags, PENSTOCK_OPTION_SECRET);
  EXPECT_EQ(declared("mode").type, PENSTOCK_OPTION_STRING);
  EXPECT_STREQ(declared("mode").choices[1], "safe");
  EXPECT_EQ(declared("mode").choices[2], nullptr);
  EXPECT_STREQ(declared("colour").choices[0], "red");
  EXPECT_EQ(declared("path").choices, nullptr);
  EXPECT_EQ(declared("port").min, 1);
  EXPECT_EQ(declared("port").max, 65535);
  EXPECT_EQ(declared("offset").min, std::numeric_limits<int64_t>::min());
  EXPECT_EQ(declared("pool").max, 8);
  EXPECT_EQ(declared("timeout").min, 1'000'000);
  EXPECT_EQ(declared("timeout").type, PENSTOCK_OPTION_DURATION);
  EXPECT_EQ(declared("buffer").type, PENSTOCK_OPTION_SIZE);
  EXPECT_STREQ(declared("buffer").default_value, "64KiB");
  EXPECT_EQ(declared("types").type, PENSTOCK_OPTION_STRING_MAP);
}

TEST(Settings, GoToTheConstructorAndToValidate) {
  testing::SourceDriver driver(configured(), {{"path", "column"}});
  EXPECT_EQ(driver.describe({}), (Schema{{"column", Type::utf8}}));
  EXPECT_EQ(testing::validate_options(configured(), {{"path", "x"}}).status, PENSTOCK_STATUS_OK);
  EXPECT_EQ(testing::validate_options(configured(), {{"path", ""}}).message, "path is empty");
}

TEST(Settings, AreTheSameFromAnOlderHostANewerOneAndAnotherThread) {
  for (const testing::HostShape& shape : {testing::kFirstHost, testing::kNewerHost, testing::HostShape{.thread_per_call = true}}) {
    testing::SourceDriver driver(configured(), {{"path", "column"}}, shape);
    EXPECT_EQ(driver.describe({}), (Schema{{"column", Type::utf8}}));
  }
}

TEST(Settings, AValueThatTheHostShouldHaveRefusedIsAnError) {
  EXPECT_EQ(testing::validate_options(configured(), {{"path", "x"}, {"mode", "slow"}}).message,
            "option \"mode\" has a value that is none of its choices");
  EXPECT_EQ(testing::validate_options(configured(), {{"path", "x"}, {"port", "70000"}}).message,
            "option \"port\" has a value outside its range");
  EXPECT_EQ(testing::validate_options(configured(), {}).message, "option \"path\" was read but has no value of that type");
}

}  // namespace
}  // namespace penstock
