#include "sbc/policy/media_security.h"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sdp/crypto_attribute.h"
#include "sdp/session_description.h"
#include "sip/body_parts.h"
#include "sip/header/media_type.h"

namespace ringwall::sbc::policy {
namespace {

bool contains_ignoring_case(std::string_view text, std::string_view wanted) {
    return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(),
                       [](char a, char b) { return to_lower(a) == to_lower(b); }) != text.end();
}

// Compared without case and blanks: what some peer might still read as a key is one.
bool is_named(const sdp::Attribute& attribute, std::string_view name) {
    return equals_ignoring_case(trim(attribute.name), name);
}

// a=crypto, a=key-mgmt (RFC 4567), and a=acap that offers one of them (RFC 5939 §3.4.1).
bool carries_key(const sdp::Attribute& attribute) {
    return is_named(attribute, "crypto") || is_named(attribute, "key-mgmt") ||
           (is_named(attribute, "acap") && (contains_ignoring_case(attribute.value, "crypto:") ||
                                            contains_ignoring_case(attribute.value, "key-mgmt:")));
}

bool has(std::span<const sdp::Attribute> attributes, std::string_view name) {
    return std::ranges::any_of(
        attributes, [&](const sdp::Attribute& attribute) { return is_named(attribute, name); });
}

// How a stream is protected, as its section says.
enum class Protection : std::uint8_t {
    Plain,      // RTP in the clear
    Sdes,       // RTP/SAVP with its keys here
    SdesOnAvp,  // RTP/AVP with a=crypto: SRTP as well
    Dtls,       // keys agreed between the ends: none here
    OtherTls,   // no RTP, over TLS
    Other,      // no RTP, in the clear
};

struct Stream {
    bool is_used = true;
    Protection protection = Protection::Plain;
    bool is_well_formed = true;  // what it says about keys
    bool is_protected = true;    // at least one way to protect it is offered
};

// RFC 3264 §6: port 0 is a refused stream, but with a=bundle-only (RFC 8843 §6).
bool is_used(const sdp::Media& media) {
    return media.port != 0 || has(media.attributes, "bundle-only");
}

void judge_crypto(const sdp::Media& media, Stream& stream) {
    std::vector<std::uint32_t> tags;
    bool protects = false;
    for (const sdp::Attribute& each : media.attributes) {
        if (!is_named(each, "crypto")) {
            continue;
        }
        const auto crypto = sdp::parse_crypto_attribute(each.value);
        if (!crypto || std::ranges::find(tags, crypto->tag) != tags.end()) {
            stream.is_well_formed = false;
            continue;
        }
        tags.push_back(crypto->tag);
        protects = protects || crypto->protects_media();
    }
    stream.is_protected = protects;
}

Stream stream_of(const sdp::SessionDescription& session, const sdp::Media& media) {
    const std::string_view protocol = media.protocol;
    const bool has_crypto = has(media.attributes, "crypto");
    const bool has_key_management =
        has(media.attributes, "key-mgmt") || has(session.attributes(), "key-mgmt");
    const bool has_fingerprint =
        has(media.attributes, "fingerprint") || has(session.attributes(), "fingerprint");
    const bool is_tls = contains_ignoring_case(protocol, "TLS");

    Stream stream;
    stream.is_used = is_used(media);
    if (!contains_ignoring_case(protocol, "RTP/")) {
        stream.protection = is_tls ? Protection::OtherTls : Protection::Other;
        stream.is_protected = is_tls;
    } else if (!contains_ignoring_case(protocol, "SAVP")) {
        stream.protection = has_crypto ? Protection::SdesOnAvp : Protection::Plain;
        stream.is_protected = false;
        if (has_crypto) {
            judge_crypto(media, stream);
        }
    } else if (is_tls || (has_fingerprint && !has_crypto)) {
        stream.protection = Protection::Dtls;
        stream.is_well_formed = stream.is_protected = has_fingerprint;
    } else {
        stream.protection = Protection::Sdes;
        if (has_crypto) {
            judge_crypto(media, stream);
        } else {
            stream.is_well_formed = stream.is_protected = has_key_management;
        }
    }
    return stream;
}

bool may_be_srtp(const MediaLeg& leg) {
    return leg.media_security != MediaSecurity::Off;
}
bool may_have_keys(const MediaLeg& leg) {
    return leg.security != Security::Untrusted && may_be_srtp(leg);
}

std::optional<MediaRefusal> judge_stream(const Stream& stream, const MediaLeg& from,
                                         const MediaLeg& to) {
    const bool keys_pass = may_have_keys(from) && may_have_keys(to);
    const bool from_requires = from.media_security == MediaSecurity::Required;
    const bool is_required = from_requires || to.media_security == MediaSecurity::Required;
    switch (stream.protection) {
        case Protection::Sdes:
            if (from.security == Security::Untrusted || to.security == Security::Untrusted) {
                return MediaRefusal::KeysOnUntrusted;
            }
            if (!keys_pass) {
                return MediaRefusal::SrtpOnPlain;
            }
            break;
        case Protection::SdesOnAvp:
            if (!keys_pass) {  // they are taken out: the stream becomes plain
                if (from_requires) {
                    return MediaRefusal::KeysWouldBeRemoved;
                }
                return is_required ? std::optional(MediaRefusal::NotSecure) : std::nullopt;
            }
            break;
        case Protection::Dtls:
            if (!may_be_srtp(from) || !may_be_srtp(to)) {
                return MediaRefusal::SrtpOnPlain;
            }
            break;
        case Protection::Plain:
        case Protection::OtherTls:
        case Protection::Other:
            break;
    }
    if (!stream.is_well_formed) {
        return MediaRefusal::BadCrypto;
    }
    return is_required && !stream.is_protected ? std::optional(MediaRefusal::NotSecure)
                                               : std::nullopt;
}

// Lines of the description that hold keys.
std::vector<std::size_t> key_lines(const sdp::SessionDescription& session) {
    std::vector<std::size_t> lines;
    for (std::size_t i = 0; i < session.lines().size(); ++i) {
        if (session.lines()[i].type == 'k') {
            lines.push_back(i);
        }
    }
    const auto add = [&](std::span<const sdp::Attribute> attributes) {
        for (const sdp::Attribute& each : attributes) {
            if (carries_key(each)) {
                lines.push_back(each.line);
            }
        }
    };
    add(session.attributes());
    for (const sdp::Media& media : session.media()) {
        add(media.attributes);
    }
    std::ranges::sort(lines);
    return lines;
}

MediaVerdict refuse(MediaRefusal refusal) {
    return {.refusal = refusal, .body = std::nullopt};
}

std::optional<MediaRefusal> match_stream(const sdp::Media& offer, const sdp::Media& answer) {
    if (!is_used(answer)) {
        return std::nullopt;
    }
    if (!is_used(offer) || !equals_ignoring_case(offer.protocol, answer.protocol)) {
        return MediaRefusal::AnswerNotOffered;
    }
    std::map<std::uint32_t, sdp::CryptoAttribute> offered;
    for (const sdp::Attribute& each : offer.attributes) {
        if (!is_named(each, "crypto")) {
            continue;
        }
        if (auto crypto = sdp::parse_crypto_attribute(each.value)) {
            const std::uint32_t tag = crypto->tag;
            offered.emplace(tag, std::move(*crypto));
        }
    }
    bool has_picked = false;
    for (const sdp::Attribute& each : answer.attributes) {
        if (!is_named(each, "crypto")) {
            continue;
        }
        const auto crypto = sdp::parse_crypto_attribute(each.value);
        if (!crypto) {
            return MediaRefusal::BadCrypto;
        }
        const auto found = offered.find(crypto->tag);
        if (has_picked || found == offered.end() ||
            found->second.suite_text != crypto->suite_text ||
            found->second.protects_media() != crypto->protects_media()) {
            return MediaRefusal::AnswerNotOffered;
        }
        has_picked = true;
    }
    return std::nullopt;
}

std::optional<MediaRefusal> match(const sdp::SessionDescription& offer,
                                  const sdp::SessionDescription& answer) {
    if (answer.media().size() > offer.media().size()) {
        return MediaRefusal::AnswerNotOffered;
    }
    for (std::size_t i = 0; i < answer.media().size(); ++i) {
        if (const auto refusal = match_stream(offer.media()[i], answer.media()[i])) {
            return refusal;
        }
    }
    return std::nullopt;
}

std::optional<MediaRefusal> match(std::string_view offer, const sdp::SessionDescription& answer) {
    const auto offered = sdp::SessionDescription::parse(offer);
    return offered ? match(*offered, answer) : MediaRefusal::BadDescription;
}

// What an answer answers; none where it is not held to an offer.
using Offer = std::optional<std::string_view>;

MediaVerdict judge_description(const MediaLeg& from, const MediaLeg& to, std::string_view body,
                               Offer offer) {
    const auto session = sdp::SessionDescription::parse(body);
    if (!session) {
        return refuse(MediaRefusal::BadDescription);
    }
    for (const sdp::Media& media : session->media()) {
        const Stream stream = stream_of(*session, media);
        if (!stream.is_used) {
            continue;
        }
        if (const auto refusal = judge_stream(stream, from, to)) {
            return refuse(*refusal);
        }
    }
    if (const auto refusal = offer ? match(*offer, *session) : std::nullopt) {
        return refuse(*refusal);
    }
    if (may_have_keys(from) && may_have_keys(to)) {
        return {};
    }
    const auto lines = key_lines(*session);
    return lines.empty() ? MediaVerdict{}
                         : MediaVerdict{.refusal = {}, .body = session->without(lines)};
}

// A body or a part of one: what its header says of it, and its content.
struct Entity {
    std::optional<sip::MediaType> type;  // none: it has none, or one that cannot be read
    bool is_encoded = false;
    std::string_view content;
};

std::optional<sip::MediaType> type_of(std::string_view content_type) {
    const auto type = sip::parse_media_type(content_type);
    return type ? std::optional(*type) : std::nullopt;
}

bool is_encoding(std::string_view transfer_encoding) {
    return !transfer_encoding.empty() && !equals_ignoring_case(transfer_encoding, "7bit") &&
           !equals_ignoring_case(transfer_encoding, "8bit") &&
           !equals_ignoring_case(transfer_encoding, "binary");
}

Entity entity_of(const sip::BodyPart& part) {
    return {.type = part.is_ambiguous ? std::nullopt : type_of(part.content_type),
            .is_encoded = part.is_ambiguous || is_encoding(part.transfer_encoding),
            .content = part.content};
}

bool begins_with(std::string_view text, std::string_view wanted) {
    return equals_ignoring_case(text.substr(0, wanted.size()), wanted);
}

// Whether one of the lines, without white space before it, is such a one.
template <class Is>
bool has_line(std::string_view text, Is&& is) {
    while (!text.empty()) {
        if (is(trim(text.substr(0, text.find_first_of("\r\n"))))) {
            return true;
        }
        text.remove_prefix(std::min(text.find_first_of("\r\n"), text.size() - 1) + 1);
    }
    return false;
}

bool is_first_line(std::string_view line) {
    return begins_with(line, "v=0");
}

bool is_media_line(std::string_view line) {
    return begins_with(line, "m=");
}

bool is_key_line(std::string_view line) {
    const std::string_view name = begins_with(line, "a=") ? trim(line.substr(2)) : "";
    return begins_with(line, "inline:") || begins_with(name, "crypto") ||
           begins_with(name, "key-mgmt");
}

bool requires_srtp(const MediaLeg& from, const MediaLeg& to) {
    return from.media_security == MediaSecurity::Required ||
           to.media_security == MediaSecurity::Required;
}

// Between legs where a key must not pass, or nothing without one, a body is what it looks like,
// whatever its header says.
bool are_watched(const MediaLeg& from, const MediaLeg& to) {
    return !may_have_keys(from) || !may_have_keys(to) || requires_srtp(from, to);
}

bool is_description(const MediaLeg& from, const MediaLeg& to, const Entity& entity) {
    if (entity.type && entity.type->is("application", "sdp")) {
        return true;
    }
    const bool looks_like_one = is_first_line(trim(entity.content));
    if (!are_watched(from, to)) {
        return !entity.type && looks_like_one;
    }
    return looks_like_one || has_line(entity.content, is_key_line);
}

// What cannot be taken apart and may hold a key or, where SRTP is required, a description.
bool may_hide(const MediaLeg& from, const MediaLeg& to, const Entity& entity) {
    const bool is_closed = !entity.type || entity.type->is_message() || entity.type->is_multipart();
    if (!are_watched(from, to) || !(is_closed || entity.is_encoded)) {
        return false;
    }
    return (is_closed && entity.is_encoded) || contains_ignoring_case(entity.content, "inline:") ||
           contains_ignoring_case(entity.content, "key-mgmt:") ||
           (requires_srtp(from, to) &&
            (has_line(entity.content, is_first_line) || has_line(entity.content, is_media_line)));
}

// A part passes as it is or not at all. One that is multipart itself holds no parts any more:
// body_parts took them out.
MediaVerdict judge_part(const MediaLeg& from, const MediaLeg& to, const Entity& part) {
    if (!is_description(from, to, part)) {
        return may_hide(from, to, part) ? refuse(MediaRefusal::BadDescription) : MediaVerdict{};
    }
    if (part.is_encoded) {
        return refuse(MediaRefusal::BadDescription);
    }
    MediaVerdict verdict = judge_description(from, to, part.content, std::nullopt);
    if (verdict.body) {
        const bool is_untrusted =
            from.security == Security::Untrusted || to.security == Security::Untrusted;
        return refuse(is_untrusted ? MediaRefusal::KeysOnUntrusted : MediaRefusal::SrtpOnPlain);
    }
    return verdict;
}

MediaVerdict judge_parts(const MediaLeg& from, const MediaLeg& to, std::string_view body) {
    for (const sip::BodyPart& part : sip::body_parts(body)) {
        if (part.content.empty()) {
            continue;
        }
        MediaVerdict verdict = judge_part(from, to, entity_of(part));
        if (!verdict.passes()) {
            return verdict;
        }
    }
    return {};
}

MediaVerdict judge_body(const MediaLeg& from, const MediaLeg& to, const Entity& body, Offer offer) {
    if (body.content.empty()) {
        return {};
    }
    if (body.type && body.type->is_multipart() && !body.is_encoded) {
        return judge_parts(from, to, body.content);
    }
    if (is_description(from, to, body) && !body.is_encoded) {
        return judge_description(from, to, body.content, offer);
    }
    return judge_part(from, to, body);
}

// Not a field of SIP (RFC 3261 §7.4.1), but some peer may heed it.
bool has_transfer_encoding(const sip::Message& message) {
    return std::ranges::any_of(message.headers(), [](const sip::HeaderLine& line) {
        return equals_ignoring_case(line.name, "Content-Transfer-Encoding") &&
               is_encoding(line.value);
    });
}

MediaVerdict judge_message(const MediaLeg& from, const MediaLeg& to, const sip::Message& message,
                           Offer offer) {
    if (message.body().empty()) {
        return {};
    }
    const bool is_encoded = message.header(sip::HeaderName::ContentEncoding) != nullptr &&
                            std::ranges::any_of(message.values(sip::HeaderName::ContentEncoding),
                                                [](std::string_view value) {
                                                    return !equals_ignoring_case(value, "identity");
                                                });
    const auto may_be_dark = [](const MediaLeg& leg) {
        return leg.security != Security::Untrusted && leg.media_security != MediaSecurity::Required;
    };
    if (is_encoded && !(may_be_dark(from) && may_be_dark(to))) {
        return {MediaRefusal::EncodedBody, {}};
    }
    return judge_body(from, to,
                      {.type = type_of(message.content_type()),
                       .is_encoded = has_transfer_encoding(message),
                       .content = message.body()},
                      offer);
}

}  // namespace

MediaLeg media_leg(const Adjacency& adjacency) {
    return {.security = adjacency.security, .media_security = adjacency.media_security};
}

std::string_view to_string(MediaRefusal refusal) {
    switch (refusal) {
        case MediaRefusal::BadDescription:
            return "bad-description";
        case MediaRefusal::NotSecure:
            return "not-secure";
        case MediaRefusal::KeysOnUntrusted:
            return "keys-on-untrusted";
        case MediaRefusal::SrtpOnPlain:
            return "srtp-on-plain";
        case MediaRefusal::KeysWouldBeRemoved:
            return "keys-would-be-removed";
        case MediaRefusal::BadCrypto:
            return "bad-crypto";
        case MediaRefusal::AnswerNotOffered:
            return "answer-not-offered";
        case MediaRefusal::EncodedBody:
            return "encoded-body";
        case MediaRefusal::NotAnchored:
            return "not-anchored";
        case MediaRefusal::EngineDown:
            return "media-engine-down";
    }
    return "";
}

FailureCause cause_of(MediaRefusal refusal) {
    switch (refusal) {
        case MediaRefusal::NotSecure:
            return FailureCause::RtpDisallowed;
        case MediaRefusal::KeysOnUntrusted:
        case MediaRefusal::SrtpOnPlain:
        case MediaRefusal::KeysWouldBeRemoved:
            return FailureCause::SrtpDisallowed;
        case MediaRefusal::BadDescription:
        case MediaRefusal::BadCrypto:
        case MediaRefusal::AnswerNotOffered:
        case MediaRefusal::EncodedBody:
        case MediaRefusal::NotAnchored:
            break;
        case MediaRefusal::EngineDown:
            return FailureCause::Resource;
    }
    return FailureCause::Media;
}

// RFC 3261 §20.43: 302 incompatible transport protocol, 306 attribute not understood, 399 other.
MediaAnswer answer_to(MediaRefusal refusal) {
    switch (refusal) {
        case MediaRefusal::BadDescription:
            return {.warning = 399, .text = "Session description cannot be read"};
        case MediaRefusal::NotSecure:
            return {.warning = 302, .text = "SRTP required"};
        case MediaRefusal::KeysOnUntrusted:
            return {.warning = 302, .text = "SRTP keys not allowed on untrusted side"};
        case MediaRefusal::SrtpOnPlain:
            return {.warning = 302, .text = "SRTP not available"};
        case MediaRefusal::KeysWouldBeRemoved:
            return {.warning = 302, .text = "SRTP not available on other side"};
        case MediaRefusal::BadCrypto:
            return {.warning = 306, .text = "Broken or missing SRTP keys"};
        case MediaRefusal::AnswerNotOffered:
            return {.warning = 302, .text = "Answer was not offered"};
        case MediaRefusal::EncodedBody:
            return {.status = 415, .warning = 399, .text = "Encoded bodies are not passed here"};
        case MediaRefusal::NotAnchored:
            return {.warning = 304, .text = "Media cannot be carried"};
        case MediaRefusal::EngineDown:
            return {.status = 503, .warning = 0, .text = "Service Unavailable"};
    }
    return {};
}

MediaVerdict judge_media(const MediaLeg& from, const MediaLeg& to, std::string_view content_type,
                         std::string_view body) {
    return judge_body(from, to,
                      {.type = type_of(content_type), .is_encoded = false, .content = body},
                      std::nullopt);
}

MediaVerdict judge_media(const MediaLeg& from, const MediaLeg& to, const sip::Message& message) {
    return judge_message(from, to, message, std::nullopt);
}

MediaVerdict judge_answer(const MediaLeg& from, const MediaLeg& to, std::string_view offer,
                          const sip::Message& answer) {
    return judge_message(from, to, answer, offer);
}

std::optional<MediaRefusal> answer_matches_offer(std::string_view offer, std::string_view answer) {
    const auto answered = sdp::SessionDescription::parse(answer);
    return answered ? match(offer, *answered) : MediaRefusal::BadDescription;
}

}  // namespace ringwall::sbc::policy
