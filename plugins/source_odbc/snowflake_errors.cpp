#include "snowflake_errors.hpp"

namespace penstock::odbc::snowflake {
namespace {

struct Rule {
  int32_t native;
  Verdict verdict;
};

constexpr Verdict kReconnect{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT};
constexpr Verdict kAgain{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE};
constexpr Verdict kLogin{PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER};
constexpr Verdict kDenied{PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER};
constexpr Verdict kNotFound{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER};
constexpr Verdict kInvalid{PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER};
constexpr Verdict kHuman{PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER};

constexpr int32_t kNoSuchObject = 2003;
constexpr int32_t kNoSuchIdentifier = 904;
constexpr int32_t kNoWarehouse = 606;
constexpr int32_t kJwtInvalid = 390144;
constexpr int32_t kTimeTravelGone = 707;
constexpr int32_t kTrackingMissing = 91930;

constexpr Rule kRules[] = {
    {390111, kReconnect},  // the session is gone
    {390112, kReconnect},  // the session's token has expired
    {390114, kReconnect},  // so has the token that renews it
    {390195, kReconnect},
    {390318, kReconnect},  // an OAuth token has expired
    {390100, kLogin},
    {390101, kLogin},
    {kJwtInvalid, kLogin},
    {390186, kDenied},  // a role that is not granted
    {390189, kDenied},
    {390190, kDenied},
    {390201, kDenied},  // a warehouse, a database
    {390420, kDenied},  // an address that is not allowed
    {390422, kDenied},
    {603, kAgain},  // an internal error
    {604, kAgain},  // cancelled by somebody else
    {612, kAgain},  // the result is gone
    {625, kAgain},  // the statement was aborted
    {630, {PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE}},
    {kNoWarehouse, kHuman},
    {90073, {PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER}},  // the quota of a resource monitor
    {kTimeTravelGone, kHuman},
    {kTrackingMissing, kHuman},
    {kNoSuchIdentifier, kNotFound},
    {1003, kInvalid},  // syntax
    {kNoSuchObject, kNotFound},
    {2043, kNotFound},
    {2140, kInvalid},  // no such function
    {3001, kDenied},
    {90105, kInvalid},  // no current database
    {90106, kInvalid},  // no current schema
};

}  // namespace

std::optional<Verdict> verdict_of(int32_t native) {
  for (const Rule& rule : kRules)
    if (rule.native == native) return rule.verdict;
  return {};
}

std::string advice_for(int32_t native, std::string_view message) {
  const auto says = [&](std::string_view part) { return message.find(part) != std::string_view::npos; };
  if (native == kJwtInvalid) return "wrong account, user or key, or this host's clock is off by more than a minute";
  if (native == kNoWarehouse) return "WAREHOUSE is not set or misspelt, or the role lacks USAGE on it";
  if (native == kNoSuchIdentifier && says("METADATA$ROW_LAST_COMMIT_TIME"))
    return "the table has no row timestamps: ALTER TABLE … SET ROW_TIMESTAMP = TRUE";
  if (native == kTimeTravelGone) return "the table is younger than the horizon, or keeps no history: DATA_RETENTION_TIME_IN_DAYS";
  if (native == kTrackingMissing) return "ALTER TABLE … SET CHANGE_TRACKING = TRUE";
  return {};
}

bool is_history_gone(int32_t native) { return native == kTimeTravelGone || native == kTrackingMissing; }

}  // namespace penstock::odbc::snowflake
