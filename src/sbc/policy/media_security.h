// What becomes of a session description that passes from one leg to the other, as far as its keys
// are concerned: `media-security` and the rule that SDES keys are only on trusted legs. Where media
// passes by us plain RTP cannot be made SRTP: what does not fit is refused; where it goes through
// the media engine, each leg is judged against that (media_anchoring.h). Pure.
//
// An offer and an answer are judged alike; an answer also by answer_matches_offer. A body that is
// no session description passes octet by octet. Where keys must not pass, or SRTP is required, the
// type alone does not decide that: what looks like a description is judged as one, and what cannot
// be taken apart and may hold keys is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sbc/config/snapshot.h"
#include "sbc/record/failure_cause.h"
#include "sip/message.h"

namespace ringwall::sbc::policy {

// What is asked about one side of the call.
struct MediaLeg {
    Security security = Security::Untrusted;
    MediaSecurity media_security = MediaSecurity::Off;
};
MediaLeg media_leg(const Adjacency& adjacency);

// Why not. The name is the metric label and the word in log and record.
enum class MediaRefusal : std::uint8_t {
    BadDescription,      // it cannot be read
    NotSecure,           // a leg requires SRTP and this is not
    KeysOnUntrusted,     // SRTP with keys in the description would be on an untrusted leg
    SrtpOnPlain,         // SRTP on a leg with `media-security off`
    KeysWouldBeRemoved,  // from a leg that requires SRTP towards one that cannot have it
    BadCrypto,           // a broken or missing a=crypto where it matters
    AnswerNotOffered,    // the answer picks what was not offered
    EncodedBody,         // Content-Encoding: nobody can see what is in it
    NotAnchored,         // the media engine cannot carry what it describes
    EngineDown,          // it does not answer, and the call is not to do without
};
std::string_view to_string(MediaRefusal refusal);
FailureCause cause_of(MediaRefusal refusal);

// A refused offer is answered 488 with a Warning; a refused answer ends the call.
struct MediaAnswer {
    int status = 488;
    int warning = 399;      // Warning code (RFC 3261 §20.43)
    std::string_view text;  // of the Warning
};
MediaAnswer answer_to(MediaRefusal refusal);

struct MediaVerdict {
    std::optional<MediaRefusal> refusal;
    std::optional<std::string> body;  // to be sent instead; none: the body as it came

    bool passes() const { return !refusal; }
};

// `content_type` is the header's value, with or without parameters.
MediaVerdict judge_media(const MediaLeg& from, const MediaLeg& to, std::string_view content_type,
                         std::string_view body);

// The body of a message, with what its header says of it. One that is encoded (RFC 3261 §20.12)
// passes between trusted legs that do not require SRTP; elsewhere it could hide keys.
MediaVerdict judge_media(const MediaLeg& from, const MediaLeg& to, const sip::Message& message);

// The same of what answers `offer`: it must also match that, as answer_matches_offer says. Both are
// session descriptions by their Content-Type.
MediaVerdict judge_answer(const MediaLeg& from, const MediaLeg& to, std::string_view offer,
                          const sip::Message& answer);

// RFC 4568 §5.1.2 and RFC 3264 §6: each accepted stream of the answer keeps the offer's protocol,
// and its one a=crypto has a tag, the suite of that tag from the offer, and protects if that does.
// Both as they passed on one leg.
std::optional<MediaRefusal> answer_matches_offer(std::string_view offer, std::string_view answer);

}  // namespace ringwall::sbc::policy
