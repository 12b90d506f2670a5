// Which session descriptions pass from leg to leg: whatever the body, no SDES key gets on an
// untrusted leg, and what leaves can be read and is judged alike a second time. The first line is
// the Content-Type, two octets the legs; an empty line parts offer and answer.
#include "sbc/policy/media_security.h"

#include <string>

#include "base/check.h"
#include "base/text.h"
#include "fuzz/input.h"
#include "fuzz/target.h"
#include "sdp/session_description.h"
#include "sip/header/media_type.h"

namespace ringwall::fuzz {
namespace {

using sbc::policy::MediaLeg;

MediaLeg leg_of(Input& input) {
    MediaLeg leg;
    leg.security = input.one_of({sbc::Security::Untrusted, sbc::Security::TrustedEncrypted,
                                 sbc::Security::TrustedUnencrypted});
    leg.media_security = input.one_of(
        {sbc::MediaSecurity::Off, sbc::MediaSecurity::Preferred, sbc::MediaSecurity::Required});
    return leg;
}

bool has_keys(std::string_view description) {
    const auto session = sdp::SessionDescription::parse(description);
    CHECK(session);  // it passed, so it can be read
    for (const sdp::Attribute& attribute : session->attributes()) {
        if (equals_ignoring_case(trim(attribute.name), "crypto")) {
            return true;
        }
    }
    for (const sdp::Media& media : session->media()) {
        for (const sdp::Attribute& attribute : media.attributes) {
            if (equals_ignoring_case(trim(attribute.name), "crypto")) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

void run(std::string_view octets) {
    Input input(octets);
    const MediaLeg from = leg_of(input);
    const MediaLeg to = leg_of(input);
    const std::string_view type = input.until('\n');
    const std::string_view body = input.rest();
    const auto verdict = judge_media(from, to, type, body);
    if (!verdict.passes()) {
        CHECK(!verdict.body && answer_to(*verdict.refusal).status >= 400);
        return;
    }
    const std::string_view sent = verdict.body ? std::string_view(*verdict.body) : body;
    if (sip::is_media_type(type, "application", "sdp") && !trim(body).empty()) {
        CHECK(to.security != sbc::Security::Untrusted || !has_keys(sent));
        (void)sbc::policy::answer_matches_offer(sent, body);
    }
    const auto again = judge_media(from, to, type, sent);
    CHECK(again.passes() && !again.body);
}

}  // namespace ringwall::fuzz
