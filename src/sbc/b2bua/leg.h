// One side of a call: a dialog with one peer, on one adjacency. The caller's leg and the callee's
// leg are the same class; what differs is who sent the INVITE that is being answered.
//
// A leg keeps the two halves of an INVITE that was answered with a 2xx (RFC 3261 §13):
//   answered   we sent the 2xx: it is repeated until the ACK comes (§13.3.1.4), over any transport
//   accepted   we got the 2xx: its ACK is kept and sent again for every repetition (§13.2.2.4)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/endpoint.h"
#include "base/time.h"
#include "sbc/b2bua/kept_body.h"
#include "sbc/config/snapshot.h"
#include "sbc/policy/caller_identity.h"
#include "sip/dialog/dialog.h"
#include "sip/message.h"
#include "sip/session/offer_answer.h"
#include "sip/session/session_timer.h"
#include "sip/transaction/actions.h"
#include "sip/transport.h"
#include "sip/uri/uri.h"

namespace ringwall::sbc::b2bua {

// Who the peer proved to be when the dialog began; in-dialog requests must come from the same.
struct Proof {
    AdjacencyIndex adjacency = 0;
    std::string fingerprint;        // of its certificate; empty: none shown
    std::string address_of_record;  // of a phone; empty: no phone
    std::string instance = {};      // its +sip.instance (RFC 5626 §4.1), when it registered one
};

// Who asks that somebody takes a party's place: the newcomer itself, or who sent it.
struct Speaker {
    Proof peer;
    IpAddress address;  // where it was heard
};

// Who sent a request, for when the connection that it came by is gone.
struct Sender {
    Proof peer;
    std::string contact;  // its URI, of the request or of the dialog
};

struct Leg {
    Proof peer;
    sip::Scheme scheme = sip::Scheme::Sip;  // of this leg's URIs
    std::string user;                       // user part of our Contact here
    sip::Hop hop;                           // where the peer was heard last
    sip::Dialog dialog;

    struct Answered {
        sip::transaction::ServerId invite;
        sip::MessagePtr response;  // null: another process sent it, and nobody says it again
        std::uint32_t cseq = 0;
        Duration interval{};           // until the next repetition
        TimePoint give_up;             // 64*T1 after the first
        bool begins_dialog = false;    // it was no re-INVITE
        std::uint16_t repetition = 0;  // the number of the timer that runs for it
    };
    std::optional<Answered> answered = std::nullopt;  // until the ACK

    struct Accepted {
        std::uint32_t cseq = 0;
        std::string credentials = {};  // of the INVITE, for its ACK
        std::string ack = {};          // its octets; empty: the other side has not acknowledged yet
    };
    std::optional<Accepted> accepted = std::nullopt;  // of the last INVITE that we sent here
    // Of the one before: its ACK may have been lost.
    std::optional<Accepted> accepted_before = std::nullopt;
    void accept(std::uint32_t cseq, std::string credentials) {
        accepted_before = std::exchange(accepted, Accepted{cseq, std::move(credentials), {}});
    }

    sip::session::OfferAnswer session = {};  // whose offer waits for an answer here

    sip::session::SessionTimer timer = {};
    bool allows_update = false;         // the peer said so
    sip::MessagePtr invited = nullptr;  // the last INVITE of our own in it
    // The last description that the peer was told; kept only for one that does not allow UPDATE.
    std::optional<KeptBody> described = std::nullopt;
    // A refresh of our own (RFC 4028), the last one.
    struct Refresh {
        sip::transaction::ClientId client;
        sip::Method method = sip::Method::Update;
        bool is_open = true;
    };
    std::optional<Refresh> refresh = std::nullopt;

    // What the peer asked for, the last time that it said anything of it (RFC 3323).
    policy::Privacy asked = {};

    // It left by its adjacency: `sips-conversion` there says what its scheme is. Else it came in.
    bool went_out = false;

    // Of a phone that was called: by which a registrar behind us knows it.
    std::string token = {};
    // As who this peer's challenges are known (CallHost).
    std::string_view as_challenger() const { return token.empty() ? dialog.local_tag() : token; }

    // The BYE that was sent by a connection, until it is answered.
    std::optional<sip::transaction::ClientId> goodbye = std::nullopt;
    std::uint8_t goodbyes = 0;  // so far

    bool is_ended = false;  // BYE sent or received; or nobody is there yet (Call::join)
    // The call is over, but the peer has not acknowledged that it began: it may not even know the
    // dialog, so the BYE waits for the ACK or for the end of `answered` (RFC 3261 §15).
    bool is_bye_owed = false;
};

}  // namespace ringwall::sbc::b2bua
