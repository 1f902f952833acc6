#include "fuzz/batch_use.hpp"

#include "batch/batch.hpp"
#include "batch/row_codec.hpp"
#include "batch/slice.hpp"
#include "stage/transformer.hpp"

#include <memory>
#include <vector>

namespace penstock::fuzz {
namespace {

using host::Batch;

// The value as bytes, with what tells it from others. As every reader in the host, by the field's type.
void append_value(std::string& out, const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return out.push_back('0');
  out.push_back('1');
  const auto number = [&]<class T>(T value) { out.append(reinterpret_cast<const char*>(&value), sizeof value); };
  switch (column.field().type) {
    case Type::null: return;
    case Type::boolean: return number(column.value<bool>(row));
    case Type::int8:
    case Type::uint8: return number(column.value<uint8_t>(row));
    case Type::int16:
    case Type::uint16: return number(column.value<uint16_t>(row));
    case Type::int32:
    case Type::uint32:
    case Type::float32:
    case Type::date32: return number(column.value<uint32_t>(row));
    case Type::utf8:
    case Type::binary:
    case Type::fixed_binary:
    case Type::decimal128: out += std::to_string(column.bytes(row).size()) + ":"; out += column.bytes(row); return;
    case Type::list: {
      const auto [first, last] = column.list_range(row);
      const ColumnView items = column.items();
      out += std::to_string(last - first) + "[";
      for (int64_t i = first; i < last; ++i) append_value(out, items, i);
      return;
    }
    default: return number(column.value<uint64_t>(row));
  }
}

std::vector<std::string> rows_of(const Batch& batch) {
  const BatchView view = batch.view();
  std::vector<std::string> rows(static_cast<size_t>(view.rows()));
  for (int64_t row = 0; row < view.rows(); ++row)
    for (size_t column = 0; column < view.columns(); ++column) append_value(rows[static_cast<size_t>(row)], view[column], row);
  return rows;
}

// Some readers go by the count, others by the bitmap.
std::string null_count_problem(const Schema& schema, const ArrowArray& array) {
  const BatchView view(schema, array);
  for (size_t i = 0; i < schema.size(); ++i) {
    int64_t nulls = 0;
    for (int64_t row = 0; row < view.rows(); ++row) nulls += view[i].is_null(row) ? 1 : 0;
    const int64_t said = array.children[i]->null_count;
    if (schema[i].type != Type::null && said >= 0 && said != nulls) return "a null count that the bitmap does not bear out";
  }
  return {};
}

std::string use_slice(sim::Chance& chance, const std::shared_ptr<Batch>& batch, const std::vector<std::string>& rows) {
  const int64_t first = chance.between(0, batch->rows()), size = chance.between(0, batch->rows() - first);
  const Batch part = host::slice(batch, first, size);
  const std::vector<std::string> expected(rows.begin() + first, rows.begin() + first + size);
  if (const auto valid = host::validate_array(part.schema(), part.array()); !valid) return "a slice of a valid batch: " + valid.failure().message;
  return rows_of(part) == expected ? std::string() : "a slice has other rows";
}

std::string use_codec(const Batch& batch, const std::vector<std::string>& rows) {
  BatchBuilder builder(batch.schema());
  const BatchView view = batch.view();
  for (int64_t row = 0; row < batch.rows(); ++row) {
    const auto bytes = host::encode_row(batch.schema(), view, row, size_t{1} << 20);
    if (!bytes) return "a row was too long to be kept";
    if (const auto appended = host::append_row(*bytes, batch.schema(), builder); !appended)
      return "a row that was kept: " + appended.failure().message;
  }
  ArrowArray raw;
  builder.finish(&raw);
  const Batch copy(batch.shared_schema(), &raw);
  return rows_of(copy) == rows ? std::string() : "the codec gives other rows";
}

// Every column but the key and the time becomes a field of some type, if there is one that it can become.
std::string use_transformer(sim::Chance& chance, const Schema& schema, Batch batch) {
  host::View view;
  for (size_t i = 2; i < schema.size(); ++i)
    view.fields.push_back({schema[i].name, "", {static_cast<host::Scalar>(chance.below(8)), schema[i].type == Type::list}, ""});
  if (view.fields.empty()) view.fields.push_back({"k", "", {host::Scalar::string, false}, ""});
  view.timezone = "UTC";
  view.null_timestamp = host::NullTimestamp::always;
  host::BatchSource source;
  source.timestamp_field = "at";
  host::Entity entity;
  entity.keys = {"k"};
  auto plan = host::RowPlan::make(view, source, entity, schema, 0);
  if (!plan) return {};
  host::WindowFilter window{{}, {}, host::NullTimestamp::always};
  host::Transformer transformer(std::make_shared<const host::RowPlan>(std::move(*plan)), window, 7, chance.one_in(2));
  const int64_t rows = batch.rows();
  const auto made = transformer.apply(std::move(batch));
  if (!made) return {};
  const auto last = transformer.finish();
  int64_t seen = 0;
  for (const auto* part : {&made, &last}) {
    if (!*part) return "the transformer lost its last row: " + part->failure().message;
    if (std::as_const((*part)->batch).array().release == nullptr) continue;  // nothing was kept back
    const Batch& out = (*part)->batch;
    if (const auto valid = host::validate_array(out.schema(), out.array()); !valid) return "what the transformer made: " + valid.failure().message;
    (void)rows_of(out);
    seen += (*part)->batch.rows() + (*part)->superseded + static_cast<int64_t>((*part)->rejects.size());
  }
  return seen == rows ? std::string() : "the transformer made " + std::to_string(seen) + " of " + std::to_string(rows) + " rows";
}

}  // namespace

std::string use_batch(sim::Chance& chance, const Schema& schema, const ArrowArray& array) {
  const auto shared_schema = std::make_shared<const Schema>(schema);
  const auto borrow = [&] {
    ArrowArray copy = array;
    return Batch(shared_schema, &copy);
  };
  const auto batch = std::make_shared<Batch>(borrow());
  if (batch->byte_size() < 0) return "a negative size";
  if (auto problem = null_count_problem(schema, array); !problem.empty()) return problem;
  const std::vector<std::string> rows = rows_of(*batch);
  if (auto problem = use_slice(chance, batch, rows); !problem.empty()) return problem;
  if (auto problem = use_codec(*batch, rows); !problem.empty()) return problem;
  return use_transformer(chance, schema, borrow());
}

}  // namespace penstock::fuzz
