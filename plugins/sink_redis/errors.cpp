#include "sink_redis/errors.hpp"

namespace penstock::redis {
namespace {

bool is_code(std::string_view word) {
  return !word.empty() && word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Error unavailable_for_now(std::string message) {
  return Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER, std::move(message)).retry_after_ns(kRetryPause.count());
}

}  // namespace

std::string_view error_code(std::string_view reply) {
  const std::string_view code = first_word(reply);
  // Before Redis 7 an error of a command within a script reads "ERR Error running script (…): …: -OOM command not …".
  if (code == "ERR" && contains(reply, "Error running script")) {
    const size_t at = reply.rfind(": -");
    if (at != std::string_view::npos && is_code(first_word(reply.substr(at + 3)))) return first_word(reply.substr(at + 3));
  }
  return is_code(code) ? code : "ERR";
}

std::string printable(std::string_view text, size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      out += c;
    else
      out.append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
  }
  return text.size() > limit ? out + "..." : out;
}

Error server_error(std::string_view action, std::string_view reply) {
  // "unknown command 'X', with args beginning with: 'secret'"
  const std::string_view shown = reply.substr(0, reply.find(", with args beginning"));
  const std::string message = std::string(action) + ": the server answered \"" + printable(shown) + "\"";
  const std::string_view code = error_code(reply);
  const auto is = [&](std::initializer_list<std::string_view> codes) {
    for (const std::string_view one : codes)
      if (code == one) return true;
    return false;
  };
  if (is({"NOAUTH", "WRONGPASS"})) return Error(PENSTOCK_STATUS_UNAUTHENTICATED, message);
  if (code == "NOPERM" || contains(reply, "can't run this command") || contains(reply, "can't access at least one of the keys"))
    return Error(PENSTOCK_STATUS_PERMISSION_DENIED, message);
  if (is({"LOADING", "BUSY", "TRYAGAIN", "MASTERDOWN", "CLUSTERDOWN", "MOVED", "ASK", "NOREPLICAS", "UNKILLABLE", "NOSCRIPT"}))
    return unavailable_for_now(message);
  if (code == "OOM" || contains(reply, "max number of clients reached"))
    return Error(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, message).retry_after_ns(kRetryPause.count());
  if (code == "READONLY")
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_RECONNECT, message + "; it is a replica now");
  if (code == "MISCONF") return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, message).retry_after_ns(kRetryPause.count());
  if (code == "CROSSSLOT") return Error(PENSTOCK_STATUS_NOT_SUPPORTED, message + "; it is a cluster, but its INFO does not say so");
  if (code == "WRONGTYPE")
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, message + "; a key of Penstock holds something else");
  if (contains(reply, "DB index is out of range") || contains(reply, "invalid DB index"))
    return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, message);
  return Error(PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_UNKNOWN_OUTCOME, message);
}

}  // namespace penstock::redis
