#include "sbc/policy/refusal_rule.h"

#include <algorithm>
#include <ranges>

#include "sbc/policy/pipeline.h"

namespace ringwall::sbc::policy {

namespace {

Rule rule_of_target_security(std::string_view reason) {
    if (reason == "refer-to") {
        return {"refer-target", "A REFER names one target, in one Refer-To."};
    }
    return {"contact-scheme",
            "The Contact of a caller has the URI scheme of the call: a request back to it would "
            "lead out of that."};
}

bool is_any_down(const DecisionTrace& decisions) {
    return std::ranges::any_of(decisions.targets(), [](const JudgedTarget& each) {
        return failure_of(each) == TargetFailure::Down;
    });
}

std::optional<Rule> rule_of_route(const DecisionTrace& decisions, int status) {
    switch (status) {
        case 403:
            return Rule{"action-reject",
                        "An entry of the routing tables says that this call is not to be ('action "
                        "reject')."};
        case 404:
            return Rule{"no-route", "No entry of the routing tables leads this call anywhere."};
        case 480:
            if (is_any_down(decisions)) {
                return rule_of(TargetFailure::Down);
            }
            return Rule{"detached", "No adjacency that this call could go by is attached."};
        default:
            return std::nullopt;
    }
}

bool answers(TargetFailure failure, int status) {
    return failure == TargetFailure::Silent ? status == 408 : status == 480 || status == 430;
}

}  // namespace

Rule rule_of(const DecisionTrace& decisions, int status, std::string_view reason) {
    const Rule rule = rule_of(decisions);
    const bool is_of_the_stage = decisions.last() == DecisionTrace::Last::Reject &&
                                 rule.name == stages()[decisions.stage()].name;
    if (is_of_the_stage && rule.name == "target-security" && status == 400) {
        return rule_of_target_security(reason);
    }
    return is_of_the_stage && rule.name == "route" ? rule_of_route(decisions, status).value_or(rule)
                                                   : rule;
}

JudgedTarget failed(AdjacencyIndex adjacency, Event event, sip::Scheme scheme,
                    TargetFailure failure) {
    return {adjacency, event, scheme, Finding::Nowhere, static_cast<std::uint8_t>(failure)};
}

std::optional<TargetFailure> failure_of(const JudgedTarget& target) {
    return target.finding == Finding::Nowhere && target.rule != 0
               ? std::optional(static_cast<TargetFailure>(target.rule))
               : std::nullopt;
}

Rule rule_of(TargetFailure failure) {
    switch (failure) {
        case TargetFailure::Unreachable:
            return {"unreachable",
                    "No address was found for the peer, or none that was found could be reached."};
        case TargetFailure::Silent:
            return {"silent", "The peer did not answer in time."};
        case TargetFailure::ChallengeUnknown:
            return {"challenge-unknown",
                    "The peer challenged the request, and no password here is for its realm."};
        case TargetFailure::ChallengeNotVouched:
            return {"challenge-not-vouched",
                    "The peer challenged the request, and no password is used for such a one."};
        case TargetFailure::ProofNotAccepted:
            return {"proof-not-accepted",
                    "The peer challenged the request again, and did not accept the password."};
        case TargetFailure::Down:
            return {"peer-down",
                    "The peer answers none of its OPTIONS pings ('ping-enable'), and counts as "
                    "down until it does."};
    }
    return {};
}

TargetFailure challenged(const sip::Message& sent, bool is_proven) {
    if (!is_proven) {
        return TargetFailure::ChallengeNotVouched;
    }
    const bool bears_proof = sent.header(sip::HeaderName::Authorization) != nullptr ||
                             sent.header(sip::HeaderName::ProxyAuthorization) != nullptr;
    return bears_proof ? TargetFailure::ProofNotAccepted : TargetFailure::ChallengeUnknown;
}

std::string_view reason_in_words(const DecisionTrace& decisions, int status,
                                 std::string_view reason) {
    for (const JudgedTarget& each : decisions.targets() | std::views::reverse) {
        const auto failure = failure_of(each);
        if (each.finding == Finding::Nowhere && !failure && status == 480) {
            return "The adjacency has no peer that can be reached.";
        }
        const bool is_it = failure ? answers(*failure, status)
                                   : each.media_refusal() == MediaRefusal::EngineDown &&
                                         status == answer_to(MediaRefusal::EngineDown).status;
        if (is_it) {
            return rule_of(each)->sentence;
        }
    }
    return reason;
}

}  // namespace ringwall::sbc::policy
