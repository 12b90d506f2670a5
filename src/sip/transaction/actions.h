// All that the transaction layer may ask of its owner, and the ids it uses. (RFC 3261 §17, RFC
// 6026.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sip/message.h"
#include "sip/transport.h"

namespace ringwall::sip::transaction {

using ServerId = Id<struct ServerTransactionTag>;  // slot and generation in one number
using ClientId = Id<struct ClientTransactionTag>;

enum class Timer : std::uint8_t { A, B, D, E, F, G, H, I, J, K, L, M };
std::string_view to_string(Timer timer);

// RFC 3261 Table 4. C is the user's. L and M are 64*T1 always (RFC 6026 §7).
struct Timers {
    Duration t1 = 500ms;
    Duration t2 = 4s;
    Duration t4 = 5s;
    Duration d = 32s;
    std::optional<Duration> b = {}, f = {}, h = {}, j = {};  // none: 64*T1

    Duration timeout(const std::optional<Duration>& own) const { return own.value_or(64 * t1); }
};

enum class TerminationCause : std::uint8_t {
    Normal,
    Timeout,  // timer B or F; H: nobody acknowledged
    TransportError,
};
std::string_view to_string(TerminationCause cause);

// Why a request ends something: the values of its Reason fields (RFC 3326).
using Reasons = std::vector<std::string>;

// One transaction of either side, for timers.
using AnyId = std::variant<ServerId, ClientId>;

struct Transmit {
    AnyId transaction;  // whom to tell on_transport_error
    Hop hop;
    MessagePtr message;
};
struct StartTimer {
    AnyId transaction;
    Timer timer = Timer::A;
    Duration after;
};
struct StopTimer {
    AnyId transaction;
    Timer timer = Timer::A;
};
// A request that the user has not seen. A CANCEL has its own server transaction; `cancelled` is the
// INVITE it names, none: to be answered 481. For INVITE the layer sends 100 by itself only when the
// user asks by `respond`.
struct NewRequest {
    ServerId id;
    Hop from;
    MessagePtr request;
    ServerId cancelled;
};
// An ACK that belongs to no failed INVITE: for a 2xx, matched to a dialog by the user.
struct Ack {
    Hop from;
    MessagePtr request;
};
// A response to a request of ours; after a 2xx to INVITE every further 2xx too (RFC 6026 §7.2).
// `request` is what it answers, for over a reliable transport the transaction is gone already; null
// with a further 2xx.
struct NewResponse {
    ClientId id;
    Hop from;
    MessagePtr response;
    MessagePtr request;
};
// The client transaction ended without a final response.
struct ClientFailed {
    ClientId id;
    TerminationCause cause = TerminationCause::Normal;
    MessagePtr request;
};
// The server transaction ended: after H the user learns that nobody acknowledged.
struct ServerEnded {
    ServerId id;
    TerminationCause cause = TerminationCause::Normal;
};
struct ClientEnded {
    ClientId id;
};
// A response that matches nothing: dropped, counted.
struct Stray {
    Hop from;
    MessagePtr response;
};

using Action = std::variant<Transmit, StartTimer, StopTimer, NewRequest, Ack, NewResponse,
                            ClientFailed, ServerEnded, ClientEnded, Stray>;
using Actions = std::vector<Action>;

}  // namespace ringwall::sip::transaction
