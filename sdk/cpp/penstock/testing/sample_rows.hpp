// Rows to try a sink with: two plain fields, and every type with the values at its edges.
#pragma once

#include <penstock/testing/profile_row.hpp>

#include <limits>

namespace penstock::testing {

inline const Schema kTwoFields = {{"NAME", Type::utf8}, {"ORDERS", Type::int32}};

// A row of these; its hash is `orders`.
inline ProfileRow two_fields(std::string key, int64_t time, const char* name, int32_t orders, uint64_t fence = 1) {
  return {std::move(key), order_key(time, fence, static_cast<uint64_t>(orders)), {cell(name), cell(orders)}};
}

// Every type that a view's field can have, and the lists of them.
inline Schema all_types() {
  Schema fields = {{"F_BYTES", Type::binary},   {"F_STRING", Type::utf8},   {"F_INT32", Type::int32},  {"F_INT64", Type::int64},
                   {"F_DOUBLE", Type::float64}, {"F_FLOAT", Type::float32}, {"F_BOOL", Type::boolean}, instant("F_TIME", Type::timestamp_ns)};
  for (size_t i = 0; i < 8; ++i) {
    Field item = fields[i];
    Field list{item.name + "_LIST", Type::list};
    item.name = "item";
    list.children.push_back(item);
    fields.push_back(list);
  }
  return fields;
}

// Rows of these: five of edge values, and one of nulls.
inline std::vector<ProfileRow> edge_rows() {
  using I32 = std::numeric_limits<int32_t>;
  using I64 = std::numeric_limits<int64_t>;
  using D = std::numeric_limits<double>;
  using F = std::numeric_limits<float>;
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const std::string nul("a\0b", 3);
  const std::string quoted = "say \"hi\" \\ \t\n\x01\x7f \xF0\x9F\x8C\x8A \xC3\xA9 ]},";
  std::vector<std::vector<Cell>> rows = {
      {cell(every_byte), cell(quoted), cell(I32::max()), cell(I64::max()), cell(D::max()), cell(F::max()), cell(true), cell(I64::max())},
      {cell(""), cell(""), cell(I32::min()), cell(I64::min()), cell(D::denorm_min()), cell(F::denorm_min()), cell(false), cell(I64::min())},
      {cell(nul), cell(nul), cell(int32_t{0}), cell(int64_t{-1}), cell(-0.0), cell(-0.0f), cell(true), cell(int64_t{-1})},
      {cell("\r\n"), cell("nan"), cell(int32_t{-7}), cell(int64_t{9007199254740993}), cell(D::quiet_NaN()), cell(F::quiet_NaN()), cell(false),
       cell(int64_t{1'700'000'000'500'000'000})},
      {cell("$-1\r\n"), cell("null"), cell(int32_t{1}), cell(int64_t{1}), cell(-D::infinity()), cell(F::infinity()), cell(true), cell(int64_t{0})},
  };
  const std::vector<Cell> full = {
      list_cell<std::string>({every_byte, "", "a", "ab", "abc"}), list_cell<std::string>({quoted, "", nul}),
      list_cell<int32_t>({I32::min(), 0, I32::max()}), list_cell<int64_t>({I64::min(), 0, I64::max()}),
      list_cell<double>({D::quiet_NaN(), D::infinity(), -D::infinity(), -0.0, 0.1, D::max(), D::denorm_min(), 1e22}),
      list_cell<float>({F::quiet_NaN(), -F::infinity(), -0.0f, 0.1f, F::max()}), list_cell<bool>({true, false}),
      list_cell<int64_t>({I64::min(), -1, 0, 1, 999'999'999, 1'700'000'000'123'456'789, I64::max()})};
  const std::vector<Cell> empty(8, list_cell<int32_t>({}));
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Cell>& lists = i % 2 == 0 ? full : empty;
    rows[i].insert(rows[i].end(), lists.begin(), lists.end());
  }
  rows.push_back(std::vector<Cell>(16));
  std::vector<ProfileRow> out;
  for (size_t i = 0; i < rows.size(); ++i) out.push_back({"edge-" + std::to_string(i), order_key(1), rows[i]});
  return out;
}

}  // namespace penstock::testing
