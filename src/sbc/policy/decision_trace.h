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
#include <string_view>

#include "sbc/policy/media_security.h"
#include "sbc/policy/permit.h"
#include "sbc/policy/verdict.h"

namespace ringwall::sbc::policy {

// What became of a target.
enum class Finding : std::uint8_t {
    Sent,
    Refused,       // by permit
    MediaRefused,  // by the rule about media
    ReferralRefused,
    Detached,       // its adjacency takes no calls
    Nowhere,        // its peer cannot be reached
    NotRegistered,  // a user of ours without a contact
    NoSuchUser,
    TooLong,     // the addresses on that leg
    NotPrivate,  // the privacy that is asked for cannot be had there
    TooMany,     // the call has all the branches that it may have
    AtLimit,     // of the admission policy, for that adjacency
};

struct JudgedTarget {
    AdjacencyIndex adjacency = 0;  // none with NotRegistered and NoSuchUser
    Event event = Event::Initial;
    sip::Scheme scheme = sip::Scheme::Sip;  // of the URI that came up; Sent: on that leg
    Finding finding = Finding::Sent;
    std::uint8_t rule = 0;  // a Refusal, MediaRefusal, ReferralRefusal or CacLimit: see finding

    std::optional<Refusal> refusal() const {
        return finding == Finding::Refused ? std::optional(static_cast<Refusal>(rule))
                                           : std::nullopt;
    }
    std::optional<MediaRefusal> media_refusal() const {
        return finding == Finding::MediaRefused ? std::optional(static_cast<MediaRefusal>(rule))
                                                : std::nullopt;
    }
    std::optional<CacLimit> limit() const {
        return finding == Finding::AtLimit ? std::optional(static_cast<CacLimit>(rule))
                                           : std::nullopt;
    }
    std::optional<ReferralRefusal> referral_refusal() const {
        return finding == Finding::ReferralRefused
                   ? std::optional(static_cast<ReferralRefusal>(rule))
                   : std::nullopt;
    }
    bool operator==(const JudgedTarget&) const = default;
};
JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Refusal rule);
JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, MediaRefusal rule);
JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                     ReferralRefusal rule);

// A rule by its name, and what it says. Of static storage.
struct Rule {
    std::string_view name;
    std::string_view sentence;
};
Rule rule_of(Refusal refusal);
Rule rule_of(CacLimit limit);
// None: no rule refused it.
std::optional<Rule> rule_of(const JudgedTarget& target);
std::optional<Rule> rule_of(const Reject& reject);

class DecisionTrace {
public:
    static constexpr std::size_t capacity = 16;  // targets

    // What the stage that ended it said; Continue: all stages did; None: it met none, for it came
    // within a dialog.
    enum class Last : std::uint8_t { None, Continue, Reject, Challenge, Drop };
    void end_at(std::size_t stage, Last last, const Reject* reject = nullptr);
    void add(const JudgedTarget& target);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Finding finding);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Refusal refusal);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, MediaRefusal refusal);
    void add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, CacLimit limit);

    std::size_t stage() const { return stage_; }  // an index into stages()
    Last last() const { return last_; }
    // Of that stage, where it is a rule of its own.
    std::optional<Refusal> rule() const { return rule_; }
    std::optional<ReferralRefusal> referral_rule() const { return referral_rule_; }
    std::optional<CacLimit> limit() const { return limit_; }
    std::span<const JudgedTarget> targets() const { return {targets_.data(), count_}; }
    std::size_t left_out() const { return left_out_; }  // that came after them

private:
    std::array<JudgedTarget, capacity> targets_;
    std::uint16_t left_out_ = 0;
    std::uint8_t count_ = 0;
    std::uint8_t stage_ = 0;
    Last last_ = Last::None;
    std::optional<Refusal> rule_;
    std::optional<ReferralRefusal> referral_rule_;
    std::optional<CacLimit> limit_;
};

}  // namespace ringwall::sbc::policy
