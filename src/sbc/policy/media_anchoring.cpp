#include "sbc/policy/media_anchoring.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "sdp/session_description.h"
#include "sip/header/media_type.h"

namespace ringwall::sbc::policy {
namespace {

using Transport = media::Towards::Transport;

// What the engine itself is like as a leg: SRTP with and without keys in the description, and RTP.
constexpr MediaLeg engine_leg{.security = Security::TrustedEncrypted,
                              .media_security = MediaSecurity::Preferred};

bool contains(std::string_view text, std::string_view wanted) {
    return text.find(wanted) != std::string_view::npos;
}

const sdp::Media* first_rtp(const sdp::SessionDescription& session) {
    const auto found = std::ranges::find_if(session.media(), [](const sdp::Media& media) {
        return media.port != 0 && contains(media.protocol, "RTP/");
    });
    return found == session.media().end() ? nullptr : &*found;
}

Transport transport_for(const MediaLeg& to, const sdp::Media& offered) {
    const bool is_trusted = to.security != Security::Untrusted;
    const bool is_srtp = contains(offered.protocol, "SAVP") || offered.find("crypto") != nullptr;
    switch (to.media_security) {
        case MediaSecurity::Off:
            return Transport::Rtp;
        case MediaSecurity::Required:
            return is_trusted ? Transport::Sdes : Transport::Dtls;
        case MediaSecurity::Preferred:
            break;
    }
    if (!is_trusted) {
        return is_srtp ? Transport::Dtls : Transport::Rtp;
    }
    return is_srtp ? Transport::Sdes : Transport::SdesMaybe;
}

using Addresses = std::set<std::string, std::less<>>;

void add_addresses(std::string_view line, Addresses& out) {
    while (!line.empty()) {
        const std::string_view word = line.substr(0, line.find_first_of(" /;,="));
        const auto address = IpAddress::parse(word);
        if (address && !address->is_unspecified()) {
            out.emplace(word);
        }
        line.remove_prefix(std::min(word.size() + 1, line.size()));
    }
}

// Addresses of the other side: but for those that the engine has put in their place.
Addresses foreign_addresses(const sdp::SessionDescription& original,
                            const sdp::SessionDescription& session) {
    Addresses foreign;
    for (const sdp::Line& line : original.lines()) {
        add_addresses(line.value, foreign);
    }
    Addresses own;
    for (const sdp::Media& media : session.media()) {
        if (media.port != 0) {
            add_addresses(media.connection, own);
        }
    }
    for (const std::string& address : own) {
        foreign.erase(address);
    }
    return foreign;
}

// The engine knows RTP and T.38, and leaves what else there is (MSRP, BFCP) where it was. Two
// streams of its own never have one port.
bool has_medium_left_alone(const sdp::SessionDescription& original,
                           const sdp::SessionDescription& session) {
    const std::size_t count = std::min(original.media().size(), session.media().size());
    for (std::size_t i = 0; i < count; ++i) {
        const sdp::Media& before = original.media()[i];
        const sdp::Media& after = session.media()[i];
        Addresses there;
        add_addresses(after.connection, there);
        if (after.port != 0 && after.port == before.port && after.connection == before.connection &&
            !there.empty()) {
            return true;
        }
    }
    return false;
}

bool bears_any(const sdp::Line& line, const Addresses& addresses) {
    return std::ranges::any_of(
        addresses, [&](const std::string& address) { return contains(line.value, address); });
}

// Without lines that are no part of what the engine speaks of itself and bear an address of the
// other side: a source filter (RFC 4570), a candidate of an unknown kind, a homepage, where a
// medium would have been that is refused. The session's name, which there must be, is no name: a
// call needs none (RFC 3264 §5), and some write their host into it.
std::string scrubbed_of(const sdp::SessionDescription& session, const Addresses& foreign) {
    constexpr std::string_view needed = "votm";
    std::string out;
    for (const sdp::Line& line : session.lines()) {
        if (line.type == 's') {
            out.append("s=-").append(line.raw.substr(2 + line.value.size()));
        } else if (!bears_any(line, foreign) || needed.find(line.type) != std::string_view::npos) {
            out.append(line.raw);
        }
    }
    return out;
}

bool has_foreign_origin(const sdp::SessionDescription& session, const Addresses& foreign) {
    return std::ranges::any_of(session.lines(), [&](const sdp::Line& line) {
        return line.type == 'o' && bears_any(line, foreign);
    });
}

}  // namespace

MediaWay media_way(const Adjacency& from, const Adjacency& to, bool is_engine_up) {
    if (!from.anchors_media() && !to.anchors_media()) {
        return MediaWay::Bypass;
    }
    if (is_engine_up) {
        return MediaWay::Anchored;
    }
    const auto may_bypass = [](const Adjacency& each) {
        return !each.anchors_media() || each.media_engine_down == MediaEngineDown::Bypass;
    };
    return may_bypass(from) && may_bypass(to) ? MediaWay::Bypass : MediaWay::None;
}

MediaVerdict judge_for_engine(const MediaLeg& from, const sip::Message& message,
                              std::optional<std::string_view> offer) {
    const bool is_alone = sip::is_media_type(message.content_type(), "application", "sdp");
    if (!is_alone || message.header(sip::HeaderName::ContentEncoding) != nullptr) {
        return {MediaRefusal::NotAnchored, {}};
    }
    return offer ? judge_answer(from, engine_leg, *offer, message)
                 : judge_media(from, engine_leg, message);
}

media::Towards towards(const MediaLeg& to, std::string_view description, IpAddress::Family family) {
    media::Towards out{.family = family};
    const auto session = sdp::SessionDescription::parse(description);
    if (const sdp::Media* const rtp = session ? first_rtp(*session) : nullptr) {
        out.transport = transport_for(to, *rtp);
        out.has_feedback = rtp->protocol.ends_with("F");
    }
    return out;
}

MediaVerdict judge_from_engine(const MediaLeg& to, std::string_view original,
                               std::string_view description,
                               std::optional<std::string_view> offer) {
    const auto before = sdp::SessionDescription::parse(original);
    const auto session = sdp::SessionDescription::parse(description);
    if (!before || !session) {
        return {MediaRefusal::NotAnchored, {}};
    }
    const Addresses foreign = foreign_addresses(*before, *session);
    if (has_foreign_origin(*session, foreign) || has_medium_left_alone(*before, *session)) {
        return {MediaRefusal::NotAnchored, {}};
    }
    std::string scrubbed = scrubbed_of(*session, foreign);
    MediaVerdict verdict = judge_media(engine_leg, to, "application/sdp", scrubbed);
    if (verdict.passes() && !verdict.body) {
        verdict.body = std::move(scrubbed);
    }
    if (const auto refusal = verdict.passes() && offer ? answer_matches_offer(*offer, *verdict.body)
                                                       : std::nullopt) {
        return {refusal, {}};
    }
    return verdict;
}

}  // namespace ringwall::sbc::policy
