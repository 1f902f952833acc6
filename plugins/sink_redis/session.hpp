// A connection that is ready to use: authenticated, on the right database of a server that may hold a store, scripts loaded.
#pragma once

#include "sink_redis/connection.hpp"
#include "sink_redis/scripts.hpp"
#include "sink_redis/settings.hpp"

#include <array>
#include <map>
#include <optional>

namespace penstock::redis {

// A server that is a replica; writes to it would be lost.
struct NotAMaster : Error {
  using Error::Error;
};

// Refuses, with the reason, a server that would break the guarantee: a replica (NotAMaster), one that evicts (unless allowed), one that is
// too old, a sentinel. `info` is the reply of INFO; an UNAVAILABLE error says that it is still loading. True: it is a node of a cluster; then
// it may be a replica, which sends every command on to its master.
bool check_server(const std::string& server, std::string_view info, bool allow_eviction);

// Says who we are. No message repeats what the server answers: that may repeat the password.
void log_in(const Call&, Connection&, const std::string& username, const std::string& password);

class Session {
 public:
  // Connects and checks. Throws.
  Session(const Call&, const Settings&, const Endpoint&);

  Connection& connection() { return connection_; }
  const Connection& connection() const { return connection_; }
  bool alive() const { return connection_.alive(); }

  // The reply, never an error: that is thrown as server_error. Loads the script again if the server forgot it. Valid until
  // the next command.
  Reply run(const Call&, Script, const std::vector<std::string_view>& keys, const std::vector<std::string_view>& arguments);

  // The script's SHA-1 in hex, as EVALSHA wants it.
  const std::string& sha(Script script) const { return shas_[static_cast<size_t>(script)]; }
  void load_script(const Call&, Script);
  void load_scripts(const Call&);
  bool in_cluster() const { return in_cluster_; }

  // Does RESTORE make of our payloads what they say? Some servers are too old, some users may not, some services forbid it. Asked once a
  // connection, with a key of its own that is gone afterwards.
  bool takes_payloads(const Call&, const std::string& key_prefix);

  // A command whose error reply is thrown.
  Reply request(const Call&, std::string_view action, std::initializer_list<std::string_view> arguments);

 private:
  void greet(const Call&);
  [[noreturn]] void fail(std::string_view action, const Reply& reply);

  Connection connection_;
  bool in_cluster_ = false;
  std::array<std::string, kScripts> shas_;
  std::optional<bool> takes_payloads_;
};

}  // namespace penstock::redis
