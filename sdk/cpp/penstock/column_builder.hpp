// One column of a batch under construction.
#pragma once

#include <penstock/buffer.hpp>
#include <penstock/column_time.hpp>
#include <penstock/decimal.hpp>

#include <limits>
#include <span>

namespace penstock {

// Appends values, each of a C++ type that the column's type stores; another one throws INTERNAL and says which column and what it was
// given. These go together:
//   bool, int8_t … uint64_t, float, double   the column of that type; also int32_t: days of a date32, int64_t: units of a timestamp
//   text                                     utf8, binary; fixed_binary when it has the width
//   sys_days, year_month_day                 date32
//   sys_time, local_time                     timestamps with a time zone and without; rounded down to the unit
//   Decimal                                  decimal128
//   a vector of one of these                 a list; or append to item(), then end_list()
//   a std::optional of one of these          that, or null
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Field field) : field_(std::move(field)), storage_(storage_of(field_.type)), width_(width_of(field_)) {
    if (storage_ == Storage::list) item_ = std::make_unique<ColumnBuilder>(field_.children.at(0));
    reset();
  }

  const Field& field() const { return field_; }
  int64_t length() const { return length_; }
  size_t byte_size() const { return data_.size() + offsets_.size() + (item_ ? item_->byte_size() : 0); }

  void append_null() {
    if (null_count_ == 0) start_validity();
    if ((length_ & 7) == 0) validity_.append_value(uint8_t{0});
    validity_.data()[length_ >> 3] &= static_cast<uint8_t>(~(1u << (length_ & 7)));
    ++null_count_;
    switch (storage_) {
      case Storage::sized: end_offset(data_.size()); break;
      case Storage::list: end_offset(static_cast<size_t>(item_->length())); break;
      case Storage::boolean: grow_bits(); break;
      case Storage::none: break;
      default: std::memset(data_.extend(width_), 0, width_);
    }
    ++length_;
  }

  template <detail::Scalar T>
  void append(T value) {
    constexpr Storage storage = storage_for<T>();
    if (storage_ != storage) detail::fail_type(field_, storage_name(storage), "given");
    mark_valid();
    if constexpr (storage == Storage::boolean) {
      grow_bits();
      if (value) data_.data()[length_ >> 3] |= static_cast<uint8_t>(1u << (length_ & 7));
    } else {
      data_.append_value(value);
    }
    ++length_;
  }

  // The bits of a value of the column, as any type of the same size: floats that come as integers.
  template <class T>
  void append_bits(T bits) {
    if (sizeof bits != width_) detail::fail_type(field_, "bits of another size", "given");
    mark_valid();
    data_.append_value(bits);
    ++length_;
  }

  // utf8, binary, and the exact bytes of a fixed_binary or decimal128.
  void append_bytes(std::string_view bytes) {
    if (storage_ != Storage::sized) return append_fixed(bytes);
    mark_valid();
    data_.append(bytes.data(), bytes.size());
    end_offset(data_.size());
    ++length_;
  }
  void append(std::string_view text) {
    if (field_.type == Type::decimal128) detail::fail_type(field_, "text", "given");
    append_bytes(text);
  }

  void append(std::chrono::sys_days date) {
    if (field_.type != Type::date32) detail::fail_type(field_, "a date", "given");
    append(static_cast<int32_t>(date.time_since_epoch().count()));
  }
  void append(std::chrono::year_month_day date) { append(std::chrono::sys_days(date)); }

  // Throws INVALID_ARGUMENT when the column's unit cannot hold the time.
  template <class Clock, detail::ColumnDuration Duration>
  void append(std::chrono::time_point<Clock, Duration> time) {
    static_assert(std::is_same_v<Clock, std::chrono::system_clock> || std::is_same_v<Clock, std::chrono::local_t>);
    if (!detail::fits_clock<Clock>(field_)) detail::fail_type(field_, detail::clock_name<Clock>(), "given");
    const auto units = detail::rescaled(time.time_since_epoch().count(), Duration::period::den, detail::units_per_second(field_.type));
    if (!units) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "column \"" + field_.name + "\": a time that its unit cannot hold");
    append(*units);
  }

  void append(const Decimal& value) {
    if (field_.type != Type::decimal128) detail::fail_type(field_, "a decimal", "given");
    append_bytes(value.bytes());
  }

  template <class T>
  void append(const std::optional<T>& value) {
    if (value)
      append(*value);
    else
      append_null();
  }

  template <class T>
  void append(const std::vector<T>& items) {
    ColumnBuilder& to = item();
    for (const T& one : items) to.append(one);
    end_list();
  }

  // Of a list: where the items of the row go, which end_list ends.
  ColumnBuilder& item() {
    if (storage_ != Storage::list) detail::fail_type(field_, "items of a list", "given");
    return *item_;
  }
  void end_list() {
    if (storage_ != Storage::list) detail::fail_type(field_, "the end of a list", "given");
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
    if (has_offsets()) owner->buffers[out->n_buffers++] = owner->offsets.data();
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
  bool has_offsets() const { return storage_ == Storage::sized || storage_ == Storage::list; }

  void reset() {
    length_ = 0;
    null_count_ = 0;
    if (has_offsets()) offsets_.append_value(int32_t{0});
  }

  void append_fixed(std::string_view bytes) {
    if (storage_ != Storage::fixed || bytes.size() != width_)
      detail::fail_type(field_, storage_ == Storage::fixed ? "bytes of another size" : "bytes", "given");
    mark_valid();
    data_.append(bytes.data(), bytes.size());
    ++length_;
  }

  // Until the first null there is no bitmap at all.
  void start_validity() {
    const auto bytes = static_cast<size_t>((length_ + 7) / 8);
    if (bytes != 0) std::memset(validity_.extend(bytes), 0xff, bytes);
  }
  void mark_valid() {
    if (null_count_ == 0) return;
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
  Storage storage_;
  size_t width_;  // bytes of a value; 0 where they differ
  int64_t length_ = 0;
  int64_t null_count_ = 0;
  Buffer validity_;
  Buffer offsets_;
  Buffer data_;
  std::unique_ptr<ColumnBuilder> item_;
};

}  // namespace penstock
