#include "sbc/policy/pipeline.h"

#include <algorithm>
#include <array>

#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

// What a request meets between the wire and the call, in this order.
// RFC 3261 §8.2 asks for authentication first; we check syntax before spending a digest on it, and
// the rule about secure targets before a challenge, so that its answer is the same for everybody.
constexpr std::array inbound_stages{
    Stage{"source", "A request comes from an address that an answer can go to.", screen_source},
    Stage{
        "identify",
        "Every request belongs to one adjacency, by its socket and source; strangers hear nothing.",
        identify},
    Stage{"transport-security",
          "An encrypted adjacency takes no unencrypted traffic, and an unencrypted one takes no "
          "encrypted.",
          require_transport_security},
    Stage{"certificate-name",
          "The name in the peer's certificate must be the domain that the request comes from.",
          check_peer_identity},
    Stage{"sanity", "A request must be one that can be handed on.", check_message},
    Stage{"target-security",
          "An untrusted caller does not reach a SIPS URI, and 'sip-calls-in' is kept.",
          require_trust_for_secure_target},
    Stage{"authenticate",
          "A phone calls as itself only: by its registration, its password and its certificate; "
          "nobody untrusted calls as a user of a domain that is served here.",
          authenticate},
    Stage{"header-profile-in", "An identity that an untrusted peer asserts is worth nothing.",
          apply_inbound_profile},
    Stage{"number-analysis", "The number that is called must be one.", analyse_number},
    Stage{"route",
          "A call goes to location or by the tables, and only by adjacencies that its security "
          "allows.",
          choose_route},
    Stage{"admit",
          "There must be room for one more call or registration: by the active cac-policy-set, and "
          "unless we are about to end.",
          admit_call},
};

std::span<const Stage> stages() {
    return inbound_stages;
}

Rule rule_of(const DecisionTrace& decisions) {
    if (const auto refusal = decisions.rule()) {
        return rule_of(*refusal);
    }
    if (const auto limit = decisions.limit()) {
        return rule_of(*limit);
    }
    if (const auto refusal = decisions.referral_rule()) {
        return {to_string(*refusal), sentence(*refusal)};
    }
    const Stage& stage = inbound_stages[decisions.stage()];
    return {stage.name, stage.rule};
}

namespace {

// From that one on.
Outcome run(std::size_t first, Inbound& inbound) {
    using Last = DecisionTrace::Last;
    for (std::size_t i = first; i < inbound_stages.size(); ++i) {
        const Stage& stage = inbound_stages[i];
        Verdict verdict = stage.run(inbound);
        if (!std::holds_alternative<Continue>(verdict)) {
            const auto* const reject = std::get_if<Reject>(&verdict);
            const Last last = reject != nullptr                            ? Last::Reject
                              : std::holds_alternative<Challenge>(verdict) ? Last::Challenge
                                                                           : Last::Drop;
            inbound.decisions.end_at(i, last, reject);
            return {stage.name, std::move(verdict)};
        }
    }
    inbound.decisions.end_at(inbound_stages.size() - 1, Last::Continue);
    return {inbound_stages.back().name, Continue{}};
}

}  // namespace

Outcome run_pipeline(Inbound& inbound) {
    return run(0, inbound);
}

Outcome run_routing(Inbound& inbound) {
    const auto* const first =
        std::ranges::find(inbound_stages, std::string_view("number-analysis"), &Stage::name);
    return run(static_cast<std::size_t>(first - inbound_stages.begin()), inbound);
}

}  // namespace ringwall::sbc::policy
