#include "sqlstate.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <vector>

namespace penstock::postgres {
namespace {

// How long to leave a server alone that has run out of connections, memory or disk.
constexpr int64_t kBackOffNs = std::chrono::nanoseconds(std::chrono::seconds(5)).count();

struct Rule {
  std::string_view prefix;  // of the SQLSTATE; the first rule that fits decides
  penstock_status status;
  int32_t retry;
};

constexpr Rule kRules[] = {
    {"28", PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER},
    {"42501", PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER},
    {"42P01", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},  // undefined table
    {"42703", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},  // undefined column
    {"3D000", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},  // undefined database
    {"3F000", PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER},  // undefined schema
    {"08", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},
    {"57P", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},    // shutting down, crashed, starting up
    {"25P03", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT},  // idle in a transaction for too long
    {"57014", PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE},
    {"53", PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER},
    {"55P03", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},  // a lock is not to be had
    {"40", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE},      // serialization, deadlock, conflict with recovery
    {"42", PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER},
    {"0A", PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER},
    {"22023", PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER},
    {"25006", PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER},  // a query that writes
};

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool looks_like_sqlstate(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'A' && c <= 'Z');
         });
}

// One failed address of a host in libpq's words: "connection to server at ... failed: REASON".
struct Attempt {
  std::string sqlstate;
  std::string reason;
};

Attempt parse_attempt(std::string_view text) {
  if (const size_t failed = text.find(" failed: "); failed != std::string_view::npos) text.remove_prefix(failed + 9);
  Attempt attempt;
  const size_t colon = text.find(":  ");  // "FATAL:  28P01: reason"
  if (colon != std::string_view::npos && text.size() > colon + 10 && text[colon + 8] == ':' &&
      looks_like_sqlstate(text.substr(colon + 3, 5))) {
    attempt.sqlstate = text.substr(colon + 3, 5);
    text.remove_prefix(colon + 10);
  }
  // Hints ("Is the server running ...") and the server's source location are on further lines.
  attempt.reason = one_line(text.substr(0, text.find('\n')));
  return attempt;
}

std::vector<Attempt> parse_attempts(std::string_view text) {
  static constexpr std::string_view kStart = "connection to server ";
  std::vector<Attempt> attempts;
  for (size_t start = 0; start < text.size();) {
    const size_t next = std::min(text.find(kStart, start + 1), text.size());
    attempts.push_back(parse_attempt(text.substr(start, next - start)));
    start = next;
  }
  return attempts;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Error error_for(std::string_view sqlstate, std::string message) {
  message = one_line(message);
  if (sqlstate.empty()) return Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, std::move(message));
  for (const Rule& rule : kRules) {
    if (!sqlstate.starts_with(rule.prefix)) continue;
    Error error(rule.status, rule.retry, std::move(message));
    if (rule.retry == PENSTOCK_RETRY_AFTER) error.retry_after_ns(kBackOffNs);
    return error.sqlstate(std::string(sqlstate));
  }
  return Error(PENSTOCK_STATUS_INTERNAL, std::move(message)).sqlstate(std::string(sqlstate));
}

Error connect_error(const std::string& target, std::string_view text) {
  const std::vector<Attempt> attempts = parse_attempts(text);
  std::string reason;
  std::string sqlstate;
  for (const Attempt& attempt : attempts) {
    if (!contains(reason, attempt.reason)) reason += (reason.empty() ? "" : "; ") + attempt.reason;
    if (!attempt.sqlstate.empty()) sqlstate = attempt.sqlstate;
  }
  const std::string message = "cannot connect to " + target + ": " + (reason.empty() ? "no reason given" : reason);
  if (!sqlstate.empty()) return error_for(sqlstate, message);
  if (contains(reason, "no password supplied")) return Error(PENSTOCK_STATUS_UNAUTHENTICATED, message);
  // TLS that does not come about is a matter for a human, except when the peer merely went away.
  if (contains(reason, "certificate") || contains(reason, "does not support SSL") ||
      contains(reason, "private key file"))
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, message);
  return error_for("", message);
}

}  // namespace penstock::postgres
