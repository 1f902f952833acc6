#include "sink_redis/sentinel.hpp"

#include "sink_redis/errors.hpp"

#include <charconv>

namespace penstock::redis {
namespace {

constexpr int kMaxPort = 65535;

// The address that one sentinel gives. A sentinel that does not answer costs at most the connect timeout.
Endpoint ask(const Call& call, const Settings& settings, const Endpoint& sentinel) {
  Connection connection(call, sentinel, settings.tls, settings.connect_timeout, settings.connect_timeout);
  log_in(call, connection, settings.sentinel_username, settings.sentinel_password);
  const Reply reply = connection.request(call, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", settings.master});
  if (reply.is_error()) throw server_error("SENTINEL GET-MASTER-ADDR-BY-NAME", reply.text());
  if (reply.is_nil()) throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, "it knows no master of this name");
  Endpoint out;
  if (reply.is_array() && reply.items() == 2) {
    out.host = reply.first_item().text();
    const std::string_view port = reply.first_item().next().text();
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error == std::errc() && end == port.data() + port.size() && out.port > 0 && out.port <= kMaxPort && !out.host.empty()) return out;
  }
  throw Error(PENSTOCK_STATUS_DATA_LOSS, "its answer is not an address");
}

}  // namespace

std::shared_ptr<Session> open_master(const Call& call, const Settings& settings) {
  std::string answers;
  bool may_pass = false;  // something that waiting may help against
  penstock_status status = PENSTOCK_STATUS_OK;
  const auto note = [&](const Endpoint& sentinel, const Error& error, bool passing) {
    answers += (answers.empty() ? "" : "; ") + sentinel.text() + ": " + error.message();
    may_pass = may_pass || passing;
    if (status == PENSTOCK_STATUS_OK) status = error.status();
  };
  for (const Endpoint& sentinel : settings.servers) {
    Endpoint master;
    try {
      master = ask(call, settings, sentinel);
    } catch (const Error& error) {
      if (error.status() == PENSTOCK_STATUS_CANCELLED || error.status() == PENSTOCK_STATUS_DEADLINE_EXCEEDED) throw;
      note(sentinel, error, error.status() == PENSTOCK_STATUS_UNAVAILABLE);
      continue;
    }
    try {
      return std::make_shared<Session>(call, settings, master);
    } catch (const NotAMaster&) {
      // A sentinel that has not heard of a failover, or one that is under way.
      note(sentinel, Error(PENSTOCK_STATUS_UNAVAILABLE, "it names " + master.text() + ", which is a replica"), true);
    } catch (const Error& error) {
      if (error.status() != PENSTOCK_STATUS_UNAVAILABLE) throw;
      note(sentinel, Error(PENSTOCK_STATUS_UNAVAILABLE, "it names " + master.text() + ": " + error.message()), true);
    }
  }
  const std::string message = "no sentinel leads to the master \"" + printable(settings.master) + "\": " + answers;
  if (!may_pass) throw Error(status, message);
  throw Error(PENSTOCK_STATUS_UNAVAILABLE, message).retry_after_ns(kRetryPause.count());
}

}  // namespace penstock::redis
