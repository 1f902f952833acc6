#include "numeric_text.hpp"

#include "big_endian.hpp"

namespace penstock::postgres {
namespace {

constexpr uint16_t kNegative = 0x4000;
constexpr uint16_t kNaN = 0xc000;
constexpr uint16_t kInfinity = 0xd000;
constexpr uint16_t kMinusInfinity = 0xf000;

void append_group(int group, std::string& out) {
  const char digits[] = {static_cast<char>('0' + group / 1000), static_cast<char>('0' + group / 100 % 10),
                         static_cast<char>('0' + group / 10 % 10), static_cast<char>('0' + group % 10)};
  out.append(digits, sizeof digits);
}

}  // namespace

// Layout: number of groups, weight of the first group, sign, scale (decimal digits after the point), groups.
std::optional<std::string> numeric_text(std::string_view bytes) {
  constexpr size_t kHeader = 8;
  if (bytes.size() < kHeader) return std::nullopt;
  const int groups = load_big_endian<uint16_t>(bytes.data());
  const int weight = load_big_endian<int16_t>(bytes.data() + 2);
  const auto sign = load_big_endian<uint16_t>(bytes.data() + 4);
  const int scale = load_big_endian<uint16_t>(bytes.data() + 6) & 0x3fff;
  if (sign == kNaN) return "NaN";
  if (sign == kInfinity) return "Infinity";
  if (sign == kMinusInfinity) return "-Infinity";
  if ((sign != 0 && sign != kNegative) || bytes.size() != kHeader + 2 * static_cast<size_t>(groups))
    return std::nullopt;
  const auto group_at = [&](int power) {  // the group that counts 10,000^power
    const int index = weight - power;
    return index < 0 || index >= groups ? 0 : int{load_big_endian<uint16_t>(bytes.data() + kHeader + 2 * index)};
  };
  for (int i = 0; i < groups; ++i)
    if (group_at(weight - i) > 9999) return std::nullopt;

  std::string out;
  for (int power = weight; power >= 0; --power) append_group(group_at(power), out);
  out.erase(0, out.find_first_not_of('0'));  // npos erases all
  if (out.empty()) out = "0";
  if (scale > 0) {
    out += '.';
    const size_t end = out.size() + static_cast<size_t>(scale);
    for (int power = -1; out.size() < end; --power) append_group(group_at(power), out);
    out.resize(end);
  }
  if (sign == kNegative) out.insert(out.begin(), '-');
  return out;
}

}  // namespace penstock::postgres
