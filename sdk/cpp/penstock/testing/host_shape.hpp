// Which host a test plays: this one, the first that there was, or one that is newer than these headers.
#pragma once

#include <penstock/sink.h>
#include <penstock/source.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace penstock::testing {

namespace detail {
// What a struct measured in ABI 1.0, in bytes; these never change.
template <class T>
inline constexpr uint32_t kFirstSize = 0;
template <>
inline constexpr uint32_t kFirstSize<penstock_call> = 16;
template <>
inline constexpr uint32_t kFirstSize<penstock_host> = 112;
template <>
inline constexpr uint32_t kFirstSize<penstock_position> = 48;
template <>
inline constexpr uint32_t kFirstSize<penstock_position_out> = 32;
template <>
inline constexpr uint32_t kFirstSize<penstock_option_value> = 72;
template <>
inline constexpr uint32_t kFirstSize<penstock_options> = 24;
template <>
inline constexpr uint32_t kFirstSize<penstock_table> = 80;
template <>
inline constexpr uint32_t kFirstSize<penstock_cursor> = 48;
template <>
inline constexpr uint32_t kFirstSize<penstock_horizon> = 32;
template <>
inline constexpr uint32_t kFirstSize<penstock_scan> = 88;
template <>
inline constexpr uint32_t kFirstSize<penstock_scan_info> = 40;
template <>
inline constexpr uint32_t kFirstSize<penstock_sink_capabilities> = 24;
template <>
inline constexpr uint32_t kFirstSize<penstock_run_spec> = 80;
template <>
inline constexpr uint32_t kFirstSize<penstock_begin_result> = 24;
template <>
inline constexpr uint32_t kFirstSize<penstock_write_result> = 40;
template <>
inline constexpr uint32_t kFirstSize<penstock_view_ref> = 40;
template <>
inline constexpr uint32_t kFirstSize<penstock_marker_out> = 40;
}  // namespace detail

enum class StructSizes {
  known,   // as in these headers
  first,   // as in ABI 1.0
  larger,  // as in a later minor version: bytes follow that nobody here knows
};

struct HostShape {
  uint32_t abi_minor = PENSTOCK_ABI_MINOR;
  StructSizes sizes = StructSizes::known;
  // Each call comes from a thread of its own, as it may in a host whose workers share connections.
  bool thread_per_call = false;

  // struct_size of what this host hands over.
  template <class T>
  constexpr uint32_t size_of() const;
};

inline constexpr HostShape kFirstHost{.abi_minor = 0, .sizes = StructSizes::first};
inline constexpr HostShape kNewerHost{.abi_minor = PENSTOCK_ABI_MINOR + 7, .sizes = StructSizes::larger};

// A growable struct as the host of this shape hands it over: what lies behind struct_size is there, but filled with 0xa5, so that a
// plugin that reads it goes wrong and one that writes it is found out.
template <class T>
class HostStruct {
 public:
  // struct_size of `value` is filled in.
  HostStruct(const HostShape& shape, T value) : size_(shape.size_of<T>()) {
    static_assert(detail::kFirstSize<T> != 0 && sizeof(T) >= detail::kFirstSize<T>);
    std::memset(bytes_, kUnknown, sizeof bytes_);
    value.struct_size = size_;
    std::memcpy(bytes_, &value, std::min<size_t>(size_, sizeof value));
  }

  T* get() { return reinterpret_cast<T*>(bytes_); }
  const T* get() const { return reinterpret_cast<const T*>(bytes_); }

  // What is known of it; fields that this host does not have are zero.
  T value() const {
    T out{};
    std::memcpy(&out, bytes_, std::min<size_t>(size_, sizeof out));
    return out;
  }

  // Nobody has written behind what plugin and host both know, nor changed struct_size.
  bool intact() const {
    const auto* const behind = bytes_ + std::min<size_t>(size_, sizeof(T));
    return get()->struct_size == size_ && std::all_of(behind, bytes_ + sizeof bytes_, [](unsigned char b) { return b == kUnknown; });
  }

 private:
  static constexpr unsigned char kUnknown = 0xa5;
  alignas(T) unsigned char bytes_[sizeof(T) + 64];  // first: a plugin may be given the address of the whole
  uint32_t size_;
};

template <class T>
constexpr uint32_t HostShape::size_of() const {
  switch (sizes) {
    case StructSizes::first: return detail::kFirstSize<T>;
    case StructSizes::larger: return sizeof(T) + 64;
    default: return sizeof(T);
  }
}

}  // namespace penstock::testing
