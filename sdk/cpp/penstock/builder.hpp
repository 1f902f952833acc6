// Building Arrow batches: one growing buffer per column part, moved into the ArrowArray without a copy.
#pragma once

#include <penstock/schema.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

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

// One column under construction. The append function must fit the field's type: append<T> takes exactly the value type of the
// column (int32_t for int32 and date32, int64_t for timestamps), append_bytes is for utf8, binary, fixed_binary and
// decimal128. For a list: append to item(), then end_list().
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Field field) : field_(std::move(field)) {
    if (field_.type == Type::list) item_ = std::make_unique<ColumnBuilder>(field_.children.at(0));
    reset();
  }

  const Field& field() const { return field_; }
  int64_t length() const { return length_; }
  size_t byte_size() const { return data_.size() + offsets_.size() + (item_ ? item_->byte_size() : 0); }

  void append_null() {
    if (validity_.size() == 0) start_validity();
    if ((length_ & 7) == 0) validity_.append_value(uint8_t{0});
    validity_.data()[length_ >> 3] &= static_cast<uint8_t>(~(1u << (length_ & 7)));
    ++null_count_;
    switch (field_.type) {
      case Type::utf8:
      case Type::binary: end_offset(data_.size()); break;
      case Type::list: end_offset(static_cast<size_t>(item_->length())); break;
      case Type::boolean: grow_bits(); break;
      case Type::null: break;
      default: std::memset(data_.extend(width()), 0, width());
    }
    ++length_;
  }

  template <class T>
  void append(T value) {
    mark_valid();
    if constexpr (std::is_same_v<T, bool>) {
      grow_bits();
      if (value) data_.data()[length_ >> 3] |= static_cast<uint8_t>(1u << (length_ & 7));
    } else {
      data_.append_value(value);
    }
    ++length_;
  }

  void append_bytes(std::string_view bytes) {
    mark_valid();
    data_.append(bytes.data(), bytes.size());
    if (field_.type == Type::utf8 || field_.type == Type::binary) end_offset(data_.size());
    ++length_;
  }

  ColumnBuilder& item() { return *item_; }
  void end_list() {
    mark_valid();
    end_offset(static_cast<size_t>(item_->length()));
    ++length_;
  }

  // Moves the column into *out, which the receiver owns; the builder starts again, empty.
  void finish(ArrowArray* out) {
    struct Owner {
      Buffer validity, offsets, data;
      const void* buffers[3];
      ArrowArray item{};
      ArrowArray* children[1];
    };
    auto owner = std::make_unique<Owner>();
    *out = {};
    out->length = length_;
    out->null_count = field_.type == Type::null ? length_ : null_count_;
    owner->validity = std::move(validity_);
    owner->offsets = std::move(offsets_);
    owner->data = std::move(data_);
    // A batch is about as large as the one before.
    const auto expect = [](Buffer& next, const Buffer& last) { next.expect(last.size() + last.size() / 16); };
    expect(validity_, owner->validity);
    expect(offsets_, owner->offsets);
    expect(data_, owner->data);
    static constexpr uint64_t kEmpty = 0;  // consumers may not expect NULL for an empty data buffer
    const auto data = [&] { return owner->data.data() == nullptr ? reinterpret_cast<const void*>(&kEmpty) : owner->data.data(); };
    if (field_.type != Type::null) owner->buffers[out->n_buffers++] = null_count_ == 0 ? nullptr : owner->validity.data();
    if (field_.type == Type::utf8 || field_.type == Type::binary || field_.type == Type::list)
      owner->buffers[out->n_buffers++] = owner->offsets.data();
    if (field_.type == Type::list) {
      item_->finish(&owner->item);
      owner->children[0] = &owner->item;
      out->n_children = 1;
      out->children = owner->children;
    } else if (field_.type != Type::null) {
      owner->buffers[out->n_buffers++] = data();
    }
    out->buffers = owner->buffers;
    out->release = [](ArrowArray* array) {
      const std::unique_ptr<Owner> owned(static_cast<Owner*>(array->private_data));
      if (owned->item.release != nullptr) owned->item.release(&owned->item);
      array->release = nullptr;
    };
    out->private_data = owner.release();
    reset();
  }

 private:
  size_t width() const {
    switch (field_.type) {
      case Type::int8:
      case Type::uint8: return 1;
      case Type::int16:
      case Type::uint16: return 2;
      case Type::int32:
      case Type::uint32:
      case Type::float32:
      case Type::date32: return 4;
      case Type::decimal128: return 16;
      case Type::fixed_binary: return static_cast<size_t>(field_.width);
      default: return 8;
    }
  }

  void reset() {
    length_ = 0;
    null_count_ = 0;
    if (field_.type == Type::utf8 || field_.type == Type::binary || field_.type == Type::list)
      offsets_.append_value(int32_t{0});
  }

  // Until the first null there is no bitmap at all.
  void start_validity() {
    const auto bytes = static_cast<size_t>((length_ + 7) / 8);
    if (bytes != 0) std::memset(validity_.extend(bytes), 0xff, bytes);
  }
  void mark_valid() {
    if (validity_.size() == 0 && null_count_ == 0) return;
    if ((length_ & 7) == 0) validity_.append_value(uint8_t{0});
    validity_.data()[length_ >> 3] |= static_cast<uint8_t>(1u << (length_ & 7));
  }
  void grow_bits() {
    if ((length_ & 7) == 0) data_.append_value(uint8_t{0});
  }
  void end_offset(size_t end) {
    if (end > static_cast<size_t>(std::numeric_limits<int32_t>::max())) fail_full();
    offsets_.append_value(static_cast<int32_t>(end));
  }
  // Out of line, like Buffer::grow: what runs for every value stays small enough to be inlined.
  [[noreturn, gnu::noinline, gnu::cold]] void fail_full() const {
    throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "column \"" + field_.name + "\" exceeds 2 GiB in one batch");
  }

  Field field_;
  int64_t length_ = 0;
  int64_t null_count_ = 0;
  Buffer validity_;
  Buffer offsets_;
  Buffer data_;
  std::unique_ptr<ColumnBuilder> item_;
};

// A batch under construction: append one value to every column, row after row.
class BatchBuilder {
 public:
  explicit BatchBuilder(const Schema& schema) {
    for (const Field& field : schema) columns_.emplace_back(field);
  }

  ColumnBuilder& operator[](size_t column) { return columns_[column]; }
  size_t columns() const { return columns_.size(); }
  int64_t rows() const { return columns_.empty() ? 0 : columns_[0].length(); }
  size_t byte_size() const {
    size_t size = 0;
    for (const auto& column : columns_) size += column.byte_size();
    return size;
  }

  // Moves the batch into *out as a struct array that the receiver owns; the builder starts again, empty.
  void finish(ArrowArray* out) {
    struct Owner {
      std::vector<ArrowArray> children;
      std::vector<ArrowArray*> pointers;
      const void* buffers[1] = {nullptr};
    };
    auto owner = std::make_unique<Owner>();
    *out = {};
    out->length = rows();
    owner->children.resize(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].length() != out->length)
        throw Error(PENSTOCK_STATUS_INTERNAL, "column \"" + columns_[i].field().name + "\" has another length than the batch");
      owner->pointers.push_back(&owner->children[i]);
    }
    for (size_t i = 0; i < columns_.size(); ++i) columns_[i].finish(&owner->children[i]);
    out->n_buffers = 1;
    out->buffers = owner->buffers;
    out->n_children = static_cast<int64_t>(owner->children.size());
    out->children = owner->pointers.data();
    out->release = [](ArrowArray* array) {
      const std::unique_ptr<Owner> owned(static_cast<Owner*>(array->private_data));
      for (ArrowArray& child : owned->children)
        if (child.release != nullptr) child.release(&child);
      array->release = nullptr;
    };
    out->private_data = owner.release();
  }

 private:
  std::vector<ColumnBuilder> columns_;
};

}  // namespace penstock
