// A world to call through: one adjacency of every kind (security, and trunk or phones), each with
// leaves by chance, and the configuration that says so in the console's words. Some worlds have a
// media engine besides, some registrars: those are trunks, and phones register there.
//
// Everything on the side of place N has an address 10.N.0.x or fd00:N::x and marks the identifiers
// that it makes with "~N~", so that whoever looks at a packet sees what has no business there.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sbc/config/snapshot.h"
#include "simulation/dice.h"

namespace ringwall::simulation {

using sbc::MediaSecurity;
using sbc::Security;
using sbc::SipCallsIn;
using sbc::SipCallsOut;
using sbc::SipsConversion;
using sbc::UntrustedCallers;

// An adjacency, as it was drawn.
struct Place {
    int number = 0;  // from 1
    bool is_access = false;
    bool is_v6 = false;
    Security security = Security::Untrusted;
    SipCallsIn sip_calls_in = SipCallsIn::Insecure;
    SipCallsOut sip_calls_out = SipCallsOut::Refuse;
    SipsConversion sips_conversion = SipsConversion::Off;
    UntrustedCallers untrusted_callers = UntrustedCallers::Allow;
    MediaSecurity media_security = MediaSecurity::Off;
    sbc::ReferMode refer = sbc::ReferMode::Pass;
    sip::Transport transport = sip::Transport::Udp;
    bool recurses = false;
    int session_timer = 90;  // seconds
    // Where there is a media engine.
    bool anchors_media = false;
    bool needs_engine = false;  // `media-engine-down refuse`; if it anchors media
    // Of phones.
    int registrar = 0;               // the place where they register; 0: here
    bool passes_challenges = false;  // to that one
    std::set<int> refused_users;     // by that one, whatever they show
    std::set<int> revoked_phones;    // it took them once, and not again; by their number

    bool is_trusted() const { return security != Security::Untrusted; }
    bool is_encrypted() const { return security == Security::TrustedEncrypted; }
    std::string name() const { return "a" + std::to_string(number); }
    // Of its users; of an encrypted trunk also the name in its certificate.
    std::string domain() const { return "d" + std::to_string(number) + ".example.net"; }
    IpAddress address(int host) const;
    Endpoint border() const;
    Endpoint peer() const;
};

// What the media engine of a world is like.
enum class EngineMood {
    None,  // there is none
    Up,
    Down,      // it never answers
    Refuses,   // every offer
    Careless,  // what it writes is not what it is asked for, and shows more than it may
    Restarts,  // it is away for a while, and then knows nothing
};
inline constexpr const char* engine_address = "192.0.2.77";
inline constexpr std::uint16_t engine_port = 2223;

struct Topology {
    std::vector<Place> places;  // by number - 1
    EngineMood engine = EngineMood::None;

    bool has_engine() const { return engine != EngineMood::None; }
    bool has_registrars() const;
    const Place& place(int number) const { return places[static_cast<std::size_t>(number - 1)]; }
    int encrypted_trunk() const;
    std::string configuration() const;
};

// u1 and u2 have phones, u3 is never there, u4 registers as plans say.
inline constexpr int users_of_access = 4;
inline constexpr int absent_user = 3;
inline constexpr int phones_of_access = 3;
std::string host_text(const IpAddress& address);  // as in a URI: [fd00:1::2]
std::string password_of(const std::string& user);

Topology draw_topology(Dice& dice);
void add_engine(Topology& topology, Dice& dice);
void add_registrars(Topology& topology, Dice& dice);

}  // namespace ringwall::simulation
