// Media that goes through the media engine: which calls that is, how the engine is to describe it
// to each side, and what of the engine's words may go there. Keys of a leg end at the engine, so
// each leg is judged against that, and not against the other leg. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/endpoint.h"
#include "sbc/config/snapshot.h"
#include "sbc/media/ng_message.h"
#include "sbc/policy/media_security.h"

namespace ringwall::sbc::policy {

enum class MediaWay : std::uint8_t {
    Bypass,
    Anchored,
    None,  // it is to be anchored, the engine does not answer, and that is no excuse
};
MediaWay media_way(const Adjacency& from, const Adjacency& to, bool is_engine_up);

// What of a description that comes from a leg is shown to the engine: no key that the leg may not
// have, else the engine would use it. `offer`: where it is an answer, what that leg was offered. A
// description stands alone in its message: the engine reads no parts.
MediaVerdict judge_for_engine(const MediaLeg& from, const sip::Message& message,
                              std::optional<std::string_view> offer);

// How the engine is to describe to a leg what `description` offers.
media::Towards towards(const MediaLeg& to, std::string_view description, IpAddress::Family family);

// What the engine made of `original` for a leg, and may go there: no address of the other side is
// left in it. `offer`: where it is an answer, what that leg had offered.
MediaVerdict judge_from_engine(const MediaLeg& to, std::string_view original,
                               std::string_view description, std::optional<std::string_view> offer);

}  // namespace ringwall::sbc::policy
