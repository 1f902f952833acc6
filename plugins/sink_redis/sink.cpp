#include "sink_redis/sink.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/lookup.hpp"
#include "sink_redis/sentinel.hpp"
#include "sink_redis/writer.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::redis {
namespace {

constexpr int64_t kBatchRows = 16384;
constexpr int64_t kBatchBytes = 16 << 20;
constexpr size_t kKeysPerCall = 500;
constexpr int64_t kMaxTtlMs = int64_t{1000} * 86'400'000 * 366;  // a thousand years: above, Redis refuses the expiry

Position position_from_reply(const Layout& layout, const Reply& ordinal, const Reply& detail, const Reply& text) {
  Position out;
  const std::string_view number = ordinal.text();
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.ordinal);
  if (error != std::errc() || end != number.data() + number.size() || !from_hex(detail.text(), &out.detail))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, "the position in " + printable(layout.marker_key) + " is not one that Penstock wrote");
  out.text = text.text();
  return out;
}

}  // namespace

Session& RedisSink::session(const Call& call) {
  if (!session_ || !session_->alive())
    session_ = settings_.master.empty() ? std::make_shared<Session>(call, settings_, settings_.servers.front()) : open_master(call, settings_);
  return *session_;
}

template <class Body>
auto RedisSink::repeatable(const Call& call, const Body& body, Repeat repeat) {
  for (bool again = false;; again = true) {
    const bool reused = session_ && session_->alive();
    try {
      return body(session(call));
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
  repeatable(call, [](Session&) {});
}

void RedisSink::ping(const Call& call) {
  repeatable(call, [&](Session& session) { session.request(call, "ping", {"PING"}); });
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
      call, [&](Session&) -> std::unique_ptr<Writer> { return std::make_unique<RedisWriter>(call, session_, settings_, bounded); },
      Repeat::never);
}

Marker RedisSink::load_marker(const Call& call, const ViewRef& view) {
  const Layout layout(settings_.key_prefix, view.view, view.view_version);
  return repeatable(call, [&](Session& session) {
    const Reply reply = session.run(call, Script::load_marker, {layout.marker_key, layout.store_key}, {new_store_id()});
    if (!reply.is_array() || reply.items() != 7)
      throw Error(PENSTOCK_STATUS_DATA_LOSS, "load marker: the server's answer is not what the script returns");
    const Reply store = reply.first_item(), fence = store.next(), written_in = fence.next(), ordinal = written_in.next(),
                detail = ordinal.next(), text = detail.next(), committed = text.next();
    Marker out;
    out.store_id = store.text();
    std::from_chars(fence.text().data(), fence.text().data() + fence.text().size(), out.fence);
    // A marker from before the store was emptied, or from another store, says nothing about what is here.
    if (ordinal.is_nil() || written_in.text() != store.text()) return out;
    out.position = position_from_reply(layout, ordinal, detail, text);
    if (!committed.is_nil()) std::from_chars(committed.text().data(), committed.text().data() + committed.text().size(), out.committed_fence);
    return out;
  });
}

void RedisSink::compare_and_store_marker(const Call& call, const ViewRef& view, int64_t expected_fence,
                                         const std::optional<Position>& position) {
  const Layout layout(settings_.key_prefix, view.view, view.view_version);
  const std::string fence = std::to_string(expected_fence);
  const Position& value = position ? *position : Position{};
  repeatable(call, [&](Session& session) {
    const Reply reply = session.run(call, Script::compare_and_store, {layout.marker_key, layout.store_key},
                                    {fence, new_store_id(), position ? "1" : "0", std::to_string(value.ordinal),
                                     to_hex(value.detail), value.text});
    if (reply.text() != kDone) throw Error(PENSTOCK_STATUS_FENCED, "a run of this view has begun in the store since its marker was read");
  });
}

void RedisSink::read_profiles(const Call& call, const ViewRef& view, const Schema& fields,
                              const std::vector<std::string_view>& keys, BatchBuilder& out) {
  const Layout layout(settings_.key_prefix, view.view, view.view_version);
  check_fields(fields, 0);
  std::string first_bad;
  const size_t bad = repeatable(call, [&](Session& session) {
    // A second try starts from nothing.
    ArrowArray dropped{};
    out.finish(&dropped);
    dropped.release(&dropped);
    return redis::read_profiles(call, session, layout, settings_, fields, keys, out, &first_bad);
  });
  if (bad != 0)
    call.warn(std::to_string(bad) + " stored values are not of their field's type and were read as null; the first is of the field \"" +
              printable(first_bad) + "\"");
}

// Sums up what the script returns, some keys at a time.
uint64_t RedisSink::count_over(const Call& call, const ViewRef& view, Script script, const std::vector<std::string_view>& keys,
                               const std::vector<std::string_view>& arguments) {
  const Layout layout(settings_.key_prefix, view.view, view.view_version);
  uint64_t total = 0;
  for (size_t begin = 0; begin < keys.size(); begin += kKeysPerCall) {
    std::vector<std::string> names;
    for (size_t i = begin; i < std::min(begin + kKeysPerCall, keys.size()); ++i)
      names.push_back(layout.profiles + std::string(keys[i]));
    total += repeatable(call, [&](Session& session) {
      return static_cast<uint64_t>(session.run(call, script, {names.begin(), names.end()}, arguments).integer());
    });
  }
  return total;
}

uint64_t RedisSink::remove_profiles(const Call& call, const ViewRef& view, const std::vector<std::string_view>& keys) {
  return count_over(call, view, Script::remove, keys, {});
}

uint64_t RedisSink::set_ttl(const Call& call, const ViewRef& view, const std::vector<std::string_view>& keys, int64_t ttl_ms) {
  if (ttl_ms < 0) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the ttl is negative");
  return count_over(call, view, Script::set_ttl, keys, {std::to_string(std::min(ttl_ms, kMaxTtlMs))});
}

std::string RedisSink::describe_keys(const ViewRef& view) {
  const Layout layout(settings_.key_prefix, view.view, view.view_version);
  return (settings_.packed ? "packed string " : "hash ") + layout.profiles + "<" + view.entity + ">; marker " + layout.marker_key;
}

}  // namespace penstock::redis
