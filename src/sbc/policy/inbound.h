// One out-of-dialog request on its way through the pipeline: what is known of it when it comes in,
// and what the stages find out. Valid for the call of run_pipeline only: it refers to its input.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/cac.h"
#include "sbc/policy/decision_trace.h"
#include "sbc/policy/emergency.h"
#include "sbc/policy/permit.h"
#include "sip/auth/digest.h"
#include "sip/auth/nonce_mint.h"
#include "sip/auth/nonce_window.h"
#include "sip/message.h"
#include "sip/transport.h"
#include "tls/identity.h"

namespace ringwall::sbc::policy {

// The users of a domain that is served here: location knows their contacts, and each of those is
// still to be put to `permit` (Event::Fork, the binding's adjacency, the contact's scheme).
struct ToLocation {
    // The one contact that a registrar behind us knows by this token, if it is that registrar who
    // asks; empty: those of the user that is called.
    std::string token = {};
};
// An adjacency's signaling-peer, with the leave to send there.
struct ToAdjacency {
    AdjacencyIndex adjacency;
    Permit permit;
};
using Route = std::variant<ToLocation, ToAdjacency>;

// By what we know who is calling.
enum class Proof : std::uint8_t {
    None,          // nothing but the adjacency
    Certificate,   // the peer's domain
    Registration,  // a live registration on this connection
    Digest,
};

struct Inbound {
    // Input. `request` was screened: no parse fault.
    const sip::Message& request;
    sip::Hop hop;
    Endpoint source;                              // as the socket says
    Endpoint local;                               // our socket's
    const tls::PeerIdentity* identity = nullptr;  // null: no TLS
    // The adjacency that this connection was opened for, or accepted on; none: it is no connection.
    std::optional<AdjacencyIndex> of_connection = std::nullopt;
    SnapshotPtr snapshot;
    // Detached, but calls go on there.
    std::span<const AdjacencyIndex> going_down = {};
    NewCalls new_calls = NewCalls::All;
    // Adjacencies whose peers miss their pings.
    std::vector<AdjacencyIndex> peers_down = {};
    // Addresses-of-record with a live registration on this very flow.
    std::span<const std::string> registered;
    const sip::auth::NonceMint& nonces;
    sip::auth::NonceWindow& nonce_window;  // of this worker; what `authenticate` accepts is noted
    sip::auth::Verifier& verifier;
    CacGate* gate = nullptr;  // null: nothing is counted, nor limited
    // From where it comes, as many passwords were wrong as may be.
    bool has_guessed = false;
    Now now;

    // Output: set by the stage named.
    std::optional<AdjacencyIndex> adjacency = std::nullopt;  // identify
    CallSecurity call = {};                                  // identify
    // The caller: an address-of-record of ours or a verified domain; empty with Proof::None.
    Proof proof = Proof::None;  // certificate-name, authenticate
    std::string caller = {};    // certificate-name, authenticate
    // Right credentials that were used before: refused, and to be counted.
    bool is_replay = false;  // authenticate
    // Why the credentials that it bears prove nothing, for record and log; empty: it bears none, or
    // nothing is wrong but the age of their nonce.
    std::string_view wrong_credentials = {};  // authenticate
    // They are for a nonce that this source was sent: it is there, and guesses.
    bool is_guess = false;  // authenticate
    // Header fields that must not go on, whoever the next hop is.
    std::vector<sip::HeaderName> removed_headers = {};  // header-profile-in
    // Where to, best first. Empty for what is answered here: REGISTER, OPTIONS to ourselves.
    std::vector<Route> routes = {};  // route
    // What was decided, and why. Targets that may be tried are not in it yet: who tries them says
    // what became of them.
    DecisionTrace decisions = {};

    // After identify.
    const Adjacency& from_adjacency() const { return snapshot->adjacencies[*adjacency]; }
};

// The Request-URI names this border controller itself (no user, and our host or socket or a domain
// served here): an OPTIONS like that is a question to us, not to be routed.
bool is_addressed_to_us(const Inbound& inbound);

// Who may call as that from there, once it is proven; null: nobody.
const Subscriber* subscriber_on(const Snapshot& snapshot, const Adjacency& adjacency,
                                std::string_view address_of_record);

}  // namespace ringwall::sbc::policy
