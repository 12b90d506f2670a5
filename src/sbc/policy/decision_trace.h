// What was decided about one request, in order: the stage of the pipeline that had the last word,
// and every target that came up. Numbers only, and no more of them than have room: a call keeps its
// own for as long as it lives, and nothing is allocated for it. The words are in tables: stages(),
// sentence(), console/show_trace.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sbc/policy/media_security.h"
#include "sbc/policy/permit.h"

namespace ringwall::sbc::policy {

// What became of a target.
enum class Finding : std::uint8_t {
    Sent,
    Refused,        // by permit
    MediaRefused,   // by the rule about media
    Detached,       // its adjacency takes no calls
    Nowhere,        // its peer cannot be reached
    NotRegistered,  // a user of ours without a contact
    NoSuchUser,
    TooLong,     // the addresses on that leg
    NotPrivate,  // the privacy that is asked for cannot be had there
    TooMany,     // the call has all the branches that it may have
};

struct JudgedTarget {
    AdjacencyIndex adjacency = 0;  // none with NotRegistered and NoSuchUser
    Event event = Event::Initial;
    sip::Scheme scheme = sip::Scheme::Sip;  // of the URI that came up; Sent: on that leg
    Finding finding = Finding::Sent;
    std::uint8_t rule = 0;  // Refused: a Refusal; MediaRefused: a MediaRefusal

    std::optional<Refusal> refusal() const {
        return finding == Finding::Refused ? std::optional(static_cast<Refusal>(rule))
                                           : std::nullopt;
    }
    std::optional<MediaRefusal> media_refusal() const {
        return finding == Finding::MediaRefused ? std::optional(static_cast<MediaRefusal>(rule))
                                                : std::nullopt;
    }
    bool operator==(const JudgedTarget&) const = default;
};

class DecisionTrace {
public:
    static constexpr std::size_t capacity = 16;  // targets

    // What the stage that ended it said; Continue: all stages did.
    enum class Last : std::uint8_t { Continue, Reject, Challenge, Drop };
    void end_at(std::size_t stage, Last last, std::optional<Refusal> rule);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Finding finding);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Refusal refusal);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, MediaRefusal refusal);

    std::size_t stage() const { return stage_; }  // an index into stages()
    Last last() const { return last_; }
    std::optional<Refusal> rule() const { return rule_; }  // of that stage
    std::span<const JudgedTarget> targets() const { return {targets_.data(), count_}; }
    std::size_t left_out() const { return left_out_; }  // that came after them

private:
    void add(const JudgedTarget& target);

    std::array<JudgedTarget, capacity> targets_;
    std::uint16_t left_out_ = 0;
    std::uint8_t count_ = 0;
    std::uint8_t stage_ = 0;
    Last last_ = Last::Continue;
    std::optional<Refusal> rule_;
};

}  // namespace ringwall::sbc::policy
