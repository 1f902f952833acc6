#include "sink_redis/session.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/profile_payload.hpp"

#include <charconv>

namespace penstock::redis {
namespace {

constexpr int kOldestMajor = 6;
constexpr std::string_view kConnectionName = "penstock";

// "key:value" lines; the section headings begin with '#'.
std::map<std::string_view, std::string_view> parse_info(std::string_view info) {
  std::map<std::string_view, std::string_view> out;
  while (!info.empty()) {
    const size_t end = info.find("\r\n");
    const std::string_view line = info.substr(0, end);
    info.remove_prefix(end == std::string_view::npos ? info.size() : end + 2);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos && !line.starts_with('#')) out[line.substr(0, colon)] = line.substr(colon + 1);
  }
  return out;
}

int major_of(std::string_view version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

}  // namespace

bool check_server(const std::string& server, std::string_view info, bool allow_eviction) {
  const auto facts = parse_info(info);
  const auto fact = [&](std::string_view name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string_view{} : found->second;
  };
  const auto refuse = [&](penstock_status status, const std::string& why) { throw Error(status, server + " " + why); };
  if (fact("redis_version").empty()) refuse(PENSTOCK_STATUS_FAILED_PRECONDITION, "does not say which version of Redis it is");
  if (major_of(fact("redis_version")) < kOldestMajor)
    refuse(PENSTOCK_STATUS_FAILED_PRECONDITION,
           "is Redis " + printable(fact("redis_version"), 20) + "; Penstock needs " + std::to_string(kOldestMajor) + " or newer");
  if (fact("loading") == "1")
    throw Error(PENSTOCK_STATUS_UNAVAILABLE, server + " is still loading its data").retry_after_ns(kRetryPause.count());
  const bool in_cluster = fact("cluster_enabled") == "1" || fact("redis_mode") == "cluster";
  if (fact("redis_mode") == "sentinel")
    refuse(PENSTOCK_STATUS_INVALID_ARGUMENT, "is a sentinel, not a store; give the address of the master, or a url that begins with redis-sentinel://");
  if (fact("role") != "master" && !in_cluster)
    throw NotAMaster(PENSTOCK_STATUS_FAILED_PRECONDITION, server + " is a replica; writes would be lost: give the address of the master");
  const std::string_view policy = fact("maxmemory_policy");
  if (!allow_eviction && fact("maxmemory") != "0" && policy != "noeviction")
    refuse(PENSTOCK_STATUS_FAILED_PRECONDITION,
           "may evict profiles when its memory is full (maxmemory-policy " + printable(policy, 40) +
               "): set it to noeviction, or allow_eviction = true to accept the loss");
  return in_cluster;
}

Session::Session(const Call& call, const Settings& settings, const Endpoint& server)
    : connection_(call, server, settings.tls, settings.connect_timeout, settings.timeout) {
  log_in(call, connection_, settings.username, settings.password);
  greet(call);
  in_cluster_ = check_server(connection_.server(), request(call, "ask for the state", {"INFO"}).text(), settings.allow_eviction);
  if (settings.database != 0 && !in_cluster_) request(call, "select the database", {"SELECT", std::to_string(settings.database)});
  load_scripts(call);
}

// RESP3 where the server has it; where it does not, or does not let this user ask, RESP2. The password is not part of this: HELLO takes any for a
// default user who has none, and so would hide a mistake.
void Session::greet(const Call& call) {
  if (connection_.request(call, {"HELLO", "3", "SETNAME", kConnectionName}).is_error())
    request(call, "name the connection", {"CLIENT", "SETNAME", kConnectionName});
}

void log_in(const Call& call, Connection& connection, const std::string& username, const std::string& password) {
  if (password.empty()) return;
  // Whatever the server answers, its text is not passed on: it may repeat what it was sent.
  const Reply reply =
      username.empty() ? connection.request(call, {"AUTH", password}) : connection.request(call, {"AUTH", username, password});
  connection.wipe_sent();
  if (!reply.is_error()) return;
  const std::string_view code = error_code(reply.text());
  if (code != "WRONGPASS" && code != "ERR" && code != "NOPERM") throw server_error("log in", code);
  std::string why = "the user or the password is wrong";
  if (reply.text().find("without any password configured") != std::string_view::npos)
    why = "a password was given, but the server's default user has none";
  throw Error(PENSTOCK_STATUS_UNAUTHENTICATED, "log in to " + connection.server() + ": " + why);
}

bool Session::takes_payloads(const Call& call, const std::string& key_prefix) {
  if (takes_payloads_) return *takes_payloads_;
  static const std::string kOrder(48, 'f'), kText(kPayloadValueBytes, 't');
  static constexpr std::string_view kValues[] = {"0", "-1", "4096", "-32768", "8388607", "-2147483648", "9223372036854775807", "007", "1.5", "", "\xff"};
  std::vector<std::string> names;
  for (size_t i = 0; i <= std::size(kValues); ++i) names.push_back("f" + std::to_string(i));
  ProfilePayload payload(names);
  payload.start(kOrder);
  for (size_t i = 0; i < std::size(kValues); ++i) payload.add(i, kValues[i]);
  payload.add(std::size(kValues), kText);
  Buffer bulk;
  payload.append_to(bulk);
  std::string_view bytes(reinterpret_cast<const char*>(bulk.data()), bulk.size());
  bytes.remove_prefix(bytes.find('\n') + 1);
  bytes.remove_suffix(2);

  const std::string key = key_prefix + "probe:" + new_store_id();
  const Reply restored = connection_.request(call, {"RESTORE", key, "10000", bytes});
  bool good = !restored.is_error();
  if (!good) {
    // A server that is full, or not ready, says nothing about what it takes later.
    const std::string_view code = error_code(restored.text());
    if (code != "ERR" && code != "NOPERM") return false;
  } else {
    std::vector<std::string_view> read = {"HMGET", key, kOrderField};
    read.insert(read.end(), names.begin(), names.end());
    const Reply reply = connection_.request(call, read);
    good = reply.is_array() && reply.items() == names.size() + 1;
    Reply item = good ? reply.first_item() : reply;
    for (size_t i = 0; good && i <= names.size(); ++i, item = i <= names.size() ? item.next() : item)
      good = !item.is_nil() && item.text() == (i == 0 ? std::string_view(kOrder) : i == names.size() ? std::string_view(kText) : kValues[i - 1]);
    connection_.request(call, {"UNLINK", key});
  }
  takes_payloads_ = good;
  return good;
}

void Session::fail(std::string_view action, const Reply& reply) {
  const Error error = server_error(action, reply.text());
  // A master that became a replica: the next connection has the server checked, or finds another one.
  if (error.retry() == PENSTOCK_RETRY_RECONNECT) connection_.close();
  throw error;
}

Reply Session::request(const Call& call, std::string_view action, std::initializer_list<std::string_view> arguments) {
  const Reply reply = connection_.request(call, arguments);
  if (reply.is_error()) fail(action, reply);
  return reply;
}

void Session::load_scripts(const Call& call) {
  for (size_t i = 0; i < kScripts; ++i) load_script(call, static_cast<Script>(i));
}

void Session::load_script(const Call& call, Script script) {
  shas_[static_cast<size_t>(script)] = request(call, "load a script", {"SCRIPT", "LOAD", script_text(script)}).text();
}

Reply Session::run(const Call& call, Script script, const std::vector<std::string_view>& keys,
                   const std::vector<std::string_view>& arguments) {
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> command = {"EVALSHA", sha(script), count};
  command.insert(command.end(), keys.begin(), keys.end());
  command.insert(command.end(), arguments.begin(), arguments.end());
  Reply reply = connection_.request(call, command);
  if (reply.is_error() && error_code(reply.text()) == "NOSCRIPT") {
    // Nothing was executed, so the same call may be made again, on the same connection.
    command[0] = "EVAL";
    command[1] = script_text(script);
    reply = connection_.request(call, command);
  }
  if (reply.is_error()) fail(script_name(script), reply);
  return reply;
}

}  // namespace penstock::redis
