#include "sink_redis/sink.hpp"

#include "sink_redis/cluster_writer.hpp"
#include "sink_redis/errors.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/lookup.hpp"
#include "sink_redis/markers.hpp"
#include "sink_redis/writer.hpp"

#include <algorithm>

namespace penstock::redis {
namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kBatchBytes = 16 << 20;
constexpr size_t kKeysPerCall = 500;
constexpr int64_t kMaxTtlMs = int64_t{1000} * 86'400'000 * 366;  // a thousand years: above, Redis refuses the expiry

}  // namespace

Nodes& RedisSink::nodes(const Call& call) {
  if (nodes_ && nodes_->alive()) return *nodes_;
  nodes_ = std::make_shared<Nodes>(call, settings_, known_);
  known_ = nodes_->known();
  cluster_ = nodes_->is_cluster();
  return *nodes_;
}

template <class Body>
auto RedisSink::repeatable(const Call& call, const Body& body, Repeat repeat) {
  for (bool again = false;; again = true) {
    const bool reused = nodes_ && nodes_->alive();
    try {
      return body(nodes(call));
    } catch (const Error& error) {
      if (error.retry() != PENSTOCK_RETRY_UNKNOWN_OUTCOME) throw;
      const bool lost = error.status() == PENSTOCK_STATUS_UNAVAILABLE;
      if (lost && reused && !again && repeat == Repeat::allowed) continue;
      Error milder(error.status(), PENSTOCK_RETRY_SAFE, error.message());
      throw lost ? milder.retry_after_ns(kRetryPause.count()) : milder;
    }
  }
}

RedisSink::RedisSink(const Call& call, const Options& options) : settings_(settings_from(options)) {
  repeatable(call, [](Nodes&) {});
}

void RedisSink::ping(const Call& call) {
  repeatable(call, [&](Nodes& nodes) {
    std::vector<std::string> keys(1);
    if (nodes.is_cluster()) keys.clear();
    for (size_t bucket = 0; nodes.is_cluster() && bucket < kBuckets; ++bucket) keys.push_back(bucket_prefix(settings_.key_prefix, bucket));
    nodes.each(
        call, {keys.begin(), keys.end()}, [](size_t, Session&, Buffer& out) { append_command(out, {"PING"}); },
        [](size_t, const Reply& reply) {
          if (reply.is_error()) throw server_error("ping", reply.text());
        });
  });
}

SinkCapabilities RedisSink::capabilities(const Call&) {
  return {PENSTOCK_SINK_DURABLE | PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_TTL | PENSTOCK_SINK_UNCHANGED, kBatchRows, kBatchBytes};
}

std::unique_ptr<Writer> RedisSink::begin(const Call& call, const RunSpec& spec) {
  if (spec.schema.size() < kFirstFieldColumn || spec.schema[kKeyColumn].type != Type::binary ||
      spec.schema[kOrderColumn].type != Type::fixed_binary || spec.schema[kOrderColumn].width != spec.order_size ||
      spec.order_size < PENSTOCK_ORDER_SUFFIX)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the schema does not begin with a key and an order key");
  check_fields(spec.schema, kFirstFieldColumn);
  if (spec.ttl_ms < 0) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the ttl is negative");
  RunSpec bounded = spec;
  bounded.ttl_ms = std::min(spec.ttl_ms, kMaxTtlMs);
  // A begin that took effect and was then repeated would look to the host like the begin of another host. So whether the
  // connection was lost while idle is found out before.
  ping(call);
  return repeatable(
      call,
      [&](Nodes& nodes) -> std::unique_ptr<Writer> {
        if (nodes.is_cluster()) return std::make_unique<ClusterWriter>(call, nodes_, settings_, bounded);
        return std::make_unique<RedisWriter>(call, nodes.at(call, {}), settings_, bounded);
      },
      Repeat::never);
}

Marker RedisSink::load_marker(const Call& call, const ViewRef& view) { return load_markers(call, {view}).front(); }

std::vector<Marker> RedisSink::load_markers(const Call& call, const std::vector<ViewRef>& views) {
  return repeatable(call, [&](Nodes& nodes) {
    std::vector<Layout> layouts;
    for (const ViewRef& view : views)
      for (Layout& part : nodes.layouts(view.view, view.view_version)) layouts.push_back(std::move(part));
    const std::vector<Marker> parts = read_markers(call, nodes, layouts);
    const auto parts_of_a_view = static_cast<std::ptrdiff_t>(parts.size() / std::max<size_t>(views.size(), 1));
    std::vector<Marker> out;
    for (auto part = parts.begin(); part != parts.end(); part += parts_of_a_view) out.push_back(merged({part, part + parts_of_a_view}));
    return out;
  });
}

void RedisSink::compare_and_store_marker(const Call& call, const ViewRef& view, int64_t expected_fence,
                                         const std::optional<Position>& position) {
  repeatable(call, [&](Nodes& nodes) { store_markers(call, nodes, nodes.layouts(view.view, view.view_version), expected_fence, position); });
}

void RedisSink::read_profiles(const Call& call, const ViewRef& view, const Schema& fields,
                              const std::vector<std::string_view>& keys, BatchBuilder& out) {
  check_fields(fields, 0);
  std::string first_bad;
  const size_t bad = repeatable(call, [&](Nodes& nodes) {
    return redis::read_profiles(call, nodes, nodes.layouts(view.view, view.view_version), settings_.packed, fields, keys, out, &first_bad);
  });
  if (bad != 0)
    call.warn(std::to_string(bad) + " stored values are not of their field's type and were read as null; the first is of the field \"" +
              printable(first_bad) + "\"");
}

// Sums up what the script returns, some keys at a time; those of one call are in one part.
uint64_t RedisSink::count_over(const Call& call, const ViewRef& view, Script script, const std::vector<std::string_view>& keys,
                               const std::vector<std::string>& arguments) {
  return repeatable(call, [&](Nodes& nodes) {
    const std::vector<Layout> layouts = nodes.layouts(view.view, view.view_version);
    std::vector<std::vector<std::string>> groups(layouts.size());
    std::vector<std::vector<std::string>> calls;
    for (const std::string_view key : keys) {
      std::vector<std::string>& group = groups[nodes.part_of(key)];
      group.push_back(layouts[nodes.part_of(key)].profiles + std::string(key));
      if (group.size() == kKeysPerCall) calls.push_back(std::exchange(group, {}));
    }
    for (std::vector<std::string>& group : groups)
      if (!group.empty()) calls.push_back(std::move(group));
    std::vector<std::string_view> first_keys;
    for (const auto& one : calls) first_keys.push_back(one.front());
    uint64_t total = 0;
    nodes.each(
        call, first_keys, [&](size_t number, Session& session, Buffer& out) { append_script(out, session, script, calls[number], arguments); },
        [&](size_t, const Reply& reply) {
          if (reply.is_error()) throw server_error(script_name(script), reply.text());
          total += static_cast<uint64_t>(reply.integer());
        });
    return total;
  });
}

uint64_t RedisSink::remove_profiles(const Call& call, const ViewRef& view, const std::vector<std::string_view>& keys) {
  return count_over(call, view, Script::remove, keys, {});
}

uint64_t RedisSink::set_ttl(const Call& call, const ViewRef& view, const std::vector<std::string_view>& keys, int64_t ttl_ms) {
  if (ttl_ms < 0) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the ttl is negative");
  return count_over(call, view, Script::set_ttl, keys, {std::to_string(std::min(ttl_ms, kMaxTtlMs))});
}

std::string RedisSink::describe_keys(const ViewRef& view) {
  const Layout layout(cluster_ ? settings_.key_prefix + "{<bucket>}:" : settings_.key_prefix, view.view, view.view_version);
  return (settings_.packed ? "packed string " : "hash ") + layout.profiles + "<" + view.entity + ">; marker " + layout.marker_key;
}

}  // namespace penstock::redis
