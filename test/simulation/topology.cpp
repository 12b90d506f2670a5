#include "simulation/topology.h"

#include <algorithm>
#include <sstream>

namespace ringwall::simulation {
namespace {

constexpr int border_host = 1;
constexpr int peer_host = 2;

std::uint16_t port_of(const Place& place) {
    return place.is_encrypted() ? 5061 : 5060;
}

Place draw_place(int number, Security security, bool is_access, Dice& dice) {
    Place place;
    place.number = number;
    place.is_access = is_access;
    place.security = security;
    place.recurses = dice.chance(50);
    place.session_timer = dice.pick({90, 120, 240});
    place.is_v6 = dice.chance(25);
    place.media_security = MediaSecurity::Off;
    if (dice.chance(50)) {
        place.media_security = MediaSecurity::Preferred;
    } else if (place.is_trusted() && dice.chance(15)) {
        place.media_security = MediaSecurity::Required;
    }
    place.refer = place.is_trusted() ? sbc::ReferMode::Pass : sbc::ReferMode::Refuse;
    if (dice.chance(60)) {
        place.refer =
            dice.pick({sbc::ReferMode::Pass, sbc::ReferMode::Refuse, sbc::ReferMode::Handle,
                       sbc::ReferMode::Handle, sbc::ReferMode::Handle});
    }
    if (place.is_trusted()) {
        place.sip_calls_in = dice.pick({SipCallsIn::Insecure, SipCallsIn::Insecure,
                                        SipCallsIn::Secure, SipCallsIn::Secure, SipCallsIn::Secure,
                                        SipCallsIn::Insecure, SipCallsIn::Reject});
    }
    if (place.is_encrypted()) {
        place.sip_calls_out =
            dice.pick({SipCallsOut::Refuse, SipCallsOut::SecureOnly, SipCallsOut::SecureOnly,
                       SipCallsOut::SecureOnly, SipCallsOut::Any, SipCallsOut::Any});
        place.transport = sip::Transport::Tls;
        return place;
    }
    place.transport = dice.pick({sip::Transport::Udp, sip::Transport::Tcp});
    if (place.is_trusted()) {
        place.sips_conversion =
            dice.pick({SipsConversion::Off, SipsConversion::ToSip, SipsConversion::ToSip});
        place.untrusted_callers =
            dice.pick({UntrustedCallers::Allow, UntrustedCallers::Allow, UntrustedCallers::Refuse});
    }
    return place;
}

std::string_view word(sbc::ReferMode mode) {
    switch (mode) {
        case sbc::ReferMode::Pass:
            return "pass";
        case sbc::ReferMode::Refuse:
            return "refuse";
        case sbc::ReferMode::Handle:
            return "handle";
    }
    return "";
}

void write(std::ostream& out, const Place& place) {
    const std::string family = place.is_v6 ? "ipv6" : "ipv4";
    const std::string number = std::to_string(place.number);
    out << "  adjacency sip " << place.name() << "\n   security " << to_string(place.security)
        << "\n   signaling-address " << family << " " << place.border().address.to_string() << "\n";
    if (place.is_trusted()) {
        out << "   sip-calls-in " << to_string(place.sip_calls_in) << "\n";
    }
    if (place.is_encrypted()) {
        out << "   sip-calls-out " << to_string(place.sip_calls_out) << "\n";
    } else if (place.is_trusted()) {
        out << "   sips-conversion " << to_string(place.sips_conversion) << "\n"
            << "   untrusted-callers " << to_string(place.untrusted_callers) << "\n";
    }
    out << "   media-security " << to_string(place.media_security) << "\n"
        << "   refer " << word(place.refer) << "\n"
        << "   replaces trusted\n"  // a newcomer knows the ids of the dialog, and no more
        << "   session-timer " << place.session_timer << "\n"
        << "   redirect-mode " << (place.recurses ? "recurse" : "pass-through") << "\n";
    if (place.anchors_media) {
        out << "   media anchored\n   media-engine-down "
            << (place.needs_engine ? "refuse" : "bypass") << "\n";
    }
    if (!place.is_encrypted()) {
        out << "   preferred-transport " << (place.transport == sip::Transport::Udp ? "udp" : "tcp")
            << "\n";
    }
    if (place.is_access) {
        out << "   inherit profile preset-access\n   domain " << place.domain() << "\n";
        if (place.registrar != 0) {  // nobody here comes again to stay registered
            out << "   registration target adjacency a" << place.registrar
                << "\n   registration challenges " << (place.passes_challenges ? "pass" : "refuse")
                << "\n   fast-register-interval 3600\n";
        }
    } else {
        out << "   remote-address " << family << " "
            << (place.is_v6 ? "fd00:" + number + "::/32" : "10." + number + ".0.0 255.255.0.0")
            << "\n   signaling-peer " << place.peer().address.to_string() << "\n";
        if (place.is_encrypted()) {
            out << "   tls peer-domain " << place.domain() << "\n";
        }
    }
    out << "   attach\n";
}

}  // namespace

IpAddress Place::address(int host) const {
    if (!is_v6) {
        return IpAddress::v4(10, static_cast<std::uint8_t>(number), 0,
                             static_cast<std::uint8_t>(host));
    }
    IpAddress out;
    out.family = IpAddress::Family::V6;
    out.bytes[0] = 0xfd;
    out.bytes[3] = static_cast<std::uint8_t>(number);
    out.bytes[15] = static_cast<std::uint8_t>(host);
    return out;
}

Endpoint Place::border() const {
    return {address(border_host), port_of(*this)};
}
Endpoint Place::peer() const {
    return {address(peer_host), port_of(*this)};
}

std::string host_text(const IpAddress& address) {
    const std::string text = address.to_string();
    return address.family == IpAddress::Family::V6 ? "[" + text + "]" : text;
}

std::string password_of(const std::string& user) {
    return "secret-of-" + user;
}

int Topology::encrypted_trunk() const {
    return std::ranges::find_if(
               places, [](const Place& each) { return each.is_encrypted() && !each.is_access; })
        ->number;
}

bool Topology::has_registrars() const {
    return std::ranges::any_of(places, [](const Place& each) { return each.registrar != 0; });
}

// Trunks are called by number: 7N is place N, 8NM is N and, if that fails, M. 9... is nobody's.
// Phones are called by the domain of their users.
std::string Topology::configuration() const {
    std::ostringstream out;
    out << "sbc simulation\n sbe\n  tls certificate border.pem\n  tls private-key border.key\n"
           "  tls trust-anchors anchors.pem\n";
    if (has_engine()) {
        out << "  media-engine ipv4 " << engine_address << "\n  media-engine-port " << engine_port
            << "\n";
    }
    for (const Place& each : places) {
        const bool has_subscribers = each.is_access && each.registrar == 0;
        for (int user = 1; has_subscribers && user <= users_of_access; ++user) {
            const std::string name = "u" + std::to_string(user);
            out << "  subscriber " << name << "@" << each.domain() << "\n   password "
                << password_of(name) << "\n";
        }
    }
    for (const Place& each : places) {
        write(out, each);
    }
    out << "  call-policy-set 1\n   first-call-routing-table BY-NUMBER\n"
           "   rtg-dst-address-table BY-NUMBER\n";
    int entry = 0;
    const auto route = [&](const std::string& prefix, const Place& to) {
        out << "    entry " << ++entry << "\n     match-prefix " << prefix
            << "\n     dst-adjacency " << to.name() << "\n     action complete\n";
    };
    for (const Place& first : places) {
        if (first.is_access) {
            continue;
        }
        route("7" + std::to_string(first.number), first);
        for (const Place& second : places) {
            if (!second.is_access && second.number != first.number) {
                const std::string prefix =
                    "8" + std::to_string(first.number) + std::to_string(second.number);
                route(prefix, first);
                route(prefix, second);
            }
        }
    }
    out << "  active-call-policy-set 1\n";
    return out.str();
}

Topology draw_topology(Dice& dice) {
    Topology topology;
    int number = 0;
    for (const bool is_access : {false, true}) {
        for (const Security security :
             {Security::Untrusted, Security::TrustedEncrypted, Security::TrustedUnencrypted}) {
            topology.places.push_back(draw_place(++number, security, is_access, dice));
        }
    }
    return topology;
}

void add_engine(Topology& topology, Dice& dice) {
    topology.engine = dice.pick({EngineMood::Up, EngineMood::Up, EngineMood::Up, EngineMood::Up,
                                 EngineMood::Up, EngineMood::Down, EngineMood::Refuses,
                                 EngineMood::Careless, EngineMood::Careless, EngineMood::Restarts});
    for (Place& each : topology.places) {
        each.anchors_media = dice.chance(60);
        each.needs_engine = dice.chance(50);
        each.media_security =
            dice.pick({MediaSecurity::Off, MediaSecurity::Preferred, MediaSecurity::Required});
        // "without it the commit is refused"
        if (!each.is_trusted() && !each.anchors_media &&
            each.media_security == MediaSecurity::Required) {
            each.media_security = MediaSecurity::Off;
        }
    }
}

void add_registrars(Topology& topology, Dice& dice) {
    for (Place& each : topology.places) {
        if (!each.is_access || dice.chance(20)) {
            continue;
        }
        each.registrar = 1 + static_cast<int>(dice.below(3));
        each.passes_challenges = dice.chance(50);
        for (const int user : {1, 2, users_of_access}) {
            if (dice.chance(20)) {
                each.refused_users.insert(user);
            }
        }
        for (int phone = 0; phone < phones_of_access; ++phone) {
            if (dice.chance(12)) {
                each.revoked_phones.insert(phone);
            }
        }
    }
}

}  // namespace ringwall::simulation
