// How the values of a column are stored, and which C++ types they are.
#pragma once

#include <penstock/schema.hpp>

#include <type_traits>

namespace penstock {

// Dates are stored as int32, timestamps as int64.
enum class Storage : uint8_t { none, boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, sized, fixed, list };

constexpr Storage storage_of(Type type) {
  switch (type) {
    case Type::null: return Storage::none;
    case Type::boolean: return Storage::boolean;
    case Type::int8: return Storage::int8;
    case Type::int16: return Storage::int16;
    case Type::int32:
    case Type::date32: return Storage::int32;
    case Type::uint8: return Storage::uint8;
    case Type::uint16: return Storage::uint16;
    case Type::uint32: return Storage::uint32;
    case Type::uint64: return Storage::uint64;
    case Type::float32: return Storage::float32;
    case Type::float64: return Storage::float64;
    case Type::utf8:
    case Type::binary: return Storage::sized;
    case Type::fixed_binary:
    case Type::decimal128: return Storage::fixed;
    case Type::list: return Storage::list;
    case Type::int64:
    case Type::timestamp_s:
    case Type::timestamp_ms:
    case Type::timestamp_us:
    case Type::timestamp_ns: return Storage::int64;
  }
  return Storage::none;
}

// Bytes of a value; 0 where they differ or are less than one.
constexpr size_t width_of(const Field& field) {
  switch (storage_of(field.type)) {
    case Storage::int8:
    case Storage::uint8: return 1;
    case Storage::int16:
    case Storage::uint16: return 2;
    case Storage::int32:
    case Storage::uint32:
    case Storage::float32: return 4;
    case Storage::int64:
    case Storage::uint64:
    case Storage::float64: return 8;
    case Storage::fixed: return field.type == Type::decimal128 ? 16 : static_cast<size_t>(field.width);
    default: return 0;
  }
}

namespace detail {
// Numbers and truth values, but no characters.
template <class T>
concept Scalar = std::is_floating_point_v<T> || (std::is_integral_v<T> && !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> &&
                                                 !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>);
}  // namespace detail

template <detail::Scalar T>
constexpr Storage storage_for() {
  if constexpr (std::is_same_v<T, bool>) return Storage::boolean;
  else if constexpr (std::is_same_v<T, float>) return Storage::float32;
  else if constexpr (std::is_same_v<T, double>) return Storage::float64;
  else if constexpr (std::is_floating_point_v<T>) return Storage::none;  // long double is in no column
  else if constexpr (sizeof(T) == 1) return std::is_signed_v<T> ? Storage::int8 : Storage::uint8;
  else if constexpr (sizeof(T) == 2) return std::is_signed_v<T> ? Storage::int16 : Storage::uint16;
  else if constexpr (sizeof(T) == 4) return std::is_signed_v<T> ? Storage::int32 : Storage::uint32;
  else return std::is_signed_v<T> ? Storage::int64 : Storage::uint64;
}

constexpr const char* storage_name(Storage storage) {
  constexpr const char* kNames[] = {"nothing", "a bool",   "an int8",  "an int16", "an int32", "an int64", "a uint8",     "a uint16",
                                    "a uint32", "a uint64", "a float", "a double", "bytes",    "bytes",    "a list"};
  return kNames[static_cast<size_t>(storage)];
}

namespace detail {
// Out of line, so that what runs for every value stays small enough to be inlined.
[[noreturn, gnu::noinline, gnu::cold]] inline void fail_type(const Field& field, const char* what, const char* did) {
  throw Error(PENSTOCK_STATUS_INTERNAL, "column \"" + field.name + "\" of type " + type_name(field.type) + " was " + did + " " + what);
}
}  // namespace detail

}  // namespace penstock
