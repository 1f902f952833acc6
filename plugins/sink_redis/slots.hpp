// How a Redis Cluster spreads keys over its nodes: every key belongs to one of 16,384 slots, every slot to one master. Pure.
#pragma once

#include "sink_redis/resp.hpp"
#include "sink_redis/transport.hpp"

#include <array>
#include <optional>

namespace penstock::redis {

inline constexpr size_t kSlots = 16384;

// CRC-16/XMODEM, the cluster's.
uint16_t crc16(std::string_view text);
// Of the part of the key between the first { and the next }, if there is one that is not empty; else of all of it.
uint16_t slot_of(std::string_view key);

class SlotMap {
 public:
  SlotMap() { owners_.fill(kNobody); }
  // From the reply of CLUSTER SLOTS; `asked` is who gave it: a node that does not know its own address leaves it out. Throws DATA_LOSS.
  SlotMap(const Reply&, const Endpoint& asked);

  // Null: nobody that the one who was asked knew of. Valid until the next change.
  const Endpoint* owner(uint16_t slot) const { return owners_[slot] == kNobody ? nullptr : &nodes_[owners_[slot]]; }
  void move(uint16_t slot, const Endpoint& to) { owners_[slot] = number_of(to); }
  // Masters and replicas, each once.
  const std::vector<Endpoint>& nodes() const { return nodes_; }

 private:
  static constexpr uint16_t kNobody = 0xffff;

  uint16_t number_of(const Endpoint&);

  std::vector<Endpoint> nodes_;
  std::array<uint16_t, kSlots> owners_;
};

// What a node answers instead of executing a command.
struct Detour {
  enum class Kind : uint8_t {
    moved,   // the slot is `to`'s now
    ask,     // this once, ask `to`
    wait,    // the slot is between two nodes, or the cluster between two states
    script,  // it has forgotten the script
  };
  Kind kind;
  Endpoint to = {};
};

// None: an error like any other. `from`: who answered.
std::optional<Detour> detour_of(std::string_view error, const Endpoint& from);

}  // namespace penstock::redis
