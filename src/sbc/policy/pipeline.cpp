#include "sbc/policy/pipeline.h"

#include <algorithm>
#include <array>

#include "sbc/policy/stages.h"

namespace ringwall::sbc::policy {

// What a request meets between the wire and the call, in this order.
// RFC 3261 §8.2 asks for authentication first; we check syntax before spending a digest on it, and
// the rule about secure targets before a challenge, so that its answer is the same for everybody.
constexpr std::array inbound_stages{
    Stage{"source", screen_source},
    Stage{"identify", identify},
    Stage{"transport-security", require_transport_security},
    Stage{"certificate-name", check_peer_identity},
    Stage{"sanity", check_message},
    Stage{"target-security", require_trust_for_secure_target},
    Stage{"authenticate", authenticate},
    Stage{"header-profile-in", apply_inbound_profile},
    Stage{"number-analysis", analyse_number},
    Stage{"route", choose_route},
    Stage{"admit", admit_call},
};

std::span<const Stage> stages() {
    return inbound_stages;
}

namespace {

Outcome run(std::span<const Stage> stages, Inbound& inbound) {
    for (const Stage& stage : stages) {
        Verdict verdict = stage.run(inbound);
        if (!std::holds_alternative<Continue>(verdict)) {
            return {stage.name, std::move(verdict)};
        }
    }
    return {stages.back().name, Continue{}};
}

}  // namespace

Outcome run_pipeline(Inbound& inbound) {
    return run(inbound_stages, inbound);
}

Outcome run_routing(Inbound& inbound) {
    const auto* const first =
        std::ranges::find(inbound_stages, std::string_view("number-analysis"), &Stage::name);
    return run({first, inbound_stages.end()}, inbound);
}

}  // namespace ringwall::sbc::policy
