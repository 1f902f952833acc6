#include "sink_redis/slots.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <charconv>

namespace penstock::redis {
namespace {

constexpr int kMaxPort = 65535;
constexpr size_t kMaxNodes = 2000;

constexpr std::array<uint16_t, 256> make_table() {
  std::array<uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}
constexpr auto kTable = make_table();

Error malformed() { return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "CLUSTER SLOTS: the answer is not a map of slots"); }

// A node does not name its own address when it does not know it, and gives "?" for a host name that it has not been told.
std::string host_or(std::string_view host, const Endpoint& asked) {
  return host.empty() || host == "?" ? asked.host : std::string(host);
}

bool is_port(int64_t port) { return port > 0 && port <= kMaxPort; }

}  // namespace

uint16_t crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text) crc = (crc << 8 & 0xffff) ^ kTable[(crc >> 8 ^ static_cast<unsigned char>(c)) & 0xff];
  return static_cast<uint16_t>(crc);
}

uint16_t slot_of(std::string_view key) {
  const size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kSlots;
}

// [first slot, last slot, [host, port, id, …] of the master, the same of each replica …] …
SlotMap::SlotMap(const Reply& reply, const Endpoint& asked) : SlotMap() {
  if (!reply.is_array()) throw malformed();
  Reply range = reply.first_item();
  for (size_t i = 0; i < reply.items(); ++i, range = range.next()) {
    if (!range.is_array() || range.items() < 3) throw malformed();
    const Reply first = range.first_item(), last = first.next();
    if (first.kind() != ReplyKind::integer || last.kind() != ReplyKind::integer || first.integer() < 0 || last.integer() < first.integer() ||
        last.integer() >= static_cast<int64_t>(kSlots))
      throw malformed();
    Reply node = last.next();
    for (size_t n = 2; n < range.items(); ++n, node = node.next()) {
      if (!node.is_array() || node.items() < 2) throw malformed();
      const Reply host = node.first_item(), port = host.next();
      if (port.kind() != ReplyKind::integer || !is_port(port.integer())) throw malformed();
      Endpoint endpoint;
      endpoint.host = host_or(host.is_text() ? host.text() : std::string_view{}, asked);
      endpoint.port = static_cast<int>(port.integer());
      const uint16_t number = number_of(endpoint);
      if (n == 2) std::fill(owners_.begin() + first.integer(), owners_.begin() + last.integer() + 1, number);
    }
  }
}

uint16_t SlotMap::number_of(const Endpoint& endpoint) {
  const auto found = std::find(nodes_.begin(), nodes_.end(), endpoint);
  if (found != nodes_.end()) return static_cast<uint16_t>(found - nodes_.begin());
  if (nodes_.size() == kMaxNodes) throw malformed();
  nodes_.push_back(endpoint);
  return static_cast<uint16_t>(nodes_.size() - 1);
}

std::optional<Detour> detour_of(std::string_view error, const Endpoint& from) {
  const std::string_view code = error_code(error);
  if (code == "NOSCRIPT") return Detour{Detour::Kind::script};
  if (code == "TRYAGAIN" || code == "CLUSTERDOWN") return Detour{Detour::Kind::wait};
  if (code != "MOVED" && code != "ASK") return std::nullopt;
  // "MOVED 3999 127.0.0.1:6381"
  const size_t space = error.rfind(' '), colon = error.rfind(':');
  if (colon == std::string_view::npos || colon < space) return std::nullopt;
  Detour detour{code == "MOVED" ? Detour::Kind::moved : Detour::Kind::ask};
  const std::string_view port = error.substr(colon + 1);
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), detour.to.port);
  if (failed != std::errc() || end != port.data() + port.size() || !is_port(detour.to.port)) return std::nullopt;
  detour.to.host = host_or(error.substr(space + 1, colon - space - 1), from);
  return detour;
}

}  // namespace penstock::redis
