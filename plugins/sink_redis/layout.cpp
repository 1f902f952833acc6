#include "sink_redis/layout.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/slots.hpp"

#include <array>
#include <set>
#include <sys/random.h>

namespace penstock::redis {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

constexpr std::array<char, 512> make_pairs() {
  std::array<char, 512> pairs{};
  for (size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = kDigits[i >> 4];
    pairs[2 * i + 1] = kDigits[i & 15];
  }
  return pairs;
}
constexpr auto kPairs = make_pairs();

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_value_type(const Field& field) {
  switch (field.type) {
    case Type::boolean:
    case Type::int32:
    case Type::int64:
    case Type::float32:
    case Type::float64:
    case Type::utf8:
    case Type::binary:
    case Type::timestamp_ns: return true;
    default: return false;
  }
}

}  // namespace

size_t bucket_of(std::string_view key) { return crc16(key) % kBuckets; }

std::string bucket_prefix(const std::string& prefix, size_t bucket) {
  return prefix + "{" + kDigits[bucket >> 4] + kDigits[bucket & 15] + "}:";
}

Layout::Layout(std::string prefix_, const std::string& view, int32_t version) : prefix(std::move(prefix_)) {
  if (view.empty() || view.find(':') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the view name \"" + printable(view) + "\" is empty or has a colon in it");
  const std::string name = view + "_v" + std::to_string(version);
  store_key = prefix + "store";
  marker_key = prefix + "marker:" + name;
  profiles = prefix + name + ":";
}

void check_fields(const Schema& schema, size_t first) {
  if (schema.size() > first + kMaxFields)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the view has more than " + std::to_string(kMaxFields) + " fields");
  std::set<std::string_view> names;
  for (size_t i = first; i < schema.size(); ++i) {
    const Field& field = schema[i];
    const std::string object = "the field \"" + printable(field.name) + "\"";
    if (field.name == kOrderField)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, object + " has the name that Penstock keeps the order key under");
    if (field.name.empty() || !names.insert(field.name).second)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, object + " has no name, or another field has the same");
    const bool fits = field.type == Type::list ? is_value_type(field.children.at(0)) : is_value_type(field);
    if (!fits) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, object + " has the type \"" + arrow_format(field) + "\", which cannot be stored");
  }
}

std::string new_store_id() {
  char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    throw Error(PENSTOCK_STATUS_INTERNAL, "the system gives no random bytes");
  return to_hex({bytes, sizeof bytes});
}

void write_hex(std::string_view bytes, char* out) {
  for (const char c : bytes) {
    std::memcpy(out, &kPairs[2 * static_cast<unsigned char>(c)], 2);
    out += 2;
  }
}

std::string to_hex(std::string_view bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out.data());
  return out;
}

bool from_hex(std::string_view hex, std::string* bytes) {
  if (hex.size() % 2 != 0) return false;
  bytes->clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return false;
    *bytes += static_cast<char>(high * 16 + low);
  }
  return true;
}

}  // namespace penstock::redis
