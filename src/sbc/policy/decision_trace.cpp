#include "sbc/policy/decision_trace.h"

#include <limits>

#include "sbc/policy/refusal_rule.h"

namespace ringwall::sbc::policy {

JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, Refusal rule) {
    return {adjacency, event, scheme, Finding::Refused, static_cast<std::uint8_t>(rule)};
}

JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, MediaRefusal rule) {
    return {adjacency, event, scheme, Finding::MediaRefused, static_cast<std::uint8_t>(rule)};
}

JudgedTarget refused(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                     ReferralRefusal rule) {
    return {adjacency, event, scheme, Finding::ReferralRefused, static_cast<std::uint8_t>(rule)};
}

Rule rule_of(Refusal refusal) {
    return {to_string(refusal), sentence(refusal)};
}

Rule rule_of(CacLimit limit) {
    return {to_string(limit), sentence(limit)};
}

namespace {

// The text of its answer; but of one that has only a reason phrase.
std::string_view sentence(MediaRefusal refusal) {
    return refusal == MediaRefusal::EngineDown
               ? "The media engine does not answer, and the call is not to do without it "
                 "('media-engine-down refuse')."
               : answer_to(refusal).text;
}

}  // namespace

std::optional<Rule> rule_of(const JudgedTarget& target) {
    if (const auto refusal = target.refusal()) {
        return rule_of(*refusal);
    }
    if (const auto refusal = target.media_refusal()) {
        return Rule{to_string(*refusal), sentence(*refusal)};
    }
    if (const auto failure = failure_of(target)) {
        return rule_of(*failure);
    }
    if (const auto limit = target.limit()) {
        return rule_of(*limit);
    }
    if (const auto refusal = target.referral_refusal()) {
        return Rule{to_string(*refusal), sentence(*refusal)};
    }
    return std::nullopt;
}

std::optional<Rule> rule_of(const Reject& reject) {
    if (reject.rule) {
        return rule_of(*reject.rule);
    }
    if (reject.limit) {
        return rule_of(*reject.limit);
    }
    return reject.referral_rule ? std::optional(Rule{to_string(*reject.referral_rule),
                                                     sentence(*reject.referral_rule)})
                                : std::nullopt;
}

void DecisionTrace::end_at(std::size_t stage, Last last, const Reject* reject) {
    stage_ = static_cast<std::uint8_t>(stage);
    last_ = last;
    rule_ = reject != nullptr ? reject->rule : std::nullopt;
    referral_rule_ = reject != nullptr ? reject->referral_rule : std::nullopt;
    limit_ = reject != nullptr ? reject->limit : std::nullopt;
}

void DecisionTrace::add(const JudgedTarget& target) {
    if (count_ < capacity) {
        targets_[count_++] = target;
    } else if (left_out_ < std::numeric_limits<std::uint16_t>::max()) {
        ++left_out_;
    }
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        Finding finding) {
    add({adjacency, event, scheme, finding, 0});
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        Refusal refusal) {
    add(refused(adjacency, event, scheme, refusal));
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme, CacLimit limit) {
    add({adjacency, event, scheme, Finding::AtLimit, static_cast<std::uint8_t>(limit)});
}

void DecisionTrace::add(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                        MediaRefusal refusal) {
    add(refused(adjacency, event, scheme, refusal));
}

}  // namespace ringwall::sbc::policy
