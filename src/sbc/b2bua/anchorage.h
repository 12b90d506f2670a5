// How descriptions of a call go through the media engine: each is shown to the engine before the
// message that bears it is looked at, and what the engine made of it goes on in its place.
//
//      message with a description --> MediaQuestion --> engine --> its reply
//                                                                     |
//      the message, looked at as any other <--- Anchorage: verdict ---+
//
// So what judges a message finds the verdict already there, and no step of a call has to be taken
// in two halves but the INVITE of a branch, which has no message to wait with.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sbc/b2bua/call_host.h"
#include "sbc/config/snapshot.h"
#include "sbc/media/engine.h"
#include "sbc/policy/media_anchoring.h"
#include "sip/message.h"

namespace ringwall::sbc::b2bua {

// A session of the engine, for two parties of a call: one for each branch, and for who takes a
// place later.
struct MediaSession {
    std::string id;
    // By who made it: an offer as it came, and as the engine told it to the other.
    struct Offer {
        std::string asked;
        std::string told;
    };
    std::map<std::string, Offer, std::less<>> offers;
    // As they came: the last offer while its answer is awaited, and what was agreed on before. The
    // engine obeys an offer at once; one that comes to nothing is to be taken back.
    struct Exchange {
        std::string offerer;
        std::string answerer;
        std::string offer;
        std::string answer;
        media::Towards towards;
    };
    std::optional<Exchange> open;
    std::optional<Exchange> agreed;
    std::uint64_t packets = 0;  // RTP that had come when it was looked at last
    std::optional<TimePoint> changed;
};
using MediaSessionPtr = std::shared_ptr<MediaSession>;  // null: media is by-passed

// A description that is to be shown to the engine.
struct MediaQuestion {
    enum class Kind : std::uint8_t { Offer, Answer };
    MediaSessionPtr session;
    Kind kind = Kind::Offer;
    std::string offerer;  // tags, as the engine knows the parties
    std::string answerer;
    AdjacencyIndex from = 0;  // of who describes,
    AdjacencyIndex to = 0;    // and to whom
    sip::MessagePtr message;
};

class Anchorage {
public:
    Anchorage(CallHost& host, CallRef call, const Snapshot& snapshot)
        : host_(host), call_(call), snapshot_(snapshot) {}

    // None: it is judged already, and may not go there.
    std::optional<media::Ticket> ask(const MediaQuestion& question);
    // What the engine said to it. None: it does not answer.
    policy::MediaVerdict judge(const MediaQuestion& question,
                               const std::optional<media::NgReply>& reply);
    // Kept until the message is looked at.
    void keep(const sip::MessagePtr& message, policy::MediaVerdict verdict);

    // What of an anchored message may pass. A description that the engine was not shown may not.
    policy::MediaVerdict take(const Adjacency& from, const Adjacency& to,
                              const sip::Message& message);

private:
    struct Kept {
        std::weak_ptr<const sip::Message> message;
        policy::MediaVerdict verdict;
    };

    CallHost& host_;
    CallRef call_;
    const Snapshot& snapshot_;
    std::vector<Kept> kept_;
};

}  // namespace ringwall::sbc::b2bua
