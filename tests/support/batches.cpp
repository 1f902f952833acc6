#include "support/batches.hpp"

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <cstring>
#include <ostream>

namespace penstock::test {
namespace {

void append(ColumnBuilder& out, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell.value)) return out.append_null();
  const auto integer = [&] { return std::get<int64_t>(cell.value); };
  switch (out.field().type) {
    case Type::boolean: return out.append(std::get<bool>(cell.value));
    case Type::int8: return out.append(static_cast<int8_t>(integer()));
    case Type::int16: return out.append(static_cast<int16_t>(integer()));
    case Type::int32:
    case Type::date32: return out.append(static_cast<int32_t>(integer()));
    case Type::uint8: return out.append(static_cast<uint8_t>(integer()));
    case Type::uint16: return out.append(static_cast<uint16_t>(integer()));
    case Type::uint32: return out.append(static_cast<uint32_t>(integer()));
    case Type::uint64: return out.append(static_cast<uint64_t>(integer()));
    case Type::float32: return out.append(static_cast<float>(std::get<double>(cell.value)));
    case Type::float64: return out.append(std::get<double>(cell.value));
    case Type::utf8:
    case Type::binary:
    case Type::fixed_binary:
    case Type::decimal128: return out.append_bytes(std::get<std::string>(cell.value));
    case Type::list:
      for (const Cell& item : std::get<Cell::List>(cell.value)) append(out.item(), item);
      return out.end_list();
    default: return out.append(integer());
  }
}

Cell read(const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return {};
  switch (column.field().type) {
    case Type::boolean: return column.value<bool>(row);
    case Type::int8: return int64_t{column.value<int8_t>(row)};
    case Type::int16: return int64_t{column.value<int16_t>(row)};
    case Type::int32:
    case Type::date32: return int64_t{column.value<int32_t>(row)};
    case Type::uint8: return int64_t{column.value<uint8_t>(row)};
    case Type::uint16: return int64_t{column.value<uint16_t>(row)};
    case Type::uint32: return int64_t{column.value<uint32_t>(row)};
    case Type::float32: return static_cast<double>(column.value<float>(row));
    case Type::float64: return column.value<double>(row);
    case Type::utf8:
    case Type::binary:
    case Type::fixed_binary:
    case Type::decimal128: return std::string(column.bytes(row));
    case Type::list: {
      Cell::List items;
      const auto [first, last] = column.list_range(row);
      const ColumnView view = column.items();
      for (int64_t i = first; i < last; ++i) items.push_back(read(view, i));
      return items;
    }
    default: return column.value<int64_t>(row);
  }
}

}  // namespace

void PrintTo(const Cell& cell, std::ostream* out) {
  struct Printer {
    std::ostream& out;
    void operator()(std::monostate) const { out << "null"; }
    void operator()(bool v) const { out << (v ? "true" : "false"); }
    void operator()(int64_t v) const { out << v; }
    void operator()(double v) const { out << v << 'f'; }
    void operator()(const std::string& v) const { out << testing_quoted(v); }
    void operator()(const Cell::List& v) const {
      out << '[';
      for (const Cell& item : v) PrintTo(item, &out), out << ' ';
      out << ']';
    }
    static std::string testing_quoted(const std::string& v) {
      std::string text = "\"";
      for (const char c : v) {
        constexpr char kHex[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f)
          text += c;
        else
          text.append("\\x") += kHex[byte >> 4], text += kHex[byte & 15];
      }
      return text + "\"";
    }
  };
  std::visit(Printer{*out}, cell.value);
}

std::string decimal_bytes(int64_t high, uint64_t low) {
  std::string bytes(16, '\0');
  std::memcpy(bytes.data(), &low, 8);
  std::memcpy(bytes.data() + 8, &high, 8);
  return bytes;
}

host::Batch make_batch(std::shared_ptr<const Schema> schema, const std::vector<Row>& rows) {
  BatchBuilder builder(*schema);
  for (const Row& row : rows)
    for (size_t i = 0; i < schema->size(); ++i) append(builder[i], row.at(i));
  ArrowArray array{};
  builder.finish(&array);
  return host::Batch(std::move(schema), &array);
}

host::Batch make_batch(const Schema& schema, const std::vector<Row>& rows) {
  return make_batch(std::make_shared<const Schema>(schema), rows);
}

std::vector<Row> rows_of(const Schema& schema, const ArrowArray& array) {
  const BatchView view(schema, array);
  std::vector<Row> rows;
  for (int64_t row = 0; row < view.rows(); ++row) {
    Row cells;
    for (size_t i = 0; i < view.columns(); ++i) cells.push_back(read(view[i], row));
    rows.push_back(std::move(cells));
  }
  return rows;
}

}  // namespace penstock::test
