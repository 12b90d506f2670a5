#include "sbc/b2bua/description.h"

#include <algorithm>

#include "base/text.h"

namespace ringwall::sbc::b2bua {
namespace {

// Multipart bodies are judged as a whole by judge_media.
bool is_sdp(const sip::Message& message) {
    return !message.body().empty() &&
           equals_ignoring_case(message.content_type(), "application/sdp");
}

}  // namespace

bool bears_description(const sip::Message& message) {
    if (is_sdp(message)) {
        return true;
    }
    constexpr std::string_view sdp = "application/sdp";
    const std::string_view body = message.body();
    return equals_ignoring_case(message.content_type().substr(0, 10), "multipart/") &&
           std::search(body.begin(), body.end(), sdp.begin(), sdp.end(),
                       [](char a, char b) { return to_lower(a) == b; }) != body.end();
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
