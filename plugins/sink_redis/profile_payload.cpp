#include "sink_redis/profile_payload.hpp"

#include "sink_redis/layout.hpp"
#include "sink_redis/resp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
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

using CrcTables = std::array<std::array<uint64_t, 256>, 8>;

constexpr CrcTables make_tables() {
  CrcTables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x95ac9329ac4bc9b5u : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < 8; ++slice)
    for (size_t byte = 0; byte < 256; ++byte) tables[slice][byte] = (tables[slice - 1][byte] >> 8) ^ tables[0][tables[slice - 1][byte] & 255];
  return tables;
}
constexpr CrcTables kTables = make_tables();

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
  std::memcpy(at, text.data(), text.size());
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

uint8_t* put_entry(uint8_t* at, std::string_view text) {
  const auto value = integer_of(text);
  uint8_t* const end = value ? put_integer(at, *value) : put_string(at, text);
  return put_back_length(end, static_cast<size_t>(end - at));
}

}  // namespace

uint64_t crc64(const uint8_t* bytes, size_t size) {
  uint64_t crc = 0;
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    crc ^= word;
    uint64_t next = 0;
    for (size_t i = 0; i < 8; ++i) next ^= kTables[7 - i][(crc >> (8 * i)) & 255];
    crc = next;
  }
  for (; size > 0; ++bytes, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 255];
  return crc;
}

bool ProfilePayload::fits(const std::vector<std::string>& names) {
  return names.size() < kPayloadFields &&  // and the order key
         std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.size() <= kPayloadValueBytes; });
}

ProfilePayload::ProfilePayload(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    uint8_t entry[kPayloadValueBytes + kEntryOverhead];
    const uint8_t* const end = put_entry(entry, name);
    names_.emplace_back(reinterpret_cast<const char*>(entry), static_cast<size_t>(end - entry));
    fields_bytes_ += names_.back().size() + kPayloadValueBytes + kEntryOverhead;
  }
}

void ProfilePayload::start(std::string_view order) {
  const size_t most = kListHeaderBytes + 2 * kEntryOverhead + kOrderField.size() + order.size() + fields_bytes_ + kEndRoom;
  if (list_.size() < most) list_.resize(most);
  end_ = put_entry(put_entry(list_.data() + kListHeaderBytes, kOrderField), order);
  entries_ = 2;
}

void ProfilePayload::add(size_t field, std::string_view value) {
  const std::string& name = names_[field];
  std::memcpy(end_, name.data(), name.size());
  end_ = put_entry(end_ + name.size(), value);
  entries_ += 2;
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
