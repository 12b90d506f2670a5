// A way to a peer as shards and their users know it, and what its id says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/endpoint.h"
#include "base/id.h"
#include "sip/transport.h"
#include "tls/identity.h"

namespace ringwall::engine {

// One local signalling address of one transport. Several adjacencies may share it.
using ListenerId = Id<struct ListenerTag>;

// A connection, or the UDP socket with one peer, as the user sees it.
struct Flow {
    FlowId id;
    ListenerId listener;  // none: we opened it
    Endpoint local;       // the listener's; of one that we opened, its own once it stands
    Endpoint remote;      // of a UDP socket: unspecified
    sip::Transport transport = sip::Transport::Udp;
    std::shared_ptr<const tls::PeerIdentity> identity;  // null when not TLS
    bool is_established = false;
    // The user's mark: ConnectSpec's of one that we opened, else what Shard::mark said.
    std::optional<std::uint32_t> purpose = std::nullopt;
};

// Shards of one program have numbers from 0.
using ShardNumber = std::uint16_t;
inline constexpr ShardNumber max_shards = 64;

// The id of a connection names the shard that has it, and the one that chose the id: a shard may
// ask another to open a connection, and writes to it before it hears any answer. A UDP socket has
// the same id on every shard, each of which has a socket of its own on the address.
inline constexpr ShardNumber every_shard = 0xffff;

constexpr FlowId make_flow_id(ShardNumber owner, ShardNumber chosen_by, std::uint64_t number) {
    return {std::uint64_t{owner} << 48 | std::uint64_t{chosen_by} << 40 | number};
}
constexpr ShardNumber owner_of(FlowId flow) {
    return static_cast<ShardNumber>(flow.value >> 48);
}
constexpr bool is_owners_choice(FlowId flow) {
    return (flow.value >> 40 & 0xff) == 0;
}
constexpr FlowId udp_flow_id(ListenerId listener) {
    return make_flow_id(every_shard, 0, listener.value);
}

}  // namespace ringwall::engine
