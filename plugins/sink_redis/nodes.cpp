#include "sink_redis/nodes.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/exchange.hpp"
#include "sink_redis/sentinel.hpp"

#include <algorithm>
#include <numeric>

namespace penstock::redis {
namespace {

constexpr std::chrono::milliseconds kFirstPause{5};
constexpr std::chrono::milliseconds kLongestPause{200};

Error refused(const Endpoint& server, const std::string& why) { return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, server.text() + " " + why); }

}  // namespace

void Patience::progress() {
  since_ = std::chrono::steady_clock::now();
  pause_ = {};
}

void Patience::wait(const Call& call, const Error& why) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (now - since_ > limit_) throw why;
  try {
    wait_for(call, -1, 0, now + pause_, PENSTOCK_RETRY_UNKNOWN_OUTCOME);
  } catch (const Error& ended) {
    throw Error(ended.status(), ended.retry(), why.message() + "; " + ended.message());
  }
  pause_ = std::clamp<std::chrono::nanoseconds>(2 * pause_, kFirstPause, kLongestPause);
}

Nodes::Nodes(const Call& call, const Settings& settings, const std::vector<Endpoint>& known) : settings_(settings) {
  const auto first = settings.master.empty() ? first_session(call, known) : open_master(call, settings);
  const Endpoint& server = first->connection().endpoint();
  cluster_ = first->in_cluster();
  sessions_.emplace_back(server, first);
  if (!cluster_) {
    // Nor may an address that a node of the cluster once had lead to some other server.
    if (settings.master.empty() && (settings.servers.size() > 1 || !known.empty())) throw refused(server, "is not a node of a cluster, as several hosts have to be");
    return;
  }
  if (!settings.master.empty()) throw refused(server, "is a node of a cluster, which is not reached through sentinels: give some of its nodes, redis://host:port,host:port");
  if (settings.database != 0) throw refused(server, "is a node of a cluster, which has no other database than 0");
  if (settings.key_prefix.find('{') != std::string::npos) throw refused(server, "is a node of a cluster; there key_prefix may not have a { in it");
  refresh(call);
}

std::shared_ptr<Session> Nodes::first_session(const Call& call, const std::vector<Endpoint>& known) {
  std::vector<Endpoint> seeds = settings_.servers;
  for (const Endpoint& one : known)
    if (std::find(seeds.begin(), seeds.end(), one) == seeds.end()) seeds.push_back(one);
  if (seeds.size() == 1) return std::make_shared<Session>(call, settings_, seeds.front());
  std::string answers;
  for (const Endpoint& seed : seeds) {
    try {
      return std::make_shared<Session>(call, settings_, seed);
    } catch (const Error& error) {
      if (error.status() != PENSTOCK_STATUS_UNAVAILABLE) throw;
      answers += (answers.empty() ? "" : "; ") + error.message();
    }
  }
  throw Error(PENSTOCK_STATUS_UNAVAILABLE, "no node of the cluster can be reached: " + answers).retry_after_ns(kRetryPause.count());
}

bool Nodes::alive() const {
  return std::all_of(sessions_.begin(), sessions_.end(), [](const auto& one) { return one.second->alive(); });
}

std::vector<Layout> Nodes::layouts(const std::string& view, int32_t version) const {
  std::vector<Layout> out;
  if (!cluster_) out.emplace_back(settings_.key_prefix, view, version);
  for (size_t bucket = 0; cluster_ && bucket < kBuckets; ++bucket) out.emplace_back(bucket_prefix(settings_.key_prefix, bucket), view, version);
  return out;
}

std::shared_ptr<Session> Nodes::session(const Call& call, const Endpoint& node) {
  for (const auto& [endpoint, session] : sessions_)
    if (endpoint == node) return session;
  return sessions_.emplace_back(node, std::make_shared<Session>(call, settings_, node)).second;
}

void Nodes::refresh(const Call& call) {
  Session& any = *sessions_.front().second;
  map_ = SlotMap(any.request(call, "ask for the cluster's slots", {"CLUSTER", "SLOTS"}), any.connection().endpoint());
}

std::shared_ptr<Session> Nodes::at(const Call& call, std::string_view key) {
  if (!cluster_) return sessions_.front().second;
  const uint16_t slot = slot_of(key);
  if (map_.owner(slot) == nullptr) refresh(call);
  if (const Endpoint* owner = map_.owner(slot)) return session(call, *owner);
  throw Error(PENSTOCK_STATUS_UNAVAILABLE, "no node of the cluster has slot " + std::to_string(slot)).retry_after_ns(kRetryPause.count());
}

bool Nodes::add_detour(std::string_view key, Session& session, const Reply& reply, Detours& detours) const {
  if (!reply.is_error()) return false;
  const auto detour = detour_of(reply.text(), session.connection().endpoint());
  if (!detour || (!cluster_ && detour->kind != Detour::Kind::script)) return false;
  if (detour->kind == Detour::Kind::script) detours.forgetful.insert(&session);
  detours.all.emplace_back(key, *detour);
  detours.why = server_error("find the way in the cluster", reply.text());
  return true;
}

void Nodes::take(const Call& call, const Detours& detours, Patience& patience) {
  if (detours.all.empty()) return;
  for (Session* const session : detours.forgetful) session->load_scripts(call);
  bool lost = false;
  for (const auto& [key, detour] : detours.all) {
    if (detour.kind == Detour::Kind::moved) map_.move(slot_of(key), detour.to);
    lost = lost || detour.kind == Detour::Kind::wait;
  }
  patience.wait(call, *detours.why);
  if (lost) refresh(call);
}

namespace {

// The commands of one node, and how far they are. Those that a node is to take although the slot is not its own have an ASKING before them.
struct Round {
  struct Command {
    size_t number;
    bool asking;
  };
  std::vector<Command> commands = {};
  size_t encoded = 0, answered = 0;
  bool asked = false;  // the answer to the ASKING of the next is there
};

}  // namespace

void Nodes::each(const Call& call, const std::vector<std::string_view>& keys, const Encode& encode, const Handle& handle) {
  std::vector<size_t> todo(keys.size());
  std::iota(todo.begin(), todo.end(), size_t{0});
  std::map<size_t, Endpoint> asked;
  Patience patience(settings_.timeout);
  while (!todo.empty()) {
    std::map<Session*, Round> rounds;
    for (const size_t command : todo) {
      const auto ask = asked.find(command);
      const bool asking = ask != asked.end();
      rounds[(asking ? session(call, ask->second) : at(call, keys[command])).get()].commands.push_back({command, asking});
    }
    Detours detours;
    std::vector<size_t> again;
    std::optional<Error> failure;
    Session* failed = nullptr;
    std::vector<Exchange> exchanges;
    for (auto& [to, commands] : rounds) {
      exchanges.push_back({&to->connection(),
                           [&, &node = *to, &round = commands](Buffer& out) {
                             if (round.encoded == round.commands.size() || failure) return Encoded{0, false};
                             const Round::Command& command = round.commands[round.encoded++];
                             if (command.asking) append_command(out, {"ASKING"});
                             encode(command.number, node, out);
                             return Encoded{command.asking ? 2u : 1u};
                           },
                           [&, &node = *to, &round = commands](const Reply& reply) {
                             const Round::Command& command = round.commands[round.answered];
                             round.asked = command.asking && !round.asked;
                             if (round.asked) return;
                             ++round.answered;
                             if (failure) return;
                             if (add_detour(keys[command.number], node, reply, detours)) return again.push_back(command.number);
                             try {
                               handle(command.number, reply);
                             } catch (const Error& error) {
                               failure = error;
                               failed = &node;
                             }
                           }});
    }
    exchange(call, settings_.pipeline_bytes, exchanges);
    // A master that became a replica: the next connection has the server checked, or finds another one.
    if (failure && failure->retry() == PENSTOCK_RETRY_RECONNECT) failed->connection().close();
    if (failure) throw *failure;
    if (again.size() < todo.size()) patience.progress();
    asked.clear();
    for (size_t i = 0; i < again.size(); ++i)
      if (detours.all[i].second.kind == Detour::Kind::ask) asked[again[i]] = detours.all[i].second.to;
    take(call, detours, patience);
    todo = std::move(again);
  }
}

}  // namespace penstock::redis
