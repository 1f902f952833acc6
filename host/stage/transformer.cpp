#include "stage/transformer.hpp"

#include "base/entity_key.hpp"
#include "base/hash.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

namespace penstock::host {
namespace {

using penstock::BatchBuilder;
using penstock::BatchView;
using penstock::ColumnView;

// Sorts like the number when compared byte by byte, unsigned.
void put_sortable(char* out, int64_t value) {
  uint64_t bits = static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
  if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap64(bits);
  std::memcpy(out, &bits, sizeof bits);
}

void put_big_endian(char* out, uint64_t bits) {
  if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap64(bits);
  std::memcpy(out, &bits, sizeof bits);
}

const CoercionError* read_order(const ColumnView& column, int64_t row, const std::optional<TimeZone>& zone, int64_t& out) {
  using penstock::Type;
  if (column.is_null(row)) return out = std::numeric_limits<int64_t>::min(), nullptr;  // below every time
  switch (column.field().type) {
    case Type::int8: return out = column.value<int8_t>(row), nullptr;
    case Type::int16: return out = column.value<int16_t>(row), nullptr;
    case Type::int32: return out = column.value<int32_t>(row), nullptr;
    case Type::int64: return out = column.value<int64_t>(row), nullptr;
    case Type::uint8: return out = column.value<uint8_t>(row), nullptr;
    case Type::uint16: return out = column.value<uint16_t>(row), nullptr;
    case Type::uint32: return out = column.value<uint32_t>(row), nullptr;
    case Type::uint64: return out = static_cast<int64_t>(column.value<uint64_t>(row) ^ (uint64_t{1} << 63)), nullptr;
    default: return read_instant_ns(column, row, zone, out);
  }
}

}  // namespace

struct Transformer::Work {
  std::shared_ptr<const RowPlan> plan;
  WindowFilter window;
  uint64_t fence;
  std::shared_ptr<const Schema> out_schema;
  BatchBuilder builder;
  BatchBuilder tie_builder;  // for the hashes of rows that tie; its rows are thrown away
  bool tie_builder_used = false;
  size_t times_size;         // bytes of penstock.order before the suffix

  // One entry a row that goes on, in the order of the batch.
  std::vector<int64_t> rows;
  std::vector<std::pair<size_t, size_t>> keys;  // start and size in key_bytes
  std::string key_bytes;
  std::string order_bytes;           // times_size a row
  std::vector<uint32_t> slots;       // open addressing: index + 1 into `rows`, 0: free
  std::string key, scratch, order;   // of the current row

  Work(std::shared_ptr<const RowPlan> p, WindowFilter w, int64_t f)
      : plan(std::move(p)), window(w), fence(static_cast<uint64_t>(f)), out_schema(std::make_shared<Schema>(plan->sink_schema())),
        builder(*out_schema), tie_builder(*out_schema), times_size(plan->order().size() * 8) {}

  struct Columns {
    BatchView view;
    std::vector<Coercer::Bound> fields;
  };

  std::string_view key_of(size_t index) const { return std::string_view(key_bytes).substr(keys[index].first, keys[index].second); }
  std::string_view times_of(size_t index) const { return std::string_view(order_bytes).substr(index * times_size, times_size); }

  void start(int64_t n) {
    rows.clear();
    if (std::exchange(tie_builder_used, false)) tie_builder = BatchBuilder(*out_schema);
    keys.clear();
    key_bytes.clear();
    order_bytes.clear();
    slots.assign(std::bit_ceil(static_cast<size_t>(n) * 2 + 1), 0);
  }

  // Builds `key`; null when it is usable.
  const CoercionError* read_key(const BatchView& view, int64_t row, std::string& column) {
    static constexpr CoercionError kNull{"NULL", "the entity's key is NULL"};
    static constexpr CoercionError kEmpty{"empty text", "the entity's key is empty"};
    static constexpr CoercionError kLong{"text over 4096 bytes", "the entity's key is too long"};
    std::vector<std::string> parts;
    key.clear();
    for (const size_t at : plan->keys()) {
      column = plan->schema()[at].name;
      if (view[at].is_null(row)) return key.clear(), &kNull;
      std::string_view text;
      if (const auto* error = read_text(view[at], row, scratch, text)) return key.clear(), error;
      if (plan->keys().size() == 1) {
        key = text;
        if (key.empty()) return &kEmpty;
      } else {
        parts.emplace_back(text);
      }
    }
    if (!parts.empty()) {
      const std::vector<std::string_view> views(parts.begin(), parts.end());
      key = encode_key(views);
    }
    if (key.size() > kMaxKeyBytes) return key.resize(64), &kLong;
    return nullptr;
  }

  // Is the row inside the window? A value that is no time is a reject.
  enum class Inside { yes, no, unreadable };
  Inside inside(const BatchView& view, int64_t row, Transformed& out, const CoercionError*& error) {
    const ColumnView& cursor = view[plan->cursor()];
    if (cursor.is_null(row)) {
      if (window.null_timestamp == NullTimestamp::skip) return Inside::no;
      ++out.null_cursors;
      return Inside::yes;
    }
    if (!window.after && !window.until) return Inside::yes;
    int64_t value = 0;
    if ((error = read_order(cursor, row, plan->zone(), value)) != nullptr) return Inside::unreadable;
    return (!window.after || value > *window.after) && (!window.until || value <= *window.until) ? Inside::yes : Inside::no;
  }

  const CoercionError* read_times(const BatchView& view, int64_t row, std::string& column) {
    order.resize(times_size);
    for (size_t i = 0; i < plan->order().size(); ++i) {
      const size_t at = plan->order()[i];
      int64_t value = 0;
      if (const auto* error = read_order(view[at], row, plan->zone(), value)) return column = plan->schema()[at].name, error;
      put_sortable(order.data() + i * 8, value);
    }
    return nullptr;
  }

  uint64_t value_hash(const Columns& columns, int64_t row) {
    uint64_t hash = 0;
    for (size_t i = 0; i < columns.fields.size(); ++i) columns.fields[i].append(row, tie_builder[i + 2], hash);
    tie_builder_used = true;
    return hash;
  }

  // Keeps the row unless the batch has a newer one of the same key. Rows that tie in all order columns are decided by their
  // values, so that the outcome does not depend on the order of delivery.
  bool keep(const Columns& columns, int64_t row) {
    const size_t mask = slots.size() - 1;
    for (size_t at = hash_bytes(0, key) & mask;; at = (at + 1) & mask) {
      if (slots[at] == 0) {
        slots[at] = static_cast<uint32_t>(rows.size()) + 1;
        rows.push_back(row);
        keys.emplace_back(key_bytes.size(), key.size());
        key_bytes += key;
        order_bytes += order;
        return true;
      }
      const size_t index = slots[at] - 1;
      if (key_of(index) != key) continue;
      const int compared = std::string_view(order).compare(times_of(index));
      if (compared > 0 || (compared == 0 && value_hash(columns, row) > value_hash(columns, rows[index]))) {
        rows[index] = row;
        std::memcpy(order_bytes.data() + index * times_size, order.data(), times_size);
      }
      return false;
    }
  }

  void reject(Transformed& out, const std::string& column, const CoercionError& error) {
    out.rejects.push_back({key, column, error.value_class, error.reason});
  }

  void take_row(const Columns& columns, int64_t row, Transformed& out) {
    const CoercionError* error = nullptr;
    const Inside where = inside(columns.view, row, out, error);
    if (where == Inside::no) return;
    ++out.read;
    std::string column;
    if (const auto* key_error = read_key(columns.view, row, column)) return reject(out, column, *key_error);
    if (where == Inside::unreadable) return reject(out, plan->cursor_column(), *error);
    if ((error = read_times(columns.view, row, column)) != nullptr) return reject(out, column, *error);
    for (size_t i = 0; i < columns.fields.size(); ++i) {
      if (!columns.fields[i].can_fail()) continue;
      if ((error = columns.fields[i].check(row)) != nullptr) return reject(out, (*out_schema)[i + 2].name, *error);
    }
    if (!keep(columns, row)) ++out.superseded;
  }

  Batch build(const Columns& columns) {
    std::vector<uint64_t> hashes(rows.size(), 0);
    for (size_t i = 0; i < columns.fields.size(); ++i)
      for (size_t k = 0; k < rows.size(); ++k) columns.fields[i].append(rows[k], builder[i + 2], hashes[k]);
    std::string full(static_cast<size_t>(plan->order_size()), '\0');
    put_big_endian(full.data() + times_size, fence);
    for (size_t k = 0; k < rows.size(); ++k) {
      builder[0].append_bytes(key_of(k));
      std::memcpy(full.data(), times_of(k).data(), times_size);
      put_big_endian(full.data() + times_size + 8, hashes[k]);
      builder[1].append_bytes(full);
    }
    ArrowArray array{};
    builder.finish(&array);
    return Batch(out_schema, &array);
  }
};

Transformer::Transformer(std::shared_ptr<const RowPlan> plan, WindowFilter window, int64_t fence)
    : work_(std::make_unique<Work>(std::move(plan), window, fence)) {}

Transformer::~Transformer() = default;

Result<Transformed> Transformer::apply(const Batch& in) {
  Work& work = *work_;
  Work::Columns columns{in.view(), {}};
  for (size_t i = 0; i < work.plan->fields().size(); ++i)
    columns.fields.push_back(work.plan->coercers()[i].bind(columns.view[work.plan->fields()[i]]));
  work.start(in.rows());
  Transformed out;
  for (int64_t row = 0; row < in.rows(); ++row) work.take_row(columns, row, out);
  out.batch = work.build(columns);
  return out;
}

}  // namespace penstock::host
