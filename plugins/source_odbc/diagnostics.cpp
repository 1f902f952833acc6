#include "diagnostics.hpp"

#include "utf16.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

namespace penstock::odbc {
namespace {

struct Rule {
  std::string_view prefix;  // of the SQLSTATE; the first that fits decides
  Verdict verdict;
};

constexpr Rule kRules[] = {
    {"IM002", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // no such data source or driver
    {"IM003", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // the driver cannot be loaded
    {"IM", {PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER}},
    {"01000", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // unixODBC: the driver's file cannot be opened
    {"07", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // a query with a parameter
    {"28", {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER}},
    {"42501", {PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER}},
    {"42P01", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"42S02", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"42S22", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"42703", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"3D000", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"3F000", {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER}},
    {"08", {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},
    {"HYT", {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT}},
    {"S1T00", {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT}},
    {"HY008", {PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_RECONNECT}},
    {"HY001", {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
    {"57P", {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},
    {"57014", {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_RECONNECT}},
    {"53", {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT}},
    {"55P03", {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},
    {"25", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // a query that writes
    {"40", {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT}},   // serialization, deadlock
    {"42", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},
    {"37", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},  // syntax, in ODBC 2
    {"22", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},
    {"0A", {PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER}},
    {"HYC00", {PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER}},
};

std::string text_of(const SQLWCHAR* units, size_t count) {
  std::string out;
  if (!append_utf8({reinterpret_cast<const char16_t*>(units), count}, &out)) out = "(a message that is not UTF-16)";
  return out;
}

bool is_warning(const SQLWCHAR* sqlstate) { return sqlstate[0] == '0' && sqlstate[1] == '1'; }

}  // namespace

std::string plain_message(std::string_view message) {
  while (message.starts_with('[') && message.find(']') != std::string_view::npos) {
    message.remove_prefix(message.find(']') + 1);
    while (message.starts_with(' ')) message.remove_prefix(1);
  }
  std::string out;
  for (const char c : message) {
    const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0 || c == '\0';
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == ';' || out.back() == '.')) out.pop_back();
  return out;
}

std::vector<Diagnostic> diagnostics_of(SQLSMALLINT kind, SQLHANDLE handle, const Login& login) {
  constexpr size_t kMaxOfAKind = 8;
  constexpr SQLSMALLINT kMaxUnits = 2048;
  std::vector<Diagnostic> out, warnings;
  const auto keep = [](std::vector<Diagnostic>& list, Diagnostic diagnostic) {
    if (list.size() < kMaxOfAKind) list.push_back(std::move(diagnostic));
  };
  for (SQLSMALLINT record = 1; record < std::numeric_limits<SQLSMALLINT>::max(); ++record) {
    SQLWCHAR sqlstate[6] = {}, message[kMaxUnits] = {};
    SQLINTEGER native = 0;
    SQLSMALLINT units = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRecW(kind, handle, record, sqlstate, &native, message, kMaxUnits, &units))) break;
    const size_t count = units < 0 ? 0 : units < kMaxUnits ? static_cast<size_t>(units) : size_t{kMaxUnits - 1};
    // A state whose second character is none has been read from wider ones, and so has the message.
    if (sqlstate[0] != 0 && sqlstate[1] == 0)
      keep(out, {"HY000", native, kWideAdvice});
    else
      keep(is_warning(sqlstate) ? warnings : out,
           {text_of(sqlstate, 5), native, plain_message(login.redacted(text_of(message, count)))});
  }
  out.insert(out.end(), warnings.begin(), warnings.end());
  return out;
}

std::optional<int32_t> column_with(std::string_view sqlstate, SQLHSTMT statement) {
  for (SQLSMALLINT record = 1; record < std::numeric_limits<SQLSMALLINT>::max(); ++record) {
    SQLWCHAR found[6] = {}, message[1] = {};
    SQLINTEGER native = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRecW(SQL_HANDLE_STMT, statement, record, found, &native, message, 1, nullptr))) break;
    if (text_of(found, 5) != sqlstate) continue;
    SQLINTEGER column = 0;
    SQLGetDiagFieldW(SQL_HANDLE_STMT, statement, record, SQL_DIAG_COLUMN_NUMBER, &column, SQL_IS_INTEGER, nullptr);
    return std::max<SQLINTEGER>(column, 0);
  }
  return {};
}

Verdict verdict_of_sqlstate(const Diagnostic& diagnostic) {
  for (const Rule& rule : kRules)
    if (diagnostic.sqlstate.starts_with(rule.prefix)) return rule.verdict;
  // HY000 says nothing. Another try on a new connection is harmless: everything here only reads.
  return {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT};
}

}  // namespace penstock::odbc
