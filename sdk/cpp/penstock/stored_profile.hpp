// For programs that read profiles which Penstock keeps in Redis: what the server answers, as values. Which command to send, and
// what the answers mean, is in docs/redis-layout.md. Needs nothing but the standard library and no Redis client in particular.
//
//   const std::vector<penstock::StoredField> fields = {{"TOTAL_REVENUE", {penstock::ValueKind::int32}}};
//   if (const auto profile = penstock::read_packed_profile(fields, reply)) use(std::get<int32_t>(profile->values[0]));
//
// All functions may be called from any thread. None throws anything but std::bad_alloc, whatever the bytes.
#pragma once

#include <penstock/stored_packed.hpp>
#include <penstock/stored_text.hpp>

#include <chrono>
#include <span>
#include <utility>
#include <variant>

namespace penstock {

using StoredInstant = std::chrono::sys_time<std::chrono::nanoseconds>;

// monostate: null. `bytes` and `string` are both std::string.
using StoredValue = std::variant<std::monostate, bool, int32_t, int64_t, float, double, std::string, StoredInstant, std::vector<bool>,
                                 std::vector<int32_t>, std::vector<int64_t>, std::vector<float>, std::vector<double>,
                                 std::vector<std::string>, std::vector<StoredInstant>>;

struct StoredProfile {
  std::string order;                // which row version it is: as bytes, the greater is the newer
  std::vector<StoredValue> values;  // one a field, in the order of the fields

  bool operator==(const StoredProfile&) const = default;
};

namespace stored {

// Takes one value.
class ValueOut {
 public:
  explicit ValueOut(ValueType type) : type_(type) {
    if (!type.list) return;
    switch (type.kind) {
      case ValueKind::boolean: value = std::vector<bool>(); break;
      case ValueKind::int32: value = std::vector<int32_t>(); break;
      case ValueKind::int64: value = std::vector<int64_t>(); break;
      case ValueKind::float32: value = std::vector<float>(); break;
      case ValueKind::float64: value = std::vector<double>(); break;
      case ValueKind::instant: value = std::vector<StoredInstant>(); break;
      default: value = std::vector<std::string>(); break;
    }
  }

  StoredValue value;

  template <class T>
  void append(T number) {
    if constexpr (std::is_same_v<T, int64_t>) {
      if (type_.kind == ValueKind::instant) return put(StoredInstant(std::chrono::nanoseconds(number)));
    }
    put(number);
  }
  void append_bytes(std::string_view bytes) { put(std::string(bytes)); }
  ValueOut& item() { return *this; }
  void end_list() {}

 private:
  template <class T>
  void put(T one) {
    if (!type_.list) {
      value = std::move(one);
    } else if (auto* items = std::get_if<std::vector<T>>(&value)) {
      items->push_back(std::move(one));
    }
  }

  ValueType type_;
};

inline bool read_hex(std::string_view hex, std::string& bytes) {
  if (hex.empty() || hex.size() % 2 != 0) return false;
  bytes.clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    uint8_t byte = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return false;
    bytes += static_cast<char>(byte);
  }
  return true;
}

}  // namespace stored

// A profile of layout "packed": what GET answers. `fields` are all of the view's, in its order (parse_stored_fields reads them from the
// marker). Nothing: not a packed profile, one of other fields, or damaged.
inline std::optional<StoredProfile> read_packed_profile(const std::vector<StoredField>& fields, std::string_view answer) {
  std::string_view order;
  std::vector<std::optional<std::string_view>> parts;
  if (!PackedReader(fields).split(answer, order, parts)) return std::nullopt;
  StoredProfile profile{std::string(order), {}};
  for (size_t i = 0; i < fields.size(); ++i) {
    stored::ValueOut out(fields[i].type);
    if (parts[i] && !append_packed_value(*parts[i], fields[i].type, out)) return std::nullopt;
    profile.values.push_back(parts[i] ? std::move(out.value) : StoredValue());
  }
  return profile;
}

// A profile of layout "hash": what HMGET key _o <name of each of `fields`> answers, nil as nothing. Nothing: no profile, or a value is not
// of its field's type.
inline std::optional<StoredProfile> read_hash_profile(const std::vector<StoredField>& fields,
                                                      std::span<const std::optional<std::string_view>> answer) {
  StoredProfile profile;
  if (answer.size() != fields.size() + 1 || !answer[0] || !stored::read_hex(*answer[0], profile.order)) return std::nullopt;
  for (size_t i = 0; i < fields.size(); ++i) {
    stored::ValueOut out(fields[i].type);
    if (answer[i + 1] && !append_text_value(*answer[i + 1], fields[i].type, out)) return std::nullopt;
    profile.values.push_back(answer[i + 1] ? std::move(out.value) : StoredValue());
  }
  return profile;
}

// Likewise from what HGETALL answers, as pairs of hash field and value; others than those of `fields` are left out.
inline std::optional<StoredProfile> read_hash_profile(const std::vector<StoredField>& fields,
                                                      std::span<const std::pair<std::string_view, std::string_view>> answer) {
  std::vector<std::optional<std::string_view>> values(fields.size() + 1);
  for (const auto& [name, value] : answer) {
    if (name == "_o") values[0] = value;
    for (size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == name) values[i + 1] = value;
  }
  return read_hash_profile(fields, std::span<const std::optional<std::string_view>>(values));
}

}  // namespace penstock
