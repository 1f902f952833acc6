// The host-owned buffers that a plugin appends to.
#pragma once

#include <penstock/testing/host_shape.hpp>

#include <string>

namespace penstock::testing {

// What a penstock_buffer is in this host. It must stay where it is while a call has it.
struct FakeBuffer {
  std::string bytes;

  FakeBuffer() = default;
  FakeBuffer(const FakeBuffer&) = delete;
  FakeBuffer& operator=(const FakeBuffer&) = delete;
  penstock_buffer* get() { return reinterpret_cast<penstock_buffer*>(this); }
};

// A position for a plugin to fill in.
struct FakePositionOut {
  FakeBuffer detail, text;
  HostStruct<penstock_position_out> out;

  explicit FakePositionOut(const HostShape& shape = {}) : out(shape, {0, 0, 0, detail.get(), text.get()}) {}
  penstock_position_out* get() { return out.get(); }
  int64_t ordinal() const { return out.value().ordinal; }
};

}  // namespace penstock::testing
