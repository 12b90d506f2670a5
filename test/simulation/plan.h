// What shall happen in one call, drawn before it begins: who calls what, how whoever is called
// answers, what comes up in the call, who ends it. The parties play it; the oracle says beforehand
// what must come of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulation/topology.h"
#include "sip/uri/uri.h"

namespace ringwall::simulation {

using sip::Scheme;

// The scheme of a Contact, seen from the leg that it is on.
enum class Twist { Same, Other, Tel, Odd };

// Who the caller is, or pretends to be.
enum class Caller {
    Honest,
    ForeignFrom,    // a phone in another subscriber's name
    WrongPassword,  // a phone that never registered, and cannot
    WrongName,      // a trunk over TLS whose certificate bears another name
    NoCertificate,  // a trunk over TLS without one
    Stranger,       // an address that no adjacency knows
    PlainOnTls,     // a trunk that got past the door of TLS without
    TlsOnPlain,     // the other way round
};

enum class Called {
    Trunk,      // one route
    TwoTrunks,  // and another, if the first fails
    User,       // whoever registered as that
    Nobody,     // no route
    Contact,    // a phone, by what its registrar knows it by
};

enum class Media { None, Plain, Sdes, SdesOnAvp, Dtls };

struct Answering {
    enum class Kind { Answer, RingAnswer, Reject, Redirect, Ring, Mute } kind = Kind::Answer;
    Twist contact = Twist::Same;  // of the 2xx
    int status = 486;             // Reject
    std::vector<Twist> targets;   // Redirect
    bool is_reliable = false;     // its 180, where the caller can (RFC 3262)
    int early_dialogs = 0;        // further ones, as behind a proxy that forks
    int surplus = 0;              // further 2xx
};

struct Step {
    enum class Kind { Reinvite, Update, Info, Refer } kind = Kind::Reinvite;
    bool by_caller = true;
    Twist contact = Twist::Same;  // of the request, or its Refer-To
    int target_place = 1;         // Refer, where `refer handle` is: whom to call
    int target_user = 1;          // where that place has phones
    Twist answer = Twist::Same;   // of the 2xx
};

struct Plan {
    int number = 0;
    Duration start{};
    bool is_registration = false;
    bool is_message = false;       // MESSAGE: the rules are those of a call
    bool is_subscription = false;  // SUBSCRIBE with its NOTIFYs: so they are

    int place = 1;  // of the caller
    int user = 1;   // of the caller, where there are phones
    Caller caller = Caller::Honest;
    Scheme scheme = Scheme::Sip;  // of the Request-URI, or the address-of-record
    std::string uri;
    Called called = Called::Trunk;
    std::vector<int> destinations;  // places of trunks
    int called_place = 0;           // User
    int called_user = 0;
    int called_phone = 0;  // Contact
    Twist caller_contact = Twist::Same;
    Media media = Media::Plain;
    bool has_100rel = false;
    std::vector<Answering> answers;  // by who answers: a trunk's number, a phone's
    std::vector<Step> steps;
    bool caller_hangs_up = true;
    // What comes instead of hanging up.
    bool vanishes = false;   // it says nothing more, and hears nothing
    int newcomer_place = 0;  // somebody takes its place by Replaces; 0: nobody
    int newcomer_user = 1;
    Scheme newcomer_scheme = Scheme::Sip;
    std::optional<Duration> cancel_after;

    // is_registration
    Twist registered = Twist::Same;  // its Contact
    bool has_wrong_password = false;

    const Answering& answering(int who) const {
        return answers[static_cast<std::size_t>(who) % answers.size()];
    }
};

// What a party there speaks when it is free to choose.
Media natural_media(const Topology& topology, const Place& place);

Plan draw_plan(int number, const Topology& topology, bool is_stormy, Dice& dice);

}  // namespace ringwall::simulation
