// A growing byte buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace penstock {

// A byte buffer that grows by realloc. std::vector would zero what is about to be overwritten.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept { return swap(other), *this; }
  ~Buffer() { std::free(data_); }

  void append(const void* bytes, size_t size) {
    if (size > capacity_ - size_) grow(size);
    if (size != 0) std::memcpy(data_ + size_, bytes, size);
    size_ += size;
  }
  template <class T>
  void append_value(T value) {
    append(&value, sizeof value);
  }
  // Appends `size` bytes to be filled in by the caller.
  uint8_t* extend(size_t size) {
    if (size > capacity_ - size_) grow(size);
    size_ += size;
    return data_ + size_ - size;
  }
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  void clear() { size_ = 0; }
  // Drops what is behind the first `size` bytes, of which there are that many.
  void truncate(size_t size) { size_ = size; }
  // The first allocation will have room for so many bytes, instead of growing there step by step.
  void expect(size_t size) { expected_ = size; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(expected_, other.expected_);
  }
  [[gnu::noinline]] void grow(size_t more) {
    size_t capacity = capacity_ == 0 ? std::max<size_t>(expected_, 64) : capacity_ * 2;
    if (capacity < size_ + more) capacity = size_ + more;
    auto* data = static_cast<uint8_t*>(std::realloc(data_, capacity));
    if (data == nullptr) throw std::bad_alloc();
    data_ = data;
    capacity_ = capacity;
  }

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t expected_ = 0;
};

}  // namespace penstock
