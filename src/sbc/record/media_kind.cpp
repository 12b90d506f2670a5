#include "sbc/record/media_kind.h"

#include <algorithm>

#include "base/text.h"
#include "sdp/session_description.h"
#include "sip/body_parts.h"
#include "sip/header/media_type.h"

namespace ringwall::sbc {

namespace {

std::string_view kind_of(const sdp::SessionDescription& session, const sdp::Media& media) {
    const std::string_view protocol = media.protocol;
    const auto is = [protocol](std::string_view word) {
        return equals_ignoring_case(protocol, word);
    };
    if (is("UDP/TLS/RTP/SAVP") || is("UDP/TLS/RTP/SAVPF") || is("TCP/TLS/RTP/SAVP") ||
        is("TCP/TLS/RTP/SAVPF")) {
        return "dtls-srtp";
    }
    if (is("RTP/SAVP") || is("RTP/SAVPF")) {
        return "srtp";
    }
    if (is("RTP/AVP") || is("RTP/AVPF")) {
        if (media.find("crypto") != nullptr) {
            return "srtp";
        }
        const bool has_fingerprint =
            media.find("fingerprint") != nullptr ||
            std::ranges::any_of(session.attributes(), [](const sdp::Attribute& each) {
                return equals_ignoring_case(each.name, "fingerprint");
            });
        return has_fingerprint ? "dtls-srtp" : "rtp";
    }
    return "other";
}

std::string_view kind_of(std::string_view text) {
    const auto session = sdp::SessionDescription::parse(text);
    if (!session) {
        return {};
    }
    std::string_view kind;
    for (const sdp::Media& each : session->media()) {
        if (each.port == 0) {
            continue;
        }
        const std::string_view its = kind_of(*session, each);
        kind = kind.empty() || kind == its ? its : "mixed";
    }
    return kind;
}

}  // namespace

std::string_view media_kind(const sip::Message& message) {
    if (sip::is_media_type(message.content_type(), "application", "sdp")) {
        return kind_of(message.body());
    }
    for (const sip::BodyPart& part : sip::body_parts(message.body())) {
        if (sip::is_media_type(part.content_type, "application", "sdp")) {
            return kind_of(part.content);
        }
    }
    return {};
}

}  // namespace ringwall::sbc
