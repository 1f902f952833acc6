// Declarations that must not compile. refusals.sh sees to it that the compiler says what stands behind each, of its line. (Of equal
// messages in succession it shows only the first.)
#include <penstock/settings.hpp>

using namespace penstock;
using namespace std::chrono_literals;

enum class Mode { fast, safe };
constexpr Choice<Mode> kModes[] = {{"fast", Mode::fast}, {"safe", Mode::safe}};
constexpr const char* kColours[] = {"red", "green"};

struct Settings {
  std::string text;
  std::optional<std::string> secret;
  std::optional<int64_t> maybe;
  int64_t number;
  uint8_t small;
  bool on;
  double ratio;
  std::chrono::nanoseconds timeout;
  ByteCount size;
  Mode mode;
};

constexpr auto a = bound<&Settings::text>({.name = "Text", .doc = "d", .required = true});  // refused: name is [a-z][a-z0-9_]*
constexpr auto b = bound<&Settings::text>({.name = "t", .doc = "", .required = true});  // refused: an option has a doc
constexpr auto c = bound<&Settings::text>({.name = "t", .doc = "d"});  // refused: an option that may be absent needs a std::optional
constexpr auto d = bound<&Settings::text>({.name = "t", .doc = "d", .default_value = "x", .required = true});  // refused: a required option has no default
constexpr auto e = bound<&Settings::text>({.name = "t", .doc = "d", .default_value = "x", .secret = true});  // refused: a secret option has no default
constexpr auto f = bound<&Settings::text>({.name = "t", .doc = "d", .default_value = "blue", .choices = kColours});  // refused: the default is not one of the choices
constexpr auto h = bound<&Settings::mode>({.name = "m", .doc = "d", .default_value = "slow"});  // refused: an option that is an enum has choices
constexpr auto g = bound<&Settings::mode>({.name = "m", .doc = "d", .default_value = "slow", .choices = kModes});  // refused: the default is not one of the choices
constexpr auto i = bound<&Settings::maybe>({.name = "m", .doc = "d", .default_value = "1"});  // refused: an option with a default is always there
constexpr auto j = bound<&Settings::maybe>({.name = "m", .doc = "d", .required = true});  // refused: a required option is always there
constexpr auto k = bound<&Settings::number>({.name = "n", .doc = "d", .default_value = "9", .min = 1, .max = 8});  // refused: the default is outside the range
constexpr auto l = bound<&Settings::number>({.name = "n", .doc = "d", .default_value = "x"});  // refused: the default has no number
constexpr auto m = bound<&Settings::number>({.name = "n", .doc = "d", .min = 2, .max = 1, .required = true});  // refused: the smallest value is greater
constexpr auto n = bound<&Settings::small>({.name = "s", .doc = "d", .max = 256, .required = true});  // refused: type does not hold the range
constexpr auto o = bound<&Settings::small>({.name = "s", .doc = "d", .default_value = "256"});  // refused: the default is outside the range
constexpr auto p = bound<&Settings::timeout>({.name = "t", .doc = "d", .default_value = "5 s"});  // refused: does not end in a unit
constexpr auto q = bound<&Settings::timeout>({.name = "t", .doc = "d", .default_value = "2h", .max = 1h});  // refused: the default is outside the range
constexpr auto r = bound<&Settings::size>({.name = "s", .doc = "d", .default_value = "64"});  // refused: does not end in a unit
constexpr auto s = bound<&Settings::on>({.name = "o", .doc = "d", .default_value = "yes"});  // refused: the default of a switch is
constexpr auto t = bound<&Settings::ratio>({.name = "r", .doc = "d", .default_value = "0.5x"});  // refused: the default is not a number
constexpr auto u = bound<&Settings::on>({.name = "o", .doc = "d", .min = 1});  // refused: no
constexpr auto v = options_of(bound<&Settings::secret>({.name = "x", .doc = "d"}), bound<&Settings::maybe>({.name = "x", .doc = "d"}));  // refused: two options have the same name
