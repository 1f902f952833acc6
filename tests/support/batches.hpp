// Batches from literals, and back.
#pragma once

#include "batch/batch.hpp"

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace penstock::test {

// One value of a row. Integers, dates and timestamps are int64_t (a uint64 by its bits), text and binary are strings, and a
// decimal is its 16 bytes.
struct Cell {
  using List = std::vector<Cell>;
  std::variant<std::monostate, bool, int64_t, double, std::string, List> value;

  Cell() = default;  // null
  Cell(bool v) : value(v) {}
  Cell(int v) : value(int64_t{v}) {}
  Cell(int64_t v) : value(v) {}
  Cell(double v) : value(v) {}
  Cell(const char* v) : value(std::string(v)) {}
  Cell(std::string v) : value(std::move(v)) {}
  Cell(List v) : value(std::move(v)) {}

  bool operator==(const Cell&) const = default;
};
using Row = std::vector<Cell>;

// For gtest.
void PrintTo(const Cell& cell, std::ostream* out);

inline const Cell null{};

// The 16 bytes of a decimal128.
std::string decimal_bytes(int64_t high, uint64_t low);
inline std::string decimal_bytes(int64_t value) { return decimal_bytes(value < 0 ? -1 : 0, static_cast<uint64_t>(value)); }

// Throws std::bad_variant_access when a cell does not fit its column.
host::Batch make_batch(std::shared_ptr<const Schema> schema, const std::vector<Row>& rows);
host::Batch make_batch(const Schema& schema, const std::vector<Row>& rows);

std::vector<Row> rows_of(const Schema& schema, const ArrowArray& array);
inline std::vector<Row> rows_of(const host::Batch& batch) { return rows_of(batch.schema(), batch.array()); }

}  // namespace penstock::test
