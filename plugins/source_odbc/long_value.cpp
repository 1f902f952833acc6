#include "long_value.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::odbc {
namespace {

constexpr size_t kPartBytes = 4 * 1024;
constexpr size_t kMaxValueBytes = size_t{1} << 30;

// How much of a part a driver filled that does not say. Some fill less of it with wide characters than there is room for, so the
// part was all ones before: behind the last that is not is nothing, and that one is the terminator.
size_t filled_bytes(const char* part, size_t size, SQLSMALLINT c_type) {
  if (c_type != SQL_C_WCHAR) return size - terminator_bytes(c_type);
  size_t units = size / 2;
  const auto unit = [&](size_t i) {
    char16_t value;
    std::memcpy(&value, part + 2 * i, sizeof value);
    return value;
  };
  while (units > 0 && unit(units - 1) == 0xffff) --units;
  return units == 0 ? 0 : (units - 1) * 2;
}

}  // namespace

LongValue read_long_value(Canceller& statement, size_t column, SQLSMALLINT c_type, SQLLEN length, std::string* out) {
  const size_t end = terminator_bytes(c_type);
  size_t part = length > 0 ? static_cast<size_t>(length) + end : kPartBytes;
  out->clear();
  while (true) {
    const size_t before = out->size();
    if (before > kMaxValueBytes || part > kMaxValueBytes)
      throw Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "a value of more than 1 GiB");
    out->resize(before + part);
    char* to = out->data() + before;
    if (c_type == SQL_C_WCHAR) std::memset(to, 0xff, part);
    SQLLEN left = 0;
    const SQLRETURN result =
        statement.run(SQLGetData, static_cast<SQLUSMALLINT>(column + 1), c_type, to, static_cast<SQLLEN>(part), &left);
    if (result == SQL_NO_DATA) {
      out->resize(before);
      return LongValue::read;
    }
    if (!SQL_SUCCEEDED(result)) return LongValue::failed;
    if (left == SQL_NULL_DATA) return LongValue::null;
    if (left >= 0 && static_cast<size_t>(left) <= part - end) {
      out->resize(before + static_cast<size_t>(left));
      return LongValue::read;
    }
    const size_t filled = filled_bytes(to, part, c_type);
    out->resize(before + filled);
    // What is left is known now, or the value doubles.
    part = left >= 0 ? static_cast<size_t>(left) - filled + end : std::max(kPartBytes, out->size());
    part += part % 2;
  }
}

}  // namespace penstock::odbc
