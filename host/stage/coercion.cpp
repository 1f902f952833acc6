#include "stage/coercion.hpp"

#include "base/hash.hpp"

#include <type_traits>

namespace penstock::host {
namespace {

using penstock::ColumnBuilder;
using penstock::ColumnView;
using penstock::Type;

constexpr CoercionError kNullItem{"list with a null item", "a list may not hold nulls"};

// Can a column of this type hold a value for the field, and may a value fail all the same?
enum class Fit { never, sometimes, always };

Fit scalar_fit(Type from, Scalar field) {
  if (from == Type::null) return Fit::always;
  const auto when = [](bool possible, bool always) { return !possible ? Fit::never : always ? Fit::always : Fit::sometimes; };
  const bool number_like = is_integer(from) || is_floating(from) || from == Type::decimal128 || from == Type::utf8;
  switch (field) {
    case Scalar::int32:
      return when(number_like || from == Type::boolean, from == Type::int8 || from == Type::int16 || from == Type::int32 ||
                                                            from == Type::uint8 || from == Type::uint16 || from == Type::boolean);
    case Scalar::int64:
      return when(number_like || from == Type::boolean, (is_integer(from) && from != Type::uint64) || from == Type::boolean);
    case Scalar::float64: return when(number_like, is_floating(from));
    case Scalar::float32: return when(number_like, from == Type::float32);
    case Scalar::boolean: return when(from == Type::boolean || is_integer(from) || from == Type::utf8, from == Type::boolean);
    case Scalar::string: return when(from != Type::list, !is_binary(from) && !is_timestamp(from));
    case Scalar::bytes: return when(is_binary(from) || from == Type::utf8, true);
    case Scalar::unix_timestamp:
      return when(is_timestamp(from) || is_integer(from) || from == Type::utf8, false);
  }
  return Fit::never;
}

template <class T>
uint64_t continue_hash(uint64_t hash, T value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return hash_bytes(hash, value);
  } else {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    return hash_bytes(hash, {bytes, sizeof(T)});
  }
}

// Apart from every value, also from the empty text.
uint64_t continue_hash_with_null(uint64_t hash) { return mix(hash, 0x6e756c6c); }

template <class T>
void append_to(ColumnBuilder& out, T value) {
  if constexpr (std::is_same_v<T, std::string_view>)
    out.append_bytes(value);
  else
    out.append(value);
}

}  // namespace

penstock::Field sink_field(const std::string& name, FieldType type) {
  static constexpr Type kTypes[] = {Type::binary,  Type::utf8,    Type::int32,   Type::int64,
                                    Type::float64, Type::float32, Type::boolean, Type::timestamp_ns};
  penstock::Field item{.name = name, .type = kTypes[static_cast<size_t>(type.scalar)]};
  if (type.scalar == Scalar::unix_timestamp) item.timezone = "UTC";
  if (!type.list) return item;
  penstock::Field list{.name = name, .type = Type::list};
  item.name = "item";
  list.children.push_back(std::move(item));
  return list;
}

Result<Coercer> Coercer::make(const penstock::Field& column, FieldType field, const std::optional<TimeZone>& zone, int64_t unit_ns) {
  const bool from_json = field.list && column.type == Type::utf8;
  const bool from_list = column.type == Type::list || from_json;
  const penstock::Field& item = column.type == Type::list ? column.children[0] : column;
  const Fit fit = from_list != field.list && column.type != Type::null ? Fit::never : scalar_fit(item.type, field.scalar);
  if (fit == Fit::never)
    return invalid("column \"" + column.name + "\" of type " + type_label(column) + " cannot become " + field.name());
  if (field.scalar == Scalar::unix_timestamp && is_naive(item) && !zone)
    return invalid("column \"" + column.name + "\" is of type " + type_label(column) +
                   ": set `timezone` on the view to the zone that its values are in");
  const bool can_fail = from_list || fit == Fit::sometimes;
  return Coercer(field, zone, unit_ns, can_fail, !can_fail && !field.list && sink_field({}, field).type == column.type, from_json);
}

template <class Visit>
const CoercionError* Coercer::visit_value(const ColumnView& column, int64_t row, Visit&& visit) const {
  const auto give = [&]<class T>(T value, const CoercionError* error) {
    if (error == nullptr) visit(value);
    return error;
  };
  int32_t narrow = 0;
  int64_t whole = 0;
  double wide = 0;
  float narrow_float = 0;
  bool truth = false;
  std::string_view text;
  const CoercionError* error = nullptr;
  switch (field_.scalar) {
    case Scalar::int32: error = read_int32(column, row, narrow); return give(narrow, error);
    case Scalar::int64: error = read_int64(column, row, whole); return give(whole, error);
    case Scalar::float64: error = read_double(column, row, wide); return give(wide, error);
    case Scalar::float32: error = read_float(column, row, narrow_float); return give(narrow_float, error);
    case Scalar::boolean: error = read_boolean(column, row, truth); return give(truth, error);
    case Scalar::string: error = read_text(column, row, scratch_, text); return give(text, error);
    case Scalar::bytes: return give(column.bytes(row), error);
    case Scalar::unix_timestamp: error = read_instant_ns(column, row, zone_, whole, unit_ns_); return give(whole, error);
  }
  return error;
}

Coercer::Bound::Bound(const Coercer* owner, ColumnView column)
    : owner_(owner), json_(owner->from_json_ ? std::make_shared<const JsonLists>(column) : nullptr),
      column_(json_ ? json_->view() : std::move(column)) {
  if (column_.field().type == Type::list) items_ = column_.items();
}

const CoercionError* Coercer::Bound::check(int64_t row) const {
  if (column_.is_null(row)) return nullptr;
  if (json_ && json_->error(row) != nullptr) return json_->error(row);
  const auto ignore = [](const auto&) {};
  if (!items_) return owner_->visit_value(column_, row, ignore);
  const auto [first, last] = column_.list_range(row);
  for (int64_t i = first; i < last; ++i) {
    if (items_->is_null(i)) return &kNullItem;
    if (const auto* error = owner_->visit_value(*items_, i, ignore)) return error;
  }
  return nullptr;
}

uint64_t Coercer::Bound::hash(int64_t row, uint64_t seed) const {
  if (column_.is_null(row)) return continue_hash_with_null(seed);
  const auto add = [&](const auto& value) { seed = continue_hash(seed, value); };
  if (!items_) return owner_->visit_value(column_, row, add), seed;
  const auto [first, last] = column_.list_range(row);
  seed = mix(seed, static_cast<uint64_t>(last - first));
  for (int64_t i = first; i < last; ++i) owner_->visit_value(*items_, i, add);
  return seed;
}

template <class T>
void Coercer::Bound::append_as_is(std::span<const int64_t> rows, ColumnBuilder& out, std::span<uint64_t> hashes) const {
  for (size_t k = 0; k < rows.size(); ++k) {
    if (column_.is_null(rows[k])) {
      out.append_null();
      hashes[k] = continue_hash_with_null(hashes[k]);
      continue;
    }
    T value;
    if constexpr (std::is_same_v<T, std::string_view>)
      value = column_.bytes(rows[k]);
    else
      value = column_.value<T>(rows[k]);
    append_to(out, value);
    hashes[k] = continue_hash(hashes[k], value);
  }
}

void Coercer::Bound::append(std::span<const int64_t> rows, ColumnBuilder& out, std::span<uint64_t> hashes) const {
  if (owner_->as_is_) {
    switch (column_.field().type) {
      case Type::int32: return append_as_is<int32_t>(rows, out, hashes);
      case Type::int64: return append_as_is<int64_t>(rows, out, hashes);
      case Type::float64: return append_as_is<double>(rows, out, hashes);
      case Type::float32: return append_as_is<float>(rows, out, hashes);
      case Type::boolean: return append_as_is<bool>(rows, out, hashes);
      default: return append_as_is<std::string_view>(rows, out, hashes);
    }
  }
  for (size_t k = 0; k < rows.size(); ++k) {
    const int64_t row = rows[k];
    uint64_t& hash = hashes[k];
    if (column_.is_null(row)) {
      out.append_null();
      hash = continue_hash_with_null(hash);
      continue;
    }
    const auto add = [&](ColumnBuilder& to) {
      return [&to, &hash](const auto& value) {
        append_to(to, value);
        hash = continue_hash(hash, value);
      };
    };
    if (!items_) {
      owner_->visit_value(column_, row, add(out));
      continue;
    }
    const auto [first, last] = column_.list_range(row);
    hash = mix(hash, static_cast<uint64_t>(last - first));
    for (int64_t i = first; i < last; ++i) owner_->visit_value(*items_, i, add(out.item()));
    out.end_list();
  }
}

}  // namespace penstock::host
