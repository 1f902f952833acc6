// One field's value on its way into the store and out again. Here it is kept as the bytes that Arrow has for it; yours would become
// what your store calls a number, a text or a list.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <string>

namespace connector {

// Is the field of one of the sixteen types that a view can have?
bool is_storable(const penstock::Field& field);

// What kind of value it is, "u" or "+l:u": a value reads back only as what it was written as.
std::string format_of(const penstock::Field& field);

// The value of a row that is not null.
std::string packed(const penstock::ColumnView& column, int64_t row);

// Appends a value that `packed` has made from a field of the same format.
void append_packed(penstock::ColumnBuilder& column, std::string_view bytes);

}  // namespace connector
