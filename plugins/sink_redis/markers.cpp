#include "sink_redis/markers.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <charconv>
#include <openssl/sha.h>
#include <tuple>

namespace penstock::redis {
namespace {

constexpr size_t kStoreIdBytes = 16;

Position position_from_reply(const Layout& layout, const Reply& ordinal, const Reply& detail, const Reply& text) {
  Position out;
  const std::string_view number = ordinal.text();
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), out.ordinal);
  if (error != std::errc() || end != number.data() + number.size() || !from_hex(detail.text(), &out.detail))
    throw Error(PENSTOCK_STATUS_DATA_LOSS, "the position in " + printable(layout.marker_key) + " is not one that Penstock wrote");
  out.text = text.text();
  return out;
}

int64_t number_or_0(const Reply& reply) {
  int64_t out = 0;
  const std::string_view text = reply.text();
  if (!reply.is_nil()) std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

Marker marker_from_reply(const Layout& layout, const Reply& reply) {
  if (!reply.is_array() || reply.items() != 7)
    throw Error(PENSTOCK_STATUS_DATA_LOSS, "load marker: the server's answer is not what the script returns");
  const Reply store = reply.first_item(), fence = store.next(), written_in = fence.next(), ordinal = written_in.next(),
              detail = ordinal.next(), text = detail.next(), committed = text.next();
  Marker out;
  out.store_id = store.text();
  out.fence = number_or_0(fence);
  // A marker from before the store was emptied, or from another store, says nothing about what is here.
  if (ordinal.is_nil() || written_in.text() != store.text()) return out;
  out.position = position_from_reply(layout, ordinal, detail, text);
  out.committed_fence = number_or_0(committed);
  return out;
}

std::vector<std::string_view> marker_keys(const std::vector<Layout>& layouts) {
  std::vector<std::string_view> keys;
  for (const Layout& layout : layouts) keys.push_back(layout.marker_key);
  return keys;
}

}  // namespace

void append_script(Buffer& out, const Session& session, Script script, std::span<const std::string> keys, std::span<const std::string> arguments) {
  append_array_header(out, 3 + keys.size() + arguments.size());
  append_bulk(out, "EVALSHA");
  append_bulk(out, session.sha(script));
  append_bulk(out, std::to_string(keys.size()));
  for (const std::string& key : keys) append_bulk(out, key);
  for (const std::string& argument : arguments) append_bulk(out, argument);
}

std::vector<Marker> read_markers(const Call& call, Nodes& nodes, const std::vector<Layout>& layouts) {
  std::vector<Marker> out(layouts.size());
  nodes.each(
      call, marker_keys(layouts),
      [&](size_t part, Session& session, Buffer& bytes) {
        const std::string arguments[] = {new_store_id()};
        append_script(bytes, session, Script::load_marker, layouts[part].marker_and_store(), arguments);
      },
      [&](size_t part, const Reply& reply) {
        if (reply.is_error()) throw server_error(script_name(Script::load_marker), reply.text());
        out[part] = marker_from_reply(layouts[part], reply);
      });
  return out;
}

Marker merged(const std::vector<Marker>& parts) {
  if (parts.size() == 1) return parts.front();
  const auto has_position = [](const Marker& part) { return part.position.has_value(); };
  Marker out;
  std::string ids;
  for (const Marker& part : parts) {
    ids += part.store_id + "\n";
    out.fence = std::max(out.fence, part.fence);
  }
  if (std::all_of(parts.begin(), parts.end(), has_position)) {
    // Of positions with the same ordinal, which may differ in detail, that of the earlier run is the earlier.
    const auto earlier = [](const Marker& a, const Marker& b) {
      return std::tie(a.position->ordinal, a.committed_fence) < std::tie(b.position->ordinal, b.committed_fence);
    };
    out.position = std::min_element(parts.begin(), parts.end(), earlier)->position;
    const auto committed = [](const Marker& a, const Marker& b) { return a.committed_fence < b.committed_fence; };
    out.committed_fence = std::min_element(parts.begin(), parts.end(), committed)->committed_fence;
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(ids.data()), ids.size(), digest);
  out.store_id = to_hex({reinterpret_cast<const char*>(digest), kStoreIdBytes});
  return out;
}

void store_markers(const Call& call, Nodes& nodes, const std::vector<Layout>& layouts, int64_t expected_fence, const std::optional<Position>& position) {
  const Error fenced(PENSTOCK_STATUS_FENCED, "a run of this view has begun in the store since its marker was read");
  std::vector<int64_t> fences(1, expected_fence);
  if (layouts.size() > 1) {
    fences.clear();
    for (const Marker& part : read_markers(call, nodes, layouts)) fences.push_back(part.fence);
    if (*std::max_element(fences.begin(), fences.end()) != expected_fence) throw fenced;
  }
  const Position& value = position ? *position : Position{};
  nodes.each(
      call, marker_keys(layouts),
      [&](size_t part, Session& session, Buffer& bytes) {
        const std::string arguments[] = {std::to_string(fences[part]), new_store_id(), position ? "1" : "0", std::to_string(value.ordinal),
                                         to_hex(value.detail), value.text};
        append_script(bytes, session, Script::compare_and_store, layouts[part].marker_and_store(), arguments);
      },
      [&](size_t, const Reply& reply) {
        if (reply.is_error()) throw server_error(script_name(Script::compare_and_store), reply.text());
        if (reply.text() != kDone) throw fenced;
      });
}

}  // namespace penstock::redis
