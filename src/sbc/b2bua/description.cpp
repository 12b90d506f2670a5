#include "sbc/b2bua/description.h"

#include <algorithm>

#include "sip/body_parts.h"
#include "sip/header/media_type.h"

namespace ringwall::sbc::b2bua {
namespace {

bool is_sdp(std::string_view content_type) {
    return sip::is_media_type(content_type, "application", "sdp");
}

// Multipart bodies are judged as a whole by judge_media.
bool is_sdp(const sip::Message& message) {
    return !message.body().empty() && is_sdp(message.content_type());
}

}  // namespace

bool bears_description(const sip::Message& message) {
    if (is_sdp(message)) {
        return true;
    }
    const auto type = sip::parse_media_type(message.content_type());
    return type && type->is_multipart() &&
           std::ranges::any_of(sip::body_parts(message.body()),
                               [](const sip::BodyPart& part) { return is_sdp(part.content_type); });
}

bool is_session_refresh(sip::Method method) {
    return method == sip::Method::Invite || method == sip::Method::Update;
}

policy::MediaVerdict judge_answer(const Adjacency& from, const Adjacency& to,
                                  const sip::Message& offer, const sip::Message& response) {
    const policy::MediaLeg from_leg = policy::media_leg(from);
    const policy::MediaLeg to_leg = policy::media_leg(to);
    return is_sdp(offer) && is_sdp(response)
               ? policy::judge_answer(from_leg, to_leg, offer.body(), response)
               : policy::judge_media(from_leg, to_leg, response);
}

}  // namespace ringwall::sbc::b2bua
