#include "stage/transformer.hpp"

#include "base/entity_key.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>
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

// As long as a reject's key needs to be recognised, and no character cut in two.
std::string_view first_part(std::string_view key) {
  constexpr size_t kShown = 64;
  if (key.size() <= kShown) return key;
  size_t size = kShown;
  while (size > 0 && (static_cast<unsigned char>(key[size]) & 0xc0) == 0x80) --size;
  return key.substr(0, size);
}

}  // namespace

struct Transformer::Work {
  std::shared_ptr<const RowPlan> plan;
  WindowFilter window;
  uint64_t fence;
  bool ordered;
  RepeatFilter* repeats;
  std::string again_after;  // sortable
  size_t cursor_at;         // in penstock.order
  std::shared_ptr<const Schema> out_schema;
  BatchBuilder builder;
  size_t times_size;  // bytes of penstock.order before the suffix

  // One entry a row that goes on, in the order of the batch; kKept: the row kept back from the batch before.
  std::vector<int64_t> rows;
  std::vector<std::pair<size_t, size_t>> keys;  // start and size in key_bytes
  std::string key_bytes;
  std::string order_bytes;      // times_size a row
  std::vector<uint32_t> slots;  // open addressing: index + 1 into `rows`, 0: free

  // Of the current row.
  size_t entry = 0;      // the one of its key
  std::string_view key;  // into the column, scratch or joined_key
  std::string scratch, joined_key, order;
  std::vector<std::string> parts;
  std::vector<std::string_view> part_views;

  Work(std::shared_ptr<const RowPlan> p, WindowFilter w, int64_t f, bool o, RepeatFilter* r, int64_t a)
      : plan(std::move(p)), window(w), fence(static_cast<uint64_t>(f)), ordered(o), repeats(r), again_after(8, '\0'),
        cursor_at(static_cast<size_t>(std::find(plan->order().begin(), plan->order().end(), plan->cursor()) - plan->order().begin()) * 8), out_schema(std::make_shared<Schema>(plan->sink_schema())),
        builder(*out_schema), times_size(plan->order().size() * 8), order(times_size, '\0'), parts(plan->keys().size()),
        part_views(plan->keys().size()) {
    put_sortable(again_after.data(), a);
  }

  // The columns of one batch.
  struct Columns {
    BatchView view;
    std::vector<Coercer::Bound> fields = {};
    std::vector<size_t> fallible = {};  // of `fields`: those whose values have to be checked
  };

  // A row of a batch that is over, which is therefore still held.
  static constexpr int64_t kKept = -1;
  struct Kept {
    Batch batch;
    Columns columns;
    int64_t row;
    std::string key, order;
  };
  std::optional<Kept> kept = {};

  std::string_view key_of(size_t index) const { return std::string_view(key_bytes).substr(keys[index].first, keys[index].second); }
  std::string_view times_of(size_t index) const { return std::string_view(order_bytes).substr(index * times_size, times_size); }
  const std::string& name_of(size_t column) const { return plan->schema()[column].name; }

  // A time as nanoseconds, another integer as it is: what positions count, and what order columns sort by.
  const CoercionError* read_ordinal(const BatchView& view, size_t column, int64_t row, int64_t& out) const {
    const int64_t unit_ns = column == plan->cursor() ? plan->cursor_unit_ns() : 0;
    if (unit_ns == 0 && is_integer(view[column].field().type)) return read_int64(view[column], row, out);
    return read_instant_ns(view[column], row, plan->zone(), out, unit_ns);
  }

  Columns bind(const Batch& in) const {
    Columns columns{in.view()};
    for (size_t i = 0; i < plan->fields().size(); ++i) {
      columns.fields.push_back(plan->coercers()[i].bind(columns.view[plan->fields()[i]]));
      if (columns.fields[i].can_fail()) columns.fallible.push_back(i);
    }
    return columns;
  }

  void start(int64_t n) {
    rows.clear();
    keys.clear();
    key_bytes.clear();
    order_bytes.clear();
    slots.assign(std::bit_ceil(static_cast<size_t>(n) * 2 + 3), 0);
  }

  // The row kept back comes before those of the batch.
  void enter_kept(Transformed& out) {
    if (!kept) return;
    ++out.read;
    key = kept->key;
    order = kept->order;
    keep(kept->columns, kKept);
  }

  // The last row that goes on stays behind, and is counted when it goes. Nothing when it is the one kept back already.
  std::optional<Kept> keep_back(Batch& in, Columns& columns, Transformed& out) {
    if (!ordered || rows.empty()) return {};
    --out.read;
    const int64_t row = rows[entry];
    std::optional<Kept> last;
    if (row != kKept) last.emplace(Kept{{}, columns, row, std::string(key_of(entry)), std::string(times_of(entry))});
    rows.erase(rows.begin() + static_cast<ptrdiff_t>(entry));
    keys.erase(keys.begin() + static_cast<ptrdiff_t>(entry));
    order_bytes.erase(entry * times_size, times_size);
    // Columns point to what the array holds, which a move leaves where it is.
    if (last) last->batch = std::move(in);
    return last;
  }

  // Sets `key`; null when it is usable. On failure `column` is the part that was wrong.
  const CoercionError* read_key(const BatchView& view, int64_t row, size_t& column) {
    static constexpr CoercionError kNull{"NULL", "the entity's key is NULL"};
    static constexpr CoercionError kEmpty{"empty text", "the entity's key is empty"};
    static constexpr CoercionError kLong{"text over 4096 bytes", "the entity's key is too long"};
    key = {};
    std::string_view text;
    for (size_t i = 0; i < plan->keys().size(); ++i) {
      column = plan->keys()[i];
      if (view[column].is_null(row)) return &kNull;
      if (const auto* error = read_text(view[column], row, scratch, text)) return error;
      if (plan->keys().size() == 1) break;
      parts[i] = text;
      part_views[i] = parts[i];
    }
    if (plan->keys().size() > 1) text = joined_key = encode_key(part_views);
    if (text.size() > kMaxKeyBytes) return key = first_part(text), &kLong;
    key = text;
    return key.empty() ? &kEmpty : nullptr;
  }

  // Is the row inside the window? A value that is no time is a reject.
  enum class Inside { yes, no, unreadable };
  Inside inside(const BatchView& view, int64_t row, Transformed& out, const CoercionError*& error) {
    const ColumnView& cursor = view[plan->cursor()];
    if (cursor.is_null(row)) {
      ++out.null_cursors;
      return window.null_timestamp == NullTimestamp::skip ? Inside::no : Inside::yes;
    }
    if (!window.after && !window.until) return Inside::yes;
    int64_t value = 0;
    if ((error = read_ordinal(view, plan->cursor(), row, value)) != nullptr) return Inside::unreadable;
    return (!window.after || value > *window.after) && (!window.until || value <= *window.until) ? Inside::yes : Inside::no;
  }

  const CoercionError* read_times(const BatchView& view, int64_t row, size_t& column) {
    for (size_t i = 0; i < plan->order().size(); ++i) {
      column = plan->order()[i];
      int64_t value = std::numeric_limits<int64_t>::min();  // NULL: below every time
      if (!view[column].is_null(row))
        if (const auto* error = read_ordinal(view, column, row, value)) return error;
      put_sortable(order.data() + i * 8, value);
    }
    return nullptr;
  }

  uint64_t value_hash(const Columns& columns, int64_t row) const {
    if (row == kKept) return value_hash(kept->columns, kept->row);
    uint64_t hash = 0;
    for (const Coercer::Bound& field : columns.fields) hash = field.hash(row, hash);
    return hash;
  }

  // Keeps the row unless the batch has a newer one of the same key. Rows that tie in all order columns are decided by their
  // values, so that the outcome does not depend on the order of delivery.
  bool keep(const Columns& columns, int64_t row) {
    const size_t mask = slots.size() - 1;
    for (size_t at = hash_bytes(0, key) & mask;; at = (at + 1) & mask) {
      if (slots[at] == 0) {
        entry = rows.size();
        slots[at] = static_cast<uint32_t>(entry) + 1;
        rows.push_back(row);
        keys.emplace_back(key_bytes.size(), key.size());
        key_bytes += key;
        order_bytes += order;
        return true;
      }
      const size_t index = slots[at] - 1;
      if (key_of(index) != key) continue;
      entry = index;
      const int compared = std::string_view(order).compare(times_of(index));
      if (compared > 0 || (compared == 0 && value_hash(columns, row) > value_hash(columns, rows[index]))) {
        rows[index] = row;
        std::memcpy(order_bytes.data() + index * times_size, order.data(), times_size);
      }
      return false;
    }
  }

  void reject(Transformed& out, const std::string& column, const CoercionError& error) {
    out.rejects.push_back({std::string(key), column, error.value_class, error.reason});
  }

  void take_row(const Columns& columns, int64_t row, Transformed& out) {
    const CoercionError* error = nullptr;
    const Inside where = inside(columns.view, row, out, error);
    if (where == Inside::no) return;
    ++out.read;
    size_t column = 0;
    if (const auto* key_error = read_key(columns.view, row, column)) return reject(out, name_of(column), *key_error);
    if (where == Inside::unreadable) return reject(out, plan->cursor_column(), *error);
    if ((error = read_times(columns.view, row, column)) != nullptr) return reject(out, name_of(column), *error);
    for (const size_t i : columns.fallible)
      if ((error = columns.fields[i].check(row)) != nullptr) return reject(out, (*out_schema)[i + 2].name, *error);
    if (!keep(columns, row)) ++out.superseded;
  }

  // Takes out what the store has already.
  void leave_out_repeats(const Columns& columns, Transformed& out) {
    if (repeats == nullptr) return;
    size_t staying = 0;
    bool kept_left_out = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (repeats->may_repeat(key_of(i), times_of(i)) && repeats->leave_out(key_of(i), times_of(i), value_hash(columns, rows[i]))) {
        ++out.repeats;
        kept_left_out = kept_left_out || rows[i] == kKept;
        continue;
      }
      if (staying != i) {
        rows[staying] = rows[i];
        keys[staying] = keys[i];
        std::memcpy(order_bytes.data() + staying * times_size, order_bytes.data() + i * times_size, times_size);
      }
      ++staying;
    }
    rows.resize(staying);
    keys.resize(staying);
    order_bytes.resize(staying * times_size);
    if (kept_left_out) kept.reset();
  }

  Batch build(const Columns& columns, Transformed& out) {
    leave_out_repeats(columns, out);
    std::vector<uint64_t> hashes(rows.size(), 0);
    const size_t from_kept = !rows.empty() && rows[0] == kKept ? 1 : 0;
    if (from_kept != 0) {
      for (size_t i = 0; i < columns.fields.size(); ++i) kept->columns.fields[i].append({&kept->row, 1}, builder[i + 2], std::span(hashes).first(1));
      kept.reset();  // before the rest is copied: its batch may be large
    }
    for (size_t i = 0; i < columns.fields.size(); ++i)
      columns.fields[i].append(std::span(rows).subspan(from_kept), builder[i + 2], std::span(hashes).subspan(from_kept));
    std::string full(static_cast<size_t>(plan->order_size()), '\0');
    put_big_endian(full.data() + times_size, fence);
    for (size_t k = 0; k < rows.size(); ++k) {
      builder[0].append_bytes(key_of(k));
      std::memcpy(full.data(), times_of(k).data(), times_size);
      put_big_endian(full.data() + times_size + 8, hashes[k]);
      builder[1].append_bytes(full);
      if (repeats != nullptr) repeats->sent(key_of(k), times_of(k), hashes[k], times_of(k).substr(cursor_at, 8) > again_after);
    }
    ArrowArray array{};
    builder.finish(&array);
    return Batch(out_schema, &array);
  }
};

Transformer::Transformer(std::shared_ptr<const RowPlan> plan, WindowFilter window, int64_t fence, bool ordered, RepeatFilter* repeats,
                         int64_t again_after)
    : work_(std::make_unique<Work>(std::move(plan), window, fence, ordered, repeats, again_after)) {}

Transformer::~Transformer() = default;

Result<Transformed> Transformer::apply(Batch in, bool last) {
  Work& work = *work_;
  const int64_t rows = in.rows();
  try {
    Work::Columns columns = work.bind(in);
    work.start(rows);
    Transformed out;
    work.enter_kept(out);
    for (int64_t row = 0; row < rows; ++row) work.take_row(columns, row, out);
    auto kept = last ? std::nullopt : work.keep_back(in, columns, out);
    out.batch = work.build(columns, out);
    if (kept) work.kept = std::move(kept);
    return out;
  } catch (const penstock::Error& error) {
    // The builders say so when a column of the batch exceeds what Arrow's offsets can say.
    work.builder = BatchBuilder(*work.out_schema);
    return Failure{error.status(), PENSTOCK_RETRY_NEVER, "batch of " + std::to_string(rows) + " rows: " + std::string(error.message())};
  }
}

Result<Transformed> Transformer::finish() {
  Work& work = *work_;
  work.start(1);
  Transformed out;
  work.enter_kept(out);
  if (!work.kept) return out;
  // Of the batch that is over, whose columns build needs although no more of its rows go on.
  const Work::Kept last = std::move(*work.kept);
  work.kept.reset();
  work.rows.clear();
  work.rows.push_back(last.row);
  out.batch = work.build(last.columns, out);
  return out;
}

}  // namespace penstock::host
