#include "sink_redis/profile_payload.hpp"

#include "sink_redis/crc64.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/resp.hpp"
#include "sink_redis/short_copy.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace penstock::redis {
namespace {

// The format: a type byte, the listpack as a string with its length before it, the format's version, a checksum of all that.
constexpr uint8_t kHashListpack = 16;
constexpr uint16_t kRdbVersion = 10;  // of Redis 7.0; newer servers take it
constexpr size_t kFooterBytes = 2 + 8;
// A listpack: its bytes and its number of entries, the entries, an end mark.
constexpr size_t kListHeaderBytes = 4 + 2;
constexpr uint8_t kListEnd = 0xff;
constexpr size_t kEndRoom = 16;  // behind the last entry

// Redis stores what looks like an integer as one: no sign but '-', no leading zeros, within 64 bits.
std::optional<int64_t> integer_of(std::string_view text) {
  constexpr size_t kMostDigits = 20;
  if (text.empty() || text.size() > kMostDigits) return {};
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && text.size() > 1)) return {};
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// The functions that write an entry take where to and return where it ends. The caller has made room for kEntryOverhead more than the text.
constexpr size_t kEntryOverhead = 5 + 5;

uint8_t* put_little_endian(uint8_t* at, uint64_t value, size_t bytes) {
  std::memcpy(at, &value, sizeof value);  // room enough: what is behind is written over
  return at + bytes;
}

uint8_t* put_integer(uint8_t* at, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  const auto within = [&](int width) { return value >= -(int64_t{1} << (width - 1)) && value < int64_t{1} << (width - 1); };
  if (value >= 0 && value < 128) {
    *at++ = static_cast<uint8_t>(value);
    return at;
  }
  if (within(13)) {
    *at++ = static_cast<uint8_t>(0xc0 | ((bits >> 8) & 0x1f));
    *at++ = static_cast<uint8_t>(bits);
    return at;
  }
  const uint8_t bytes = within(16) ? 2 : within(24) ? 3 : within(32) ? 4 : 8;
  *at++ = static_cast<uint8_t>(bytes == 8 ? 0xf4 : 0xef + bytes);  // f1 to f4
  return put_little_endian(at, bits, bytes);
}

uint8_t* put_string(uint8_t* at, std::string_view text) {
  if (text.size() < 64) {
    *at++ = static_cast<uint8_t>(0x80 | text.size());
  } else if (text.size() < 4096) {
    *at++ = static_cast<uint8_t>(0xe0 | (text.size() >> 8));
    *at++ = static_cast<uint8_t>(text.size());
  } else {
    *at++ = 0xf0;
    at = put_little_endian(at, text.size(), 4);
  }
  copy_short(at, text.data(), text.size());
  return at + text.size();
}

// After each entry its own size, readable from behind: seven bits a byte, the most significant first, all but the first marked.
uint8_t* put_back_length(uint8_t* at, size_t size) {
  if (size < 128) {
    *at++ = static_cast<uint8_t>(size);
    return at;
  }
  uint8_t bytes[5];
  size_t n = 0;
  do bytes[n++] = static_cast<uint8_t>(size & 127);
  while ((size >>= 7) != 0);
  *at++ = bytes[--n];
  while (n > 0) *at++ = bytes[--n] | 128;
  return at;
}

uint8_t* put_entry(uint8_t* at, int64_t value) {
  uint8_t* const end = put_integer(at, value);
  *end = static_cast<uint8_t>(end - at);
  return end + 1;
}

uint8_t* put_entry(uint8_t* at, std::string_view text) {
  if (const auto value = integer_of(text)) return put_entry(at, *value);
  uint8_t* const end = put_string(at, text);
  return put_back_length(end, static_cast<size_t>(end - at));
}

uint8_t* put_entry(uint8_t* at, bool value) {
  static constexpr uint8_t kTrue[8] = {0x84, 't', 'r', 'u', 'e', 5}, kFalse[8] = {0x85, 'f', 'a', 'l', 's', 'e', 6};
  std::memcpy(at, value ? kTrue : kFalse, 8);
  return at + (value ? 6 : 7);
}

// Spares most numbers a look at their text.
bool may_be_whole(double value) {
  constexpr double kAllWhole = 0x1p53;
  return !(std::abs(value) < kAllWhole) || static_cast<double>(static_cast<int64_t>(value)) == value;
}

// A text that is written where it belongs, behind the one byte that such short ones have before them.
uint8_t* put_number_entry(uint8_t* at, const ValueWriter& value, int64_t row, bool look) {
  char* const text = reinterpret_cast<char*>(at + 1);
  const auto size = static_cast<size_t>(value.write_number(text, row) - text);
  if (look)
    if (const auto whole = integer_of({text, size})) return put_entry(at, *whole);
  *at = static_cast<uint8_t>(0x80 | size);
  at[1 + size] = static_cast<uint8_t>(1 + size);
  return at + 2 + size;
}

}  // namespace

bool ProfilePayload::fits(const std::vector<std::string>& names) {
  return names.size() < kPayloadFields &&  // and the order key
         std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.size() <= kPayloadValueBytes; });
}

ProfilePayload::ProfilePayload(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Name& entry = names_.emplace_back();
    entry.size = static_cast<size_t>(put_entry(entry.bytes, name) - entry.bytes);
    fields_bytes_ += entry.size + kPayloadValueBytes + kEntryOverhead;
  }
}

void ProfilePayload::start(std::string_view order) {
  const size_t most = kListHeaderBytes + 2 * kEntryOverhead + kOrderField.size() + order.size() + fields_bytes_ + kEndRoom;
  if (list_.size() < most) list_.resize(most);
  end_ = put_entry(put_entry(list_.data() + kListHeaderBytes, kOrderField), order);
  entries_ = 2;
}

// Returns where the value goes.
uint8_t* ProfilePayload::put_name(size_t field) {
  const Name& name = names_[field];
  // Whole pieces: what is behind the name is written over.
  for (size_t at = 0; at < name.size; at += kPiece) std::memcpy(end_ + at, name.bytes + at, kPiece);
  entries_ += 2;
  return end_ + name.size;
}

void ProfilePayload::add(size_t field, std::string_view value) { end_ = put_entry(put_name(field), value); }

void ProfilePayload::add(size_t field, const ValueWriter& value, int64_t row) {
  uint8_t* const at = put_name(field);
  const ColumnView& column = value.column();
  switch (column.field().type) {
    case Type::int32: end_ = put_entry(at, int64_t{column.value<int32_t>(row)}); break;
    case Type::int64: end_ = put_entry(at, column.value<int64_t>(row)); break;
    case Type::boolean: end_ = put_entry(at, column.value<bool>(row)); break;
    case Type::utf8:
    case Type::binary:
    case Type::list: end_ = put_entry(at, value.text(row, scratch_)); break;
    case Type::float64: end_ = put_number_entry(at, value, row, may_be_whole(column.value<double>(row))); break;
    default: end_ = put_number_entry(at, value, row, true); break;
  }
}

void ProfilePayload::append_to(Buffer& out) {
  *end_++ = kListEnd;
  const auto size = static_cast<uint32_t>(end_ - list_.data());
  const auto entries = static_cast<uint16_t>(entries_);
  std::memcpy(list_.data(), &size, sizeof size);
  std::memcpy(list_.data() + sizeof size, &entries, sizeof entries);

  uint8_t head[6] = {kHashListpack};
  size_t head_size = 0;
  if (size < 64) {
    head[1] = static_cast<uint8_t>(size);
    head_size = 2;
  } else if (size < 16384) {
    head[1] = static_cast<uint8_t>(0x40 | (size >> 8));
    head[2] = static_cast<uint8_t>(size);
    head_size = 3;
  } else {
    head[1] = 0x80;
    for (size_t i = 0; i < 4; ++i) head[2 + i] = static_cast<uint8_t>(size >> (24 - 8 * i));
    head_size = 6;
  }
  uint8_t* const payload = append_bulk_to_fill(out, head_size + size + kFooterBytes);
  std::memcpy(payload, head, head_size);
  std::memcpy(payload + head_size, list_.data(), size);
  uint8_t* const footer = payload + head_size + size;
  std::memcpy(footer, &kRdbVersion, sizeof kRdbVersion);
  const uint64_t crc = crc64(payload, head_size + size + sizeof kRdbVersion);
  std::memcpy(footer + sizeof kRdbVersion, &crc, sizeof crc);
}

}  // namespace penstock::redis
