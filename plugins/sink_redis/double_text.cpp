#include "sink_redis/double_text.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>

// Raffaello Giulietti's Schubfach: the interval of decimals that read back as the value is computed exactly enough with three
// multiplications by a power of ten of 128 bits, and one of at most four candidates is taken. The library's Ryu takes digits off one by one.
namespace penstock::redis {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kFirstPower = -292, kLastPower = 324;

struct Power {
  uint64_t high, low;  // the leading 128 bits of a power of ten, rounded up
};
using Powers = std::array<Power, kLastPower - kFirstPower + 1>;

// A whole number, the least significant word first.
using Number = std::array<uint32_t, 40>;

constexpr Power leading_bits(const Number& number, bool exact) {
  size_t top = number.size() - 1;
  while (number[top] == 0) --top;
  const int shift = std::countl_zero(number[top]);
  const auto word = [&](size_t below) -> uint64_t {  // as of the number shifted so that its first bit is set
    const uint64_t pair = uint64_t{below <= top ? number[top - below] : 0} << 32 | (below + 1 <= top ? number[top - below - 1] : 0);
    return (pair << shift) >> 32;
  };
  Power out{word(0) << 32 | word(1), word(2) << 32 | word(3)};
  exact = exact && (word(4) == 0);
  for (size_t below = 5; below <= top; ++below) exact = exact && number[top - below] == 0;
  if (!exact && ++out.low == 0) ++out.high;
  return out;
}

constexpr Powers make_powers() {
  Powers powers{};
  Number number{1};
  for (int k = 0; k <= kLastPower; ++k) {
    powers[static_cast<size_t>(k - kFirstPower)] = leading_bits(number, true);
    uint64_t carry = 0;
    for (uint32_t& word : number) {
      carry += uint64_t{word} * 10;
      word = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
  }
  number = {};
  number.back() = uint32_t{1} << 31;  // divided by 10 292 times it still has more than 128 bits
  for (int k = -1; k >= kFirstPower; --k) {
    uint64_t rest = 0;
    for (size_t i = number.size(); i-- > 0;) {
      rest = rest << 32 | number[i];
      number[i] = static_cast<uint32_t>(rest / 10);
      rest %= 10;
    }
    powers[static_cast<size_t>(k - kFirstPower)] = leading_bits(number, false);
  }
  return powers;
}
constexpr Powers kPowers = make_powers();

constexpr int kMantissaBits = 52, kExponentBias = 1075;

// floor(log2(10^k)) and floor(log10(2^q)), or of three quarters of it
int log2_of_power(int k) { return (k * 1741647) >> 19; }
int log10_of_power(int q, bool three_quarters) { return (q * 1262611 - (three_quarters ? 524031 : 0)) >> 22; }

// The upper 64 bits of the product, the last of which also says whether anything was cut off.
uint64_t round_to_odd(Power power, uint64_t factor) {
  const Wide low = static_cast<Wide>(power.low) * factor;
  const Wide product = static_cast<Wide>(power.high) * factor + static_cast<uint64_t>(low >> 64);
  return static_cast<uint64_t>(product >> 64) | (static_cast<uint64_t>(product) > 1);
}

struct Decimal {
  uint64_t digits;
  int exponent;
};

Decimal shortest(uint64_t mantissa, int biased) {
  const uint64_t c = biased != 0 ? mantissa | uint64_t{1} << kMantissaBits : mantissa;
  const int q = (biased != 0 ? biased : 1) - kExponentBias;
  if (q <= 0 && q >= -kMantissaBits && (c & ((uint64_t{1} << -q) - 1)) == 0) return {c >> -q, 0};
  // Below a power of two the doubles are twice as dense.
  const bool lower_is_closer = mantissa == 0 && biased > 1;
  const bool even = (c & 1) == 0;
  const int k = log10_of_power(q, lower_is_closer);
  const int shift = q + log2_of_power(-k) + 1;
  const Power power = kPowers[static_cast<size_t>(-k - kFirstPower)];
  const uint64_t lowest = round_to_odd(power, (4 * c - 2 + lower_is_closer) << shift) + !even;
  const uint64_t value = round_to_odd(power, 4 * c << shift);
  const uint64_t highest = round_to_odd(power, (4 * c + 2) << shift) - !even;
  // One digit less, if only one of the two neighbours of that length reads back; otherwise all digits, of the two the nearer.
  // Without branches, which would be guessed wrong as often as not.
  const uint64_t below = value / 4, tens = below / 10;
  const bool ten_down = lowest <= 40 * tens, ten_up = 40 * tens + 40 <= highest;
  const bool down = lowest <= 4 * below, up = 4 * below + 4 <= highest;
  const uint64_t middle = 4 * below + 2;
  const bool nearer_up = (value > middle) | ((value == middle) & ((below & 1) != 0));
  const bool fewer = (below >= 10) & (ten_down != ten_up);
  return {fewer ? tens + ten_up : below + (down != up ? up : nearer_up), k + fewer};
}

constexpr int kMostDigits = 17;

constexpr auto kUnits = [] {
  std::array<uint64_t, 20> units{1};
  for (size_t i = 1; i < units.size(); ++i) units[i] = units[i - 1] * 10;
  return units;
}();

int digit_count(uint64_t value) {
  const int guess = (std::bit_width(value) * 1233) >> 12;
  return guess + (value >= kUnits[static_cast<size_t>(guess)]);
}

// The eight digits of a number below 10^8, a byte each, the first one lowest.
uint64_t spread(uint32_t number) {
  const uint64_t fours = number / 10'000 | uint64_t{number % 10'000} << 32;
  const uint64_t hundreds = ((fours * 10'486) >> 20) & 0x7f'0000'007f;
  const uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  const uint64_t tens = ((twos * 103) >> 10) & 0x000f'000f'000f'000f;
  return tens | (twos - tens * 10) << 8;
}

void store(char* at, uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(at, &word, sizeof word);
}

// Seventeen digits, zeros behind the last that counts.
struct Digits {
  char lead;
  uint64_t a, b;  // eight each
  int count;      // without trailing zeros

  explicit Digits(uint64_t number) {
    const uint64_t sixteen = number % kUnits[16];
    const uint64_t first = spread(static_cast<uint32_t>(sixteen / kUnits[8])), second = spread(static_cast<uint32_t>(sixteen % kUnits[8]));
    count = kMostDigits - (second != 0 ? std::countl_zero(second) / 8 : 8 + std::countl_zero(first) / 8);
    lead = static_cast<char>('0' + number / kUnits[16]);
    a = first | kZeros;
    b = second | kZeros;
  }

  void write(char* at) const {
    *at = lead;
    store(at + 1, a);
    store(at + 9, b);
  }
  // With a point behind the first `whole`, 1 to 16.
  void write_with_point(char* at, int whole) const {
    if (whole > 7) {
      write(at);
      std::memmove(at + whole + 1, at + whole, 9);
      at[whole] = '.';
      return;
    }
    const uint64_t eight = static_cast<unsigned char>(lead) | a << 8, before = (uint64_t{1} << (8 * whole)) - 1;
    store(at, (eight & before) | uint64_t{'.'} << (8 * whole) | (eight & ~before) << 8);
    at[8] = static_cast<char>(eight >> 56);
    store(at + 9, a >> 56 | b << 8);
    at[17] = static_cast<char>(b >> 56);
  }

 private:
  static constexpr uint64_t kZeros = 0x3030'3030'3030'3030;
};

}  // namespace

char* write_double(char* at, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const uint64_t mantissa = bits & ((uint64_t{1} << kMantissaBits) - 1);
  const auto biased = static_cast<int>((bits >> kMantissaBits) & 2047);
  // What is not finite; and large numbers, all of whose digits are written when there are not too many.
  if (biased > kExponentBias) return std::to_chars(at, at + kDoubleTextBytes, value).ptr;
  *at = '-';
  at += bits >> 63;
  if ((bits << 1) == 0) return *at = '0', at + 1;
  const Decimal decimal = shortest(mantissa, biased);
  const int length = digit_count(decimal.digits);
  const Digits digits(decimal.digits * kUnits[static_cast<size_t>(kMostDigits - length)]);
  const int power = decimal.exponent + length - 1;  // of the first digit
  const int count = digits.count, exponent = power - count + 1;
  // The shorter of the two forms, and the one without an exponent when they are as long.
  const bool one = count == 1;
  if (exponent >= -(count + (one ? 2 : 3)) && exponent <= (one ? 4 : 5)) {
    if (exponent >= 0) {
      digits.write(at);
      if (exponent > 0) std::memset(at + count, '0', 5);
      return at + power + 1;
    }
    if (power >= 0) {
      digits.write_with_point(at, power + 1);
      return at + count + 1;
    }
    std::memcpy(at, "0.000000", 8);
    digits.write(at + 1 - power);
    return at + 2 - exponent;
  }
  *at = digits.lead;
  at[1] = '.';
  store(at + 2, digits.a);
  store(at + 10, digits.b);
  at += one ? 1 : count + 1;
  *at++ = 'e';
  *at++ = power < 0 ? '-' : '+';
  const int size = power < 0 ? -power : power;
  if (size >= 100) *at++ = static_cast<char>('0' + size / 100);
  *at++ = static_cast<char>('0' + size / 10 % 10);
  *at++ = static_cast<char>('0' + size % 10);
  return at;
}

}  // namespace penstock::redis
