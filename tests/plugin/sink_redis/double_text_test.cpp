// Texts are stored and compared by other programs, so they are the library's to the last byte.
#include "sink_redis/double_text.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>

namespace penstock::redis {
namespace {

std::string ours(double value) {
  char text[kDoubleTextBytes];
  return {text, write_double(text, value)};
}

std::string theirs(double value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// The value, its neighbours, and the same below zero.
void expect_equal(double value) {
  constexpr double kEnd = std::numeric_limits<double>::infinity();
  for (const double one : {value, std::nextafter(value, 0.0), std::nextafter(value, kEnd), -value}) ASSERT_EQ(ours(one), theirs(one));
}

TEST(DoubleText, IsTheLibrarysForEveryPowerOfTwoAndOfTen) {
  for (int exponent = -1074; exponent <= 1023; ++exponent) expect_equal(std::ldexp(1.0, exponent));
  for (int exponent = -323; exponent <= 308; ++exponent) expect_equal(std::strtod(("1e" + std::to_string(exponent)).c_str(), nullptr));
}

TEST(DoubleText, IsTheLibrarysForWhatIsNotANormalNumber) {
  using D = std::numeric_limits<double>;
  for (const double value : {0.0, D::denorm_min(), D::min(), D::max(), D::infinity(), 9007199254740991.0, 9007199254740992.0, 1e22, 1e23}) expect_equal(value);
}

TEST(DoubleText, IsTheLibrarysForRandomNumbersOfEveryKind) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto bits = random();
    double any = 0;
    std::memcpy(&any, &bits, sizeof any);
    if (!std::isnan(any)) expect_equal(any);
    const auto whole = static_cast<double>(random() >> (random() % 64));
    expect_equal(whole);
    expect_equal(whole / 7);
    expect_equal(whole / 100);
    expect_equal(whole / 4);
    expect_equal(std::ldexp(static_cast<double>(random() >> 11), -53));
    expect_equal(std::strtod((std::to_string(random() % 100'000) + "e" + std::to_string(static_cast<int>(random() % 620) - 310)).c_str(), nullptr));
  }
}

}  // namespace
}  // namespace penstock::redis
