// How a PostgreSQL type travels: which are read in binary and as what Arrow type; every other type is cast to text.
#pragma once

#include <penstock/builder.hpp>

#include <cstdint>
#include <string_view>

namespace penstock::postgres {

// How the bytes of a binary COPY become a value.
enum class Wire : uint8_t {
  text,  // also for types that are cast to text in the statement
  bytes,
  boolean,
  int2,
  int4,
  int8,
  oid,
  xid8,
  float4,
  float8,
  numeric,
  uuid,
  date,
  timestamp,
  timestamptz,
  array,
};

struct ColumnType {
  Wire wire = Wire::text;
  Wire item = Wire::text;    // of an array
  bool cast_to_text = true;  // the statement must say ::text
  bool orderable = false;    // ORDER BY works on the type itself and means the order of its values
  bool is_text = false;      // ORDER BY wants COLLATE "C"
};

// The type with this OID (of the base type, for a domain); an unknown one is cast to text.
ColumnType column_type(uint32_t oid);

// The Arrow field of a column of that type.
Field field_for(std::string name, const ColumnType& type);

// Appends a non-NULL value as it came over the wire. Throws DATA_LOSS when the bytes cannot be a value of the type.
//
// Timestamps and dates beyond the Arrow range, and -infinity and infinity, become the smallest and greatest number. An
// array of several dimensions in a list column becomes a list that holds a single NULL, which no field accepts: so that
// row is rejected instead of the whole scan.
void append_value(const ColumnType& type, std::string_view bytes, ColumnBuilder& column);

}  // namespace penstock::postgres
