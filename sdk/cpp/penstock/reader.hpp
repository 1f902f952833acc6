// Reading Arrow batches: typed views without copies. They trust the array; the host validates arrays before anyone reads.
#pragma once

#include <penstock/column_time.hpp>
#include <penstock/decimal.hpp>

#include <cstring>
#include <span>

namespace penstock {

// One column of a batch, borrowed. Indices are rows of the column, its offset is taken care of. get() sees to it that the C++ type
// fits the column's; value(), bytes() and list_range(), for inner loops, must fit it, and null entries have no value for them.
class ColumnView {
 public:
  ColumnView(Field field, const ArrowArray* array) : field_(std::move(field)), array_(array) {
    const bool offsets = field_.type == Type::utf8 || field_.type == Type::binary || field_.type == Type::list;
    validity_ = field_.type == Type::null || array->null_count == 0 ? nullptr : static_cast<const uint8_t*>(array->buffers[0]);
    offsets_ = offsets ? static_cast<const int32_t*>(array->buffers[1]) : nullptr;
    if (field_.type != Type::null && field_.type != Type::list) data_ = static_cast<const uint8_t*>(array->buffers[offsets ? 2 : 1]);
  }

  const Field& field() const { return field_; }
  int64_t length() const { return array_->length; }

  bool is_null(int64_t row) const {
    if (validity_ == nullptr) return field_.type == Type::null;
    return !bit(validity_, row + array_->offset);
  }
  template <class T>
  T value(int64_t row) const {
    if constexpr (std::is_same_v<T, bool>) {
      return bit(data_, row + array_->offset);
    } else {
      T out;
      std::memcpy(&out, data_ + static_cast<size_t>(row + array_->offset) * sizeof(T), sizeof(T));
      return out;
    }
  }
  // The row's value, or nothing when it is null. T is what ColumnBuilder::append takes for the column; text is a std::string_view into
  // the batch, or a std::string. Throws INTERNAL for another T or a row that is not there, DATA_LOSS for a time that T cannot hold.
  template <class T>
  std::optional<T> get(int64_t row) const {
    if (row < 0 || row >= array_->length) throw Error(PENSTOCK_STATUS_INTERNAL, "column \"" + field_.name + "\" has no row " + std::to_string(row));
    if (is_null(row)) return std::nullopt;
    return read(row, static_cast<T*>(nullptr));
  }

  // utf8, binary, fixed_binary, decimal128
  std::string_view bytes(int64_t row) const {
    const auto at = static_cast<size_t>(row + array_->offset);
    if (offsets_ == nullptr) {
      const size_t width = field_.type == Type::decimal128 ? 16 : static_cast<size_t>(field_.width);
      return {reinterpret_cast<const char*>(data_) + at * width, width};
    }
    return {reinterpret_cast<const char*>(data_) + offsets_[at], static_cast<size_t>(offsets_[at + 1] - offsets_[at])};
  }
  // list: the items of row i are [first, second) of items().
  std::pair<int64_t, int64_t> list_range(int64_t row) const {
    const auto at = static_cast<size_t>(row + array_->offset);
    return {offsets_[at], offsets_[at + 1]};
  }
  ColumnView items() const { return ColumnView(field_.children.at(0), array_->children[0]); }

 private:
  template <detail::Scalar T>
  T read(int64_t row, T*) const {
    require(storage_of(field_.type) == storage_for<T>(), storage_name(storage_for<T>()));
    return value<T>(row);
  }
  std::string_view read(int64_t row, std::string_view*) const {
    const Storage storage = storage_of(field_.type);
    require(storage == Storage::sized || storage == Storage::fixed, "bytes");
    return bytes(row);
  }
  std::string read(int64_t row, std::string*) const { return std::string(read(row, static_cast<std::string_view*>(nullptr))); }
  std::chrono::sys_days read(int64_t row, std::chrono::sys_days*) const {
    require(field_.type == Type::date32, "a date");
    return std::chrono::sys_days(std::chrono::days(value<int32_t>(row)));
  }
  template <class Clock, detail::ColumnDuration Duration>
  std::chrono::time_point<Clock, Duration> read(int64_t row, std::chrono::time_point<Clock, Duration>*) const {
    require(detail::fits_clock<Clock>(field_), detail::clock_name<Clock>());
    const auto count = detail::rescaled(value<int64_t>(row), detail::units_per_second(field_.type), Duration::period::den);
    if (!count) throw Error(PENSTOCK_STATUS_DATA_LOSS, "column \"" + field_.name + "\" has a time that is too far away");
    return std::chrono::time_point<Clock, Duration>(Duration(*count));
  }
  Decimal read(int64_t row, Decimal*) const {
    require(field_.type == Type::decimal128, "a decimal");
    return Decimal::from_bytes(bytes(row));
  }
  // Items are not null in what the host sends; where they may be, T is std::vector<std::optional<…>>.
  template <class T>
  std::vector<T> read(int64_t row, std::vector<T>*) const {
    require(field_.type == Type::list, "a list");
    const auto [begin, end] = list_range(row);
    const ColumnView from = items();
    std::vector<T> out;
    for (int64_t i = begin; i < end; ++i) out.push_back(from.item_at(i, static_cast<T*>(nullptr)));
    return out;
  }
  template <class T>
  T item_at(int64_t row, T*) const {
    if (auto item = get<T>(row)) return *std::move(item);
    throw Error(PENSTOCK_STATUS_INTERNAL, "column \"" + field_.name + "\" has a null item, which was read as one that cannot be null");
  }
  template <class T>
  std::optional<T> item_at(int64_t row, std::optional<T>*) const {
    return get<T>(row);
  }

  void require(bool fits, const char* what) const {
    if (!fits) detail::fail_type(field_, what, "read as");
  }

  static bool bit(const uint8_t* bits, int64_t at) { return ((bits[at >> 3] >> (at & 7)) & 1) != 0; }

  Field field_;
  const ArrowArray* array_;
  const uint8_t* validity_ = nullptr;
  const int32_t* offsets_ = nullptr;
  const uint8_t* data_ = nullptr;
};

// A struct array as columns, borrowed. A struct with an offset or nulls of its own is not accepted (the host sends none).
class BatchView {
 public:
  BatchView(const Schema& schema, const ArrowArray& array) : rows_(array.length) {
    if (array.n_children != static_cast<int64_t>(schema.size()) || array.offset != 0)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the batch does not have the schema's columns");
    for (size_t i = 0; i < schema.size(); ++i) columns_.emplace_back(schema[i], array.children[i]);
  }

  int64_t rows() const { return rows_; }
  const ColumnView& operator[](size_t column) const { return columns_[column]; }
  size_t columns() const { return columns_.size(); }

 private:
  int64_t rows_;
  std::vector<ColumnView> columns_;
};

}  // namespace penstock
