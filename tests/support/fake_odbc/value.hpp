// A cell and its conversions to the C types of ODBC.
#pragma once

#include "text.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace penstock::fake_odbc {

struct Bytes {
  std::string data;
};

// monostate is NULL.
using Value = std::variant<std::monostate, int64_t, uint64_t, double, bool, std::string, Bytes>;
using Row = std::vector<Value>;

inline bool is_null(const Value& value) { return value.index() == 0; }

// A value in a C type.
struct Encoded {
  std::string bytes = {};
  size_t unit = 0;       // of characters, which have an end of that size; 0: none
  bool fixed = false;    // the buffer's length does not matter
  bool fraction = false;  // digits were lost: 01S07
};

// Not for NULL. Throws OdbcError: 22003 out of range, 22018 not such a value, HYC00 not a C type that is known here.
Encoded encode(const Value& value, SQLSMALLINT c_type, Wide wide);

// The C type that SQL_C_DEFAULT stands for.
SQLSMALLINT default_c_type(SQLSMALLINT sql_type);
// The size of a fixed C type's element in a bound array, else 0.
SQLLEN element_size(SQLSMALLINT c_type);

struct Delivery {
  bool truncated = false;
  size_t copied = 0;  // bytes of the value
};

// Copies from `offset` on, as much as fits with the end; `indicator` (may be null) is what was left before this call, or SQL_NO_TOTAL
// when it is cut and `no_total` is set.
Delivery deliver(const Encoded& encoded, size_t offset, void* buffer, SQLLEN capacity, SQLLEN* indicator, bool no_total);

}  // namespace penstock::fake_odbc
